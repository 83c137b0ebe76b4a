"""Replacing: a change of text or recipients takes the place of what is planned, once."""

import uuid
from datetime import datetime, timedelta

import pytest

from accounts import ledger, suspension
from accounts.models import CreditEntry, EntryKind, SmsAccount, TrailEntry, User
from messaging import campaigns, composing, history, revisions
from messaging.models import BatchState, Message, Revision, RevisionState
from messaging.statuses import Shown
from senders.models import Sender
from tests import factories, scenes

pytestmark = pytest.mark.django_db

BALANCE = 1_000_00


@pytest.fixture
def due_at(now: datetime) -> datetime:
    return now + timedelta(days=1)


@pytest.fixture
def planned(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, due_at: datetime
) -> Revision:
    """Three phones, tomorrow."""
    return scenes.confirmed(
        account, alice, sender, now=now, numbers=scenes.numbers(3), due_at=due_at
    )


def change(planned: Revision, by: User, *, now: datetime, **changes: object) -> Revision:
    """Write another text for what is planned, to two phones unless `changes` say else."""
    fields: dict[str, object] = {
        "numbers": scenes.numbers(2),
        "text": "Le magasin est ferme.",
        "due_at": planned.due_at,
        "replaces": planned.campaign,
        "standing": planned.number,
    }
    return scenes.compose(planned.account, by, planned.sender, now=now, **(fields | changes))


def confirm(revision: Revision, by: User, *, now: datetime) -> Revision:
    return campaigns.confirm(
        revision=revision, by=by, total_hundredths=revision.total_hundredths, now=now
    )


def balance(revision: Revision) -> int:
    return ledger.balance(account_id=revision.account_id)


def entries(account: SmsAccount) -> list[int]:
    mine = CreditEntry.objects.filter(account=account).exclude(kind=EntryKind.GIFT)
    return list(mine.order_by("pk").values_list("amount_hundredths", flat=True))


def test_a_change_to_several_waits_for_its_review_and_the_old_stays_planned(
    planned: Revision, alice: User, now: datetime
) -> None:
    changed = change(planned, alice, now=now)
    planned.refresh_from_db()
    assert (changed.campaign, changed.number) == (planned.campaign, 2)
    assert (planned.state, changed.state) == (RevisionState.SCHEDULED, RevisionState.QUOTED)
    assert balance(planned) == BALANCE - 300


def test_confirming_it_gives_the_old_back_whole_and_debits_the_new(
    planned: Revision, alice: User, now: datetime, account: SmsAccount, due_at: datetime
) -> None:
    changed = change(planned, alice, now=now)
    confirm(changed, alice, now=now)

    planned.refresh_from_db()
    changed.refresh_from_db()
    assert (planned.state, planned.leaves_at) == (RevisionState.REPLACED, None)
    assert (changed.state, changed.leaves_at) == (RevisionState.SCHEDULED, due_at)
    assert scenes.batch_of(planned).state == BatchState.CANCELLED
    assert entries(account) == [-300, 300, -200]
    entry = TrailEntry.objects.get(event="campaign.replaced")
    assert (entry.subject, entry.details) == (planned.debit_reference, {"by_revision": 2})


def test_only_the_new_one_leaves(
    planned: Revision, alice: User, now: datetime, due_at: datetime, carrier: object
) -> None:
    changed = change(planned, alice, now=now)
    confirm(changed, alice, now=now)
    for revision in (planned, changed):
        scenes.hand_over_all(revision, carrier, now=due_at)  # type: ignore[arg-type]
    assert history.totals(revision_id=planned.pk) == {Shown.CANCELLED: 3}
    assert history.totals(revision_id=changed.pk) == {Shown.SENT: 2}


def test_confirming_again_changes_nothing(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    changed = change(planned, alice, now=now)
    for _time in range(3):
        assert confirm(changed, alice, now=now).state == RevisionState.SCHEDULED
    assert entries(account) == [-300, 300, -200]


def test_what_was_replaced_is_not_confirmed_again(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    confirm(change(planned, alice, now=now), alice, now=now)
    with pytest.raises(campaigns.NotConfirmable):
        confirm(planned, alice, now=now)
    with pytest.raises(campaigns.NoLongerPlanned):
        campaigns.cancel(revision=planned, by=alice, now=now)
    assert entries(account) == [-300, 300, -200]


def test_a_change_to_one_recipient_needs_no_review(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    changed = change(planned, alice, now=now, numbers=(scenes.PHONE,))
    planned.refresh_from_db()
    assert (planned.state, changed.state) == (RevisionState.REPLACED, RevisionState.SCHEDULED)
    assert entries(account) == [-300, 300, -100]


def test_a_change_can_be_changed_again(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    second = change(planned, alice, now=now)
    confirm(second, alice, now=now)
    third = change(second, alice, now=now, standing=2)
    confirm(third, alice, now=now)
    assert list(planned.campaign.revisions.order_by("number").values_list("state", flat=True)) == [
        RevisionState.REPLACED,
        RevisionState.REPLACED,
        RevisionState.SCHEDULED,
    ]
    assert entries(account) == [-300, 300, -200, 200, -200]


def test_a_change_may_be_paid_with_what_it_replaces(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    spend(account, leave=50)
    changed = change(planned, alice, now=now, numbers=scenes.numbers(3), text="Autre chose")
    confirm(changed, alice, now=now)
    assert balance(planned) == 50


def test_a_change_that_cannot_be_paid_leaves_the_old_planned(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    spend(account, leave=50)
    changed = change(planned, alice, now=now, numbers=scenes.numbers(4))
    with pytest.raises(ledger.InsufficientCredits):
        confirm(changed, alice, now=now)
    planned.refresh_from_db()
    assert (planned.state, balance(planned)) == (RevisionState.SCHEDULED, 50)
    assert scenes.batch_of(planned).state == BatchState.SCHEDULED


def spend(account: SmsAccount, *, leave: int) -> None:
    ledger.debit(
        account_id=account.pk,
        amount_hundredths=ledger.balance(account_id=account.pk) - leave,
        kind=EntryKind.GIFT,
        reference="spent",
        actor=None,
        now=factories.NOW,
    )


def leave(revision: Revision, by: User, now: datetime) -> None:
    scenes.leave_all(revision, now=now)


def cancel(revision: Revision, by: User, now: datetime) -> None:
    campaigns.cancel(revision=revision, by=by, now=now)


@pytest.mark.parametrize("happens", [leave, cancel])
@pytest.mark.parametrize("recipients", [1, 2], ids=["to one", "to several"])
def test_what_left_or_was_cancelled_is_not_replaced(
    planned: Revision,
    alice: User,
    now: datetime,
    due_at: datetime,
    happens: object,
    recipients: int,
    account: SmsAccount,
) -> None:
    happens(planned, alice, due_at)  # type: ignore[operator]
    paid = entries(account)
    with pytest.raises(campaigns.NoLongerPlanned):
        change(planned, alice, now=due_at, numbers=scenes.numbers(recipients), due_at=None)
    assert Revision.objects.count() == 1
    assert entries(account) == paid


@pytest.mark.parametrize("happens", [leave, cancel])
def test_a_change_is_refused_if_the_old_left_or_was_cancelled_during_its_review(
    planned: Revision, alice: User, now: datetime, due_at: datetime, happens: object,
    account: SmsAccount,
) -> None:  # fmt: skip
    changed = change(planned, alice, now=now, due_at=None)
    happens(planned, alice, due_at)  # type: ignore[operator]
    paid = entries(account)
    with pytest.raises(campaigns.NoLongerPlanned) as refusal:
        confirm(changed, alice, now=due_at)
    assert refusal.value.revision.pk == planned.pk
    changed.refresh_from_db()
    assert changed.state == RevisionState.QUOTED
    assert entries(account) == paid


def test_whoever_read_an_older_version_is_refused(
    planned: Revision, alice: User, now: datetime
) -> None:
    confirm(change(planned, alice, now=now), alice, now=now)
    with pytest.raises(campaigns.NotConfirmable):
        change(planned, alice, now=now, text="Encore autre chose")
    with pytest.raises(campaigns.NotConfirmable):
        change(planned, alice, now=now, standing=None)
    assert Revision.objects.count() == 2


def test_the_same_change_posted_again_is_the_same_revision(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    key = uuid.uuid4()
    made = {change(planned, alice, now=now, key=key, numbers=(scenes.PHONE,)).pk for _n in range(3)}
    assert len(made) == 1
    assert entries(account) == [-300, 300, -100]


def test_a_second_change_takes_the_place_of_the_first_ones_quote(
    planned: Revision, alice: User, now: datetime
) -> None:
    first = change(planned, alice, now=now)
    second = change(planned, alice, now=now, text="Encore autre chose")
    first.refresh_from_db()
    planned.refresh_from_db()
    assert (planned.state, first.state) == (RevisionState.SCHEDULED, RevisionState.STALE)
    confirm(second, alice, now=now)
    with pytest.raises(campaigns.NotConfirmable):
        confirm(first, alice, now=now)
    assert Message.objects.filter(batch__revision=first).count() == 0


def test_a_renewed_change_still_takes_the_place_of_what_is_planned(
    planned: Revision, alice: User, now: datetime, account: SmsAccount
) -> None:
    fresh = revisions.renew(revision=change(planned, alice, now=now), by=alice, now=now)
    fresh.refresh_from_db()
    confirm(fresh, alice, now=now)
    planned.refresh_from_db()
    assert (planned.state, fresh.number) == (RevisionState.REPLACED, 3)
    assert entries(account) == [-300, 300, -200]


def test_a_change_that_is_refused_otherwise_leaves_the_old_planned(
    planned: Revision, alice: User, sam: User, now: datetime, account: SmsAccount
) -> None:
    changed = change(planned, alice, now=now)
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    with pytest.raises(campaigns.AccountSuspended):
        confirm(changed, alice, now=now)
    planned.refresh_from_db()
    assert planned.state == RevisionState.SCHEDULED


def test_a_campaign_of_another_account_is_not_replaced(
    planned: Revision, mallory: User, now: datetime, mallorys_account: SmsAccount
) -> None:
    theirs = factories.make_sender(mallorys_account, name="Theirs")
    draft = scenes.make_draft(theirs, replaces=planned.campaign, standing=1)
    with pytest.raises(campaigns.Refused):
        composing.compose(account=mallorys_account, by=mallory, draft=draft, now=now)
    planned.refresh_from_db()
    assert planned.state == RevisionState.SCHEDULED
