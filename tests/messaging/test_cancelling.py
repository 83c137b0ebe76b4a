"""Cancelling several: each on its own, told one by one, with the credits that come back."""

import uuid
from datetime import datetime, timedelta

import pytest

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging import campaigns, cancelling, claims, delivery
from messaging.cancelling import Choice, Selection
from messaging.models import Revision, RevisionState
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def ticked(*revisions: Revision) -> list[Choice]:
    return [(r.campaign.uuid, r.number) for r in revisions]


def select(account: SmsAccount, *revisions: Revision) -> Selection:
    return cancelling.selection(account=account, choices=ticked(*revisions))


@pytest.fixture
def planned(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> list[Revision]:
    """An SMS to one, and a campaign to three that leaves before it."""
    one = scenes.compose(account, alice, sender, now=now, due_at=now + 2 * DAY)
    three = scenes.confirmed(
        account, alice, sender, now=now, due_at=now + DAY, numbers=scenes.numbers(3)
    )
    return [one, three]


@pytest.fixture
def sent(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, carrier: object
) -> Revision:
    """An SMS that has left."""
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(revision, carrier, now=now)  # type: ignore[arg-type]
    revision.refresh_from_db()
    return revision


@pytest.fixture
def leaving(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Revision:
    """A campaign to three of which two are with the carrier."""
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 2)
    revision = scenes.confirmed(account, alice, sender, now=now, numbers=scenes.numbers(3))
    first, _second = scenes.leave_all(revision, now=now)
    assert claims.claim(hand_over_id=first.pk, clock=scenes.at(now))
    revision.refresh_from_db()
    return revision


def test_what_was_ticked_is_given_with_what_comes_back(
    planned: list[Revision], account: SmsAccount
) -> None:
    one, three = planned
    found = select(account, three, one)
    assert [(c.revision, c.returned_hundredths) for c in found.chosen] == [(three, 300), (one, 100)]
    assert (found.recipients, found.returned_hundredths, found.is_certain) == (4, 400, True)


def test_of_what_is_leaving_at_most_what_has_no_outcome_comes_back(
    leaving: Revision, planned: list[Revision], account: SmsAccount
) -> None:
    found = select(account, leaving, *planned)
    assert (found.returned_hundredths, found.is_certain) == (700, False)


def test_each_is_cancelled_and_its_credits_come_back(
    planned: list[Revision], account: SmsAccount, alice: User, now: datetime
) -> None:
    outcomes = cancelling.cancel_each(account=account, choices=ticked(*planned), by=alice, now=now)
    assert [(o.refusal, o.returned_hundredths) for o in outcomes] == [(None, 100), (None, 300)]
    assert {o.revision.state for o in outcomes} == {RevisionState.CANCELLED}
    assert ledger.balance(account_id=account.pk) == 1_000_00


def test_one_that_left_meanwhile_keeps_no_other_from_being_cancelled(
    planned: list[Revision], sent: Revision, account: SmsAccount, alice: User, now: datetime
) -> None:
    outcomes = cancelling.cancel_each(
        account=account, choices=ticked(sent, *planned), by=alice, now=now
    )
    told = {o.revision.pk: o for o in outcomes}
    assert isinstance(told[sent.pk].refusal, campaigns.NotCancellable)
    assert [told[r.pk].refusal for r in planned] == [None, None]
    assert ledger.balance(account_id=account.pk) == 999_00


def test_what_is_with_the_carrier_goes_its_way_and_the_rest_comes_back(
    leaving: Revision, account: SmsAccount, alice: User, now: datetime
) -> None:
    (outcome,) = cancelling.cancel_each(account=account, choices=ticked(leaving), by=alice, now=now)
    assert outcome.revision.state == RevisionState.CANCELLING
    assert outcome.returned_hundredths == 100


def test_cancelling_again_gives_nothing_back_twice(
    planned: list[Revision], account: SmsAccount, alice: User, now: datetime
) -> None:
    for _time in range(3):
        outcomes = cancelling.cancel_each(
            account=account, choices=ticked(*planned, *planned), by=alice, now=now
        )
    assert [o.returned_hundredths for o in outcomes] == [100, 300]
    assert ledger.balance(account_id=account.pk) == 1_000_00


def test_a_version_that_was_replaced_is_not_cancelled_and_neither_is_the_new_one(
    planned: list[Revision], account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    old = planned[0]
    new = scenes.compose(
        account, alice, sender, now=now, due_at=now + DAY, replaces=old.campaign, standing=1
    )
    (outcome,) = cancelling.cancel_each(account=account, choices=ticked(old), by=alice, now=now)
    assert isinstance(outcome.refusal, campaigns.NoLongerPlanned)
    new.refresh_from_db()
    assert new.state == RevisionState.SCHEDULED


def test_what_is_not_of_the_account_or_not_confirmed_is_left_out(
    planned: list[Revision],
    account: SmsAccount,
    mallorys_account: SmsAccount,
    mallory: User,
    alice: User,
    sender: Sender,
    now: datetime,
) -> None:
    quoted = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))
    choices = [*ticked(*planned), (uuid.uuid4(), 1)]
    assert not cancelling.cancel_each(
        account=mallorys_account, choices=choices, by=mallory, now=now
    )
    assert select(account, quoted).chosen == []
    assert {c.revision.state for c in select(account, *planned).chosen} == {RevisionState.SCHEDULED}
