"""Campaigns: confirmed once, for what was quoted; cancelled for what has not left."""

from datetime import datetime, timedelta

import pytest

from accounts import ledger, suspension
from accounts.models import CreditEntry, Destination, EntryKind, SmsAccount, User
from messaging import campaigns, closing, delivery, quote, revisions, sweep
from messaging.models import (
    Batch,
    BatchCounter,
    BatchState,
    HandOver,
    HandOverState,
    Message,
    OptOutCause,
    Revision,
    RevisionState,
    Status,
)
from messaging.recipients import optout
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def quoted(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    return scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(10))


def test_confirming_debits_what_was_quoted_and_plans_the_batches(
    quoted: Revision, alice: User, account: SmsAccount, now: datetime
) -> None:
    before = ledger.balance(account_id=account.pk)
    campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=now)

    quoted.refresh_from_db()
    assert (quoted.state, quoted.confirmed_by) == (RevisionState.SCHEDULED, alice)
    assert ledger.balance(account_id=account.pk) == before - 1000
    entry = CreditEntry.objects.get(kind=EntryKind.CAMPAIGN)
    assert entry.reference == f"campaign:{quoted.campaign.uuid}:1"


def test_confirming_again_changes_nothing(
    quoted: Revision, alice: User, account: SmsAccount, now: datetime
) -> None:
    stale = Revision.objects.get(pk=quoted.pk)
    campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=now)
    balance = ledger.balance(account_id=account.pk)

    campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=now)
    campaigns.confirm(revision=stale, by=alice, total_hundredths=1000, now=now)

    assert ledger.balance(account_id=account.pk) == balance


def change_tariff(account: SmsAccount, now: datetime) -> None:
    Destination.objects.filter(country="FR").update(price_hundredths=99)


def change_opt_outs(account: SmsAccount, now: datetime) -> None:
    optout.add(account=account, phone="+33799999999", cause=OptOutCause.STOP, now=now)


@pytest.mark.parametrize("change", [change_tariff, change_opt_outs])
def test_a_quote_whose_grounds_changed_is_not_confirmed(
    quoted: Revision, alice: User, account: SmsAccount, now: datetime, change: object
) -> None:
    change(account, now)  # type: ignore[operator]
    before = ledger.balance(account_id=account.pk)
    with pytest.raises(campaigns.QuoteChanged):
        campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=now)
    assert ledger.balance(account_id=account.pk) == before
    assert not Batch.objects.exclude(state=BatchState.LOADED).exists()


def test_a_quote_is_confirmed_for_a_day_and_for_its_own_total(
    quoted: Revision, alice: User, now: datetime
) -> None:
    with pytest.raises(campaigns.QuoteChanged):
        campaigns.confirm(revision=quoted, by=alice, total_hundredths=999, now=now)
    late = now + timedelta(hours=24, seconds=1)
    with pytest.raises(campaigns.QuoteChanged):
        campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=late)


def test_a_renewed_quote_takes_the_place_of_the_old(
    quoted: Revision, alice: User, account: SmsAccount, now: datetime
) -> None:
    change_tariff(account, now)
    fresh = revisions.renew(revision=quoted, by=alice, now=now)
    again = revisions.renew(revision=quoted, by=alice, now=now)
    assert again == fresh
    fresh.refresh_from_db()
    quoted.refresh_from_db()

    assert (quoted.state, fresh.state) == (RevisionState.STALE, RevisionState.QUOTED)
    assert (fresh.number, fresh.messages, fresh.total_hundredths) == (2, 10, 990)
    assert Message.objects.count() == 10
    campaigns.confirm(revision=fresh, by=alice, total_hundredths=990, now=now)
    with pytest.raises(campaigns.NotConfirmable):
        campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=now)


def test_without_credit_a_confirmation_changes_nothing(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(
        account, alice, sender, now=now, numbers=scenes.numbers(10), text="a" * 153 * 200
    )
    total = revision.total_hundredths
    with pytest.raises(ledger.InsufficientCredits):
        campaigns.confirm(revision=revision, by=alice, total_hundredths=total, now=now)
    revision.refresh_from_db()
    assert revision.state == RevisionState.QUOTED


def test_a_suspended_account_confirms_nothing(
    quoted: Revision, alice: User, sam: User, account: SmsAccount, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    with pytest.raises(campaigns.AccountSuspended):
        campaigns.confirm(revision=quoted, by=alice, total_hundredths=1000, now=now)


def test_cancelling_before_leaving_gives_everything_back_once(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    before = ledger.balance(account_id=account.pk)
    revision = scenes.compose(account, alice, sender, now=now, due_at=now + timedelta(hours=1))
    for _time in range(2):
        campaigns.cancel(revision=revision, by=alice, now=now)
    campaigns.cancel(revision=Revision.objects.get(pk=revision.pk), by=alice, now=now)

    revision.refresh_from_db()
    assert revision.state == RevisionState.CANCELLED
    assert ledger.balance(account_id=account.pk) == before
    assert scenes.leave_all(revision, now=now + timedelta(hours=2)) == []


def test_cancelling_while_leaving_gives_back_what_was_not_handed_over(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(900))
    quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))
    revision.refresh_from_db()
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )
    revision.refresh_from_db()
    after_debit = ledger.balance(account_id=account.pk)
    in_flight, waiting = scenes.leave_all(revision, now=now)
    HandOver.objects.filter(pk=in_flight.pk).update(
        state=HandOverState.CLAIMED, lease_until=now + timedelta(minutes=1), claimed_at=now
    )
    revision.refresh_from_db()
    campaigns.cancel(revision=revision, by=alice, now=now)

    revision.refresh_from_db()
    assert revision.state == RevisionState.CANCELLING
    waiting.refresh_from_db()
    assert waiting.state == HandOverState.CLOSED
    assert Message.objects.filter(status=Status.CANCELLED).count() == 400
    assert ledger.balance(account_id=account.pk) == after_debit + 40_000
    counted = BatchCounter.objects.filter(status=Status.CANCELLED)
    assert sum(c.messages for c in counted) == 400


def test_a_big_cancellation_is_settled_by_and_by(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 2)
    monkeypatch.setattr(closing, "SETTLED_AT_ONCE", 2)
    revision = scenes.confirmed(account, alice, sender, now=now, numbers=scenes.numbers(10))
    scenes.leave_all(revision, now=now)
    balance = ledger.balance(account_id=account.pk)
    given_back = []
    campaigns.cancel(revision=revision, by=alice, now=now)
    for _sweep in range(3):
        given_back.append(ledger.balance(account_id=account.pk) - balance)
        sweep.run(now=now)
    revision.refresh_from_db()
    assert given_back == [400, 800, 1000]
    assert (revision.state, revision.leaves_at) == (RevisionState.CANCELLED, None)


def test_what_has_left_cannot_be_cancelled(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, carrier: object
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(revision, carrier, now=now)  # type: ignore[arg-type]
    revision.refresh_from_db()
    with pytest.raises(campaigns.NotCancellable):
        campaigns.cancel(revision=revision, by=alice, now=now)


def test_old_quotes_are_emptied_and_keep_their_words(quoted: Revision, now: datetime) -> None:
    assert quote.expire(now=now + timedelta(hours=23)) == 0
    assert quote.expire(now=now + timedelta(hours=25)) == 1
    quoted.refresh_from_db()
    assert quoted.state == RevisionState.STALE
    assert not Message.objects.exists()
    assert quoted.sources.count() == 1
