"""The audit: silent about an honest day, and each check finds what it is there to find."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from pytest_django import DjangoDbBlocker

from accounts import ledger
from accounts.models import CreditEntry, EntryKind, SmsAccount, Suspension, TrailEntry
from messaging.models import (
    Batch,
    BatchCounter,
    BatchState,
    Campaign,
    HandOver,
    HandOverState,
    IdBlock,
    Message,
    OptOut,
    OptOutCause,
    Receipt,
    ReceiptPush,
    RecipientSource,
    RefusedRow,
    Revision,
    RevisionState,
    Status,
)
from replies.models import Reply
from senders.models import (
    Decision,
    Lease,
    Sender,
    SenderDocument,
    SenderRequest,
    SenderState,
    SenderValidity,
)
from smsmanager.audit import proof
from smsmanager.audit.check import Finding
from tests import audited, factories, scenes
from tests.audited import Day

OVERDUE = timedelta(minutes=10)
LATE = timedelta(minutes=11)
SECOND = timedelta(seconds=1)
FIRST = scenes.numbers(3)[2]
DEBITED = "an open reply was debited once, a credit for each part and one at least"
DEBIT_OF_A_REPLY = "a debit for a reply is that of an open reply of its account"
OPEN_REQUEST = "a waiting sender has one open request, any other has none"
GOES_ON = "an enabled sender has one validity that goes on, any other has none"
OF_ITS_LEASE = "a reply belongs to the account of its lease, and to its number and phone"
RETURNED = "a batch was given back the prices of its refunded messages, or all if it never left"


# Without a test that asks for it, there would be no database but the developer's own.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def whole_day(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Day]:
    """A day on two accounts, with campaigns in every state: once for all, and never committed."""
    around = transaction.atomic()
    # As Django's own tests do, so that the doors may open what they take for the outermost one.
    around._from_testcase = True  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), around:
        yield audited.day(now=factories.NOW)
        transaction.set_rollback(True)


@pytest.fixture
def day(whole_day: Day, db: None) -> Day:
    """The day, for a test that may change it."""
    return whole_day


def findings(now: datetime) -> list[Finding]:
    return list(proof.run(connection=connection, now=now, overdue=OVERDUE))


def broken(now: datetime) -> set[str]:
    return {f.name for f in findings(now) if not f.ok}


def batches(revision: Revision) -> QuerySet[Batch]:
    return Batch.objects.filter(revision=revision)


def test_an_honest_day_passes_every_check(day: Day) -> None:
    assert broken(day.now) == set()


def test_every_check_has_rows_to_look_at_in_an_honest_day(day: Day) -> None:
    transient = {"each quote that was begun goes on", "each cancellation came to its end"}
    assert {f.name for f in findings(day.now) if f.rows == 0} == transient


def test_every_check_has_a_name_of_its_own() -> None:
    assert len({check.name for check in proof.CHECKS}) == len(proof.CHECKS)


# --- Plants: each breaks one invariant, and as little else as can be --------------------------


def shift(entry: CreditEntry, change: int) -> None:
    """Book an entry with another amount, and all that follows as if it had been right."""
    CreditEntry.objects.filter(pk=entry.pk).update(
        amount_hundredths=F("amount_hundredths") + change
    )
    CreditEntry.objects.filter(account=entry.account, pk__gte=entry.pk).update(
        balance_after_hundredths=F("balance_after_hundredths") + change
    )
    SmsAccount.objects.filter(pk=entry.account_id).update(
        balance_hundredths=F("balance_hundredths") + change
    )


def a_balance_off_by_one(day: Day) -> None:
    SmsAccount.objects.filter(pk=day.sent.account_id).update(
        balance_hundredths=F("balance_hundredths") + 1
    )


def an_entry_that_says_another_balance(day: Day) -> None:
    gift = CreditEntry.objects.filter(account=day.sent.account, kind=EntryKind.GIFT)
    gift.update(balance_after_hundredths=F("balance_after_hundredths") + 1)


def credits_spent_before_they_came(day: Day) -> None:
    entries = CreditEntry.objects.filter(account=day.sent.account)
    last = CreditEntry.objects.aggregate(last=Max("pk"))["last"]
    entries.filter(kind=EntryKind.GIFT).update(id=last + 1)
    running = 0
    for entry in entries.order_by("pk"):
        running += entry.amount_hundredths
        entries.filter(pk=entry.pk).update(balance_after_hundredths=running)


def a_debit_of_another_price(day: Day) -> None:
    shift(CreditEntry.objects.get(reference=day.planned.debit_reference), -1)


def a_debit_for_nothing(day: Day) -> None:
    ledger.debit(
        account_id=day.sent.account_id,
        amount_hundredths=1,
        kind=EntryKind.CAMPAIGN,
        reference="campaign:nobody-knows:1",
        actor=None,
        now=day.now,
    )


def refund(day: Day, reference: str) -> None:
    ledger.refund(
        account_id=day.sent.account_id,
        amount_hundredths=1,
        kind=EntryKind.REFUND,
        reference=reference,
        actor=None,
        now=day.now,
    )


def a_refund_too_many(day: Day) -> None:
    batch = batches(day.held_back).get()
    batches(day.held_back).update(refunds=2)
    refund(day, f"batch:{batch.pk}:2")


def a_refund_that_was_forgotten(day: Day) -> None:
    refunds = CreditEntry.objects.filter(account=day.sent.account, kind=EntryKind.REFUND)
    shift(refunds.order_by("pk")[0], -1)


def a_refund_with_another_number(day: Day) -> None:
    batch = batches(day.held_back).get()
    CreditEntry.objects.filter(reference=f"batch:{batch.pk}:1").update(
        reference=f"batch:{batch.pk}:2"
    )


def a_refund_of_no_batch(day: Day) -> None:
    refund(day, "batch:0:1")


def a_refund_of_something_else(day: Day) -> None:
    refund(day, "voucher:7")


def a_part_too_many_in_a_revision(day: Day) -> None:
    Revision.objects.filter(pk=day.planned.pk).update(parts=F("parts") + 1)


def a_part_too_many_in_a_batch(day: Day) -> None:
    a_part_too_many_in_a_revision(day)
    batches(day.planned).filter(number=1).update(parts=F("parts") + 1)


def a_gap_between_batches(day: Day) -> None:
    batches(day.planned).filter(number=2).update(first_position=F("first_position") + 1)


def ids_that_were_never_reserved(day: Day) -> None:
    IdBlock.objects.update(next=1)


def two_batches_with_the_same_ids(day: Day) -> None:
    first, second = batches(day.planned).order_by("number")
    batches(day.planned).filter(pk=second.pk).update(first_message_id=first.first_message_id)


def a_row_that_was_lost(day: Day) -> None:
    Revision.objects.filter(pk=day.quoted.pk).update(duplicates=F("duplicates") - 1)


def a_source_of_another_size(day: Day) -> None:
    RecipientSource.objects.filter(revision=day.quoted).update(rows=F("rows") + 1)


def a_refused_row_that_is_gone(day: Day) -> None:
    RefusedRow.objects.filter(revision=day.quoted).delete()


def messages(revision: Revision) -> QuerySet[Message]:
    return Message.objects.filter(batch__revision=revision)


def a_message_that_no_counter_knows(day: Day) -> None:
    messages(day.planned).update(operator="nobody")


def a_message_beyond_its_batch(day: Day) -> None:
    last = messages(day.planned).order_by("-pk")[0]
    Message.objects.filter(pk=last.pk).update(id=10**12)


def a_message_without_a_batch(day: Day) -> None:
    last = messages(day.planned).order_by("-pk")[0]
    Message.objects.filter(pk=last.pk).update(batch=10**6)


def a_recipient_twice(day: Day) -> None:
    messages(day.planned).update(recipient=scenes.PHONE)


def an_outcome_of_what_has_not_left(day: Day) -> None:
    messages(day.planned).update(status=Status.DELIVERED)
    BatchCounter.objects.filter(batch__revision=day.planned).update(status=Status.DELIVERED)


def a_message_closed_without_a_word(day: Day) -> None:
    waiting = HandOver.objects.get(batch__revision=day.leaving, state=HandOverState.READY)
    HandOver.objects.filter(pk=waiting.pk).update(state=HandOverState.CLOSED)
    Batch.objects.filter(pk=waiting.batch_id).update(state=BatchState.LEFT)


def a_quote_that_bears_a_confirmation(day: Day) -> None:
    Revision.objects.filter(pk=day.quoted.pk).update(confirmed_at=day.now)


def a_declaration_of_something_commercial(day: Day) -> None:
    Revision.objects.filter(pk=day.sent.pk).update(declared_by=day.sent.created_by)


def a_declaration_that_nobody_made(day: Day) -> None:
    Revision.objects.filter(pk=day.held_back.pk).update(declared_by=None)


def a_text_without_its_clause(day: Day) -> None:
    Revision.objects.filter(pk=day.sent.pk).update(clause="")


def a_batch_without_its_calendar(day: Day) -> None:
    batches(day.sent).filter(number=1).update(calendar="")


def a_planned_batch_that_waits_for_a_confirmation(day: Day) -> None:
    batches(day.planned).filter(number=1).update(state=BatchState.LOADED)


def a_version_that_gave_way_to_nothing(day: Day) -> None:
    old = Revision.objects.get(campaign=day.changed.campaign, number=1)
    entry = CreditEntry.objects.filter(reference=old.debit_reference)
    Revision.objects.filter(pk=old.pk).update(number=3)
    old.number = 3
    entry.update(reference=old.debit_reference)


def a_line_at_another_moment(day: Day) -> None:
    Revision.objects.filter(pk=day.planned.pk).update(leaves_at=F("leaves_at") + SECOND)


def a_line_of_something_through(day: Day) -> None:
    Revision.objects.filter(pk=day.rival.pk).update(leaves_at=day.now)


def a_cancelled_batch_that_left(day: Day) -> None:
    batches(day.held_back).update(departed_at=F("not_before"))


def a_revision_that_leaves_for_ever(day: Day) -> None:
    Revision.objects.filter(pk=day.rival.pk).update(state=RevisionState.LEAVING, leaves_at=day.now)


def a_batch_that_leaves_for_ever(day: Day) -> None:
    a_revision_that_leaves_for_ever(day)
    batches(day.rival).update(state=BatchState.LEAVING)
    rivals(day).update(answered_at=day.now - LATE)


def a_hand_over_left_behind(day: Day) -> None:
    rivals(day).update(state=HandOverState.READY)


def rivals(day: Day) -> QuerySet[HandOver]:
    return HandOver.objects.filter(batch__revision=day.rival)


def a_hand_over_of_what_has_not_left(day: Day) -> None:
    batch = batches(day.planned).order_by("number")[0]
    HandOver.objects.create(
        account=batch.account,
        batch=batch,
        first_message_id=batch.first_message_id,
        last_message_id=batch.first_message_id,
        not_before=day.now,
        valid_until=day.now,
    )


def a_hand_over_of_one_too_many(day: Day) -> None:
    rivals(day).update(last_message_id=F("last_message_id") + 1)


def a_message_in_two_hand_overs(day: Day) -> None:
    hand_over = rivals(day).get()
    hand_over.pk = None
    hand_over.first_message_id -= 1
    hand_over.save(force_insert=True)


def a_message_in_no_hand_over(day: Day) -> None:
    rivals(day).delete()


def an_answer_without_an_attempt(day: Day) -> None:
    rivals(day).update(attempt=0)


def a_batch_that_left_early(day: Day) -> None:
    batches(day.rival).update(not_before=F("departed_at") + SECOND)


def a_batch_that_left_before_it_was_due(day: Day) -> None:
    Revision.objects.filter(pk=day.rival.pk).update(due_at=day.now + SECOND)


def a_claim_before_its_moment(day: Day) -> None:
    rivals(day).update(not_before=F("claimed_at") + SECOND)


def a_claim_before_its_batch_left(day: Day) -> None:
    rivals(day).update(claimed_at=F("claimed_at") - SECOND, not_before=day.now - SECOND)


def a_claim_of_something_stale(day: Day) -> None:
    rivals(day).update(valid_until=day.now - 3 * SECOND)


def a_claim_after_the_cancellation(day: Day) -> None:
    HandOver.objects.filter(batch__revision=day.stopped, state=HandOverState.CLOSED).update(
        claimed_at=day.now + 8 * SECOND
    )


def a_claim_at_night(day: Day) -> None:
    rivals(day).update(claimed_at=day.now + timedelta(hours=12))


def a_claim_under_no_calendar(day: Day) -> None:
    batches(day.rival).update(calendar="ZZ")


def opted_out(day: Day) -> None:
    OptOut.objects.create(
        account=day.rival.account,
        phone=scenes.PHONE,
        cause=OptOutCause.STOP,
        since=day.now - 3 * SECOND,
    )


def a_claim_for_one_who_had_opted_out_that_was_recovered(day: Day) -> None:
    opted_out(day)
    rivals(day).update(attempt=3)


def a_claim_before_the_sender_was_valid(day: Day) -> None:
    SenderValidity.objects.filter(sender=day.rival.sender).update(since=day.now + SECOND)


def a_claim_after_the_sender_was_disabled(day: Day) -> None:
    SenderValidity.objects.filter(sender=day.rival.sender).update(
        since=day.now - LATE, until=day.now - 3 * SECOND
    )
    Sender.objects.filter(pk=day.rival.sender_id).update(state=SenderState.DISABLED)


def a_claim_while_suspended(day: Day) -> None:
    Suspension.objects.create(
        account=day.rival.account, since=day.now - 3 * SECOND, reason="unpaid"
    )


def somebody_elses_campaign(day: Day) -> None:
    Campaign.objects.filter(pk=day.planned.campaign_id).update(account=day.rival.account)


def somebody_elses_sender(day: Day) -> None:
    Revision.objects.filter(pk=day.planned.pk).update(sender=day.rival.sender)


def somebody_elses_batch(day: Day) -> None:
    batches(day.planned).filter(number=1).update(account=day.rival.account)


def somebody_elses_hand_over(day: Day) -> None:
    rivals(day).update(account=day.sent.account)


def a_lease_of_nobody(day: Day) -> None:
    Lease.objects.filter(is_open=False).update(account_id=0)


def a_batch_that_does_not_leave(day: Day) -> None:
    batches(day.planned).filter(number=1).update(not_before=day.now - LATE)
    Revision.objects.filter(pk=day.planned.pk).update(leaves_at=day.now - LATE)


def a_hand_over_that_nobody_claims(day: Day) -> None:
    HandOver.objects.filter(batch__revision=day.leaving, state=HandOverState.READY).update(
        not_before=day.now - LATE
    )


def a_claim_that_nobody_recovers(day: Day) -> None:
    HandOver.objects.filter(state=HandOverState.CLAIMED).update(lease_until=day.now - LATE)


def a_quote_that_nobody_goes_on_with(day: Day) -> None:
    Revision.objects.filter(pk=day.quoted.pk).update(
        state=RevisionState.QUOTING, loaded_at=day.now - LATE
    )


def a_cancellation_that_nobody_ends(day: Day) -> None:
    Revision.objects.filter(pk=day.held_back.pk).update(
        state=RevisionState.CANCELLING, leaves_at=day.now
    )
    TrailEntry.objects.filter(
        event="campaign.cancelled", subject=day.held_back.debit_reference
    ).update(at=day.now - LATE)


def a_receipt_that_nobody_applies(day: Day) -> None:
    Receipt.objects.update(not_before=day.now - LATE)


def a_push_that_nobody_applies(day: Day) -> None:
    ReceiptPush.objects.update(received_at=day.now - LATE)


def a_receipt_that_waits_for_ever(day: Day) -> None:
    Receipt.objects.update(received_at=day.now - timedelta(hours=72) - LATE)


def sent_from_short(day: Day) -> Lease:
    return Lease.objects.get(account=day.short.account, kind="short", is_open=True, phone=FIRST)


def a_number_held_for_a_phone_twice(day: Day) -> None:
    lease = sent_from_short(day)
    lease.pk, lease.account, lease.is_open, lease.closed_at = (
        None,
        day.rival.account,
        False,
        day.now,
    )
    lease.save()


def two_open_leases_for_a_phone(day: Day) -> None:
    lease = sent_from_short(day)
    lease.pk, lease.number = None, "38499"
    lease.save()


def a_lease_that_nobody_closes(day: Day) -> None:
    Lease.objects.filter(pk=sent_from_short(day).pk).update(expires_at=day.now - LATE)


def a_lease_that_closed_at_no_moment(day: Day) -> None:
    Lease.objects.filter(is_open=False).update(closed_at=None)


def the_number_of_the_clause_lent(day: Day) -> None:
    Lease.objects.filter(pk=sent_from_short(day).pk).update(number="36111")


def a_short_number_without_a_lease(day: Day) -> None:
    sent_from_short(day).delete()


def a_lease_of_somebody_else(day: Day) -> None:
    Lease.objects.filter(pk=sent_from_short(day).pk).update(account=day.rival.account)


def a_lease_that_came_too_late(day: Day) -> None:
    Lease.objects.filter(pk=sent_from_short(day).pk).update(opened_at=day.now + 3 * SECOND)


def a_short_number_to_guadeloupe(day: Day) -> None:
    overseas = "+590690123456"
    messages(day.short).filter(recipient=FIRST).update(recipient=overseas)
    Lease.objects.filter(pk=sent_from_short(day).pk).update(phone=overseas)


def two_terms_of_a_number_at_once(day: Day) -> None:
    virtual = SenderValidity.objects.filter(sender__name=day.virtual.sender.name)
    virtual.exclude(sender=day.virtual.sender).update(until=day.now + SECOND)


HELD_ONCE = "a number is held for a phone by one lease"
OPEN_ONCE = "an account has one open short lease for a phone"
HAS_LEASE = "a message from a short number has the lease of its phone"


def without_credit(day: Day) -> SmsAccount:
    assert day.locked.account is not None
    return day.locked.account


def reply(row: Reply, **changes: object) -> None:
    Reply.objects.filter(pk=row.pk).update(**changes)


def a_late_reply_that_was_charged(day: Day) -> None:
    reply(day.answered, received_at=day.now + timedelta(hours=48, seconds=1))


def a_locked_reply_from_before_the_message(day: Day) -> None:
    reply(day.locked, received_at=day.now - timedelta(hours=61))


def a_reply_to_what_was_never_accepted(day: Day) -> None:
    Lease.objects.filter(phone=day.answered.phone).update(accepted_at=None)


def a_reply_in_time_that_was_refused(day: Day) -> None:
    reply(day.late, received_at=day.now - timedelta(hours=12))


def a_reply_that_was_not_charged(day: Day) -> None:
    entries = CreditEntry.objects.filter(reference=day.answered.debit_reference)
    entries.update(reference="reply:another")


def a_reply_with_more_parts_than_were_charged(day: Day) -> None:
    reply(day.answered, parts=3)


def a_locked_reply_that_was_charged(day: Day) -> None:
    factories.give(without_credit(day), credits=2)
    ledger.debit(
        account_id=without_credit(day).pk,
        amount_hundredths=200,
        kind=EntryKind.REPLY,
        reference=day.locked.debit_reference,
        actor=None,
        now=day.now,
    )


def a_stop_with_a_price(day: Day) -> None:
    reply(day.stop, price_hundredths=100)


def a_stop_that_did_nothing(day: Day) -> None:
    OptOut.objects.filter(phone=day.stop.phone).update(since=day.now + SECOND)


def a_stop_that_another_account_got(day: Day) -> None:
    OptOut.objects.filter(phone=day.stop.phone).update(account=day.rival.account)


def somebody_elses_reply(day: Day) -> None:
    reply(day.locked, account=day.sent.account)


def a_reply_of_another_phone(day: Day) -> None:
    reply(day.answered, phone=scenes.PHONE)


def a_reply_that_nobody_judges(day: Day) -> None:
    reply(day.early, not_before=day.now - LATE)


def a_reply_that_stays_locked(day: Day) -> None:
    factories.give(without_credit(day), credits=2)
    CreditEntry.objects.filter(account=without_credit(day)).update(created_at=day.now - LATE)
    reply(day.locked, decided_at=day.now - LATE)


def a_refused_sender_that_is_still_asked_about(day: Day) -> None:
    Sender.objects.filter(pk=day.waiting.pk).update(state=SenderState.REFUSED)


def a_waiting_sender_that_nobody_asked_for(day: Day) -> None:
    Sender.objects.filter(pk=day.refused.pk).update(state=SenderState.WAITING)


def an_enabled_sender_that_was_never_valid(day: Day) -> None:
    Sender.objects.filter(pk=day.refused.pk).update(state=SenderState.ENABLED)


def a_disabled_sender_that_is_still_valid(day: Day) -> None:
    Sender.objects.filter(pk=day.sent.sender_id).update(state=SenderState.DISABLED)


def a_virtual_number_that_is_not_valid(day: Day) -> None:
    SenderValidity.objects.filter(sender=day.virtual.sender).update(until=day.now + LATE)


def a_decision_that_came_after_the_end(day: Day) -> None:
    Decision.objects.filter(request__sender=day.refused).update(at=day.now + SECOND)


def a_request_that_nobody_decided(day: Day) -> None:
    Decision.objects.filter(request__sender=day.refused).delete()


def a_document_without_a_hash(day: Day) -> None:
    document(day.waiting).update(sha256="abc")


def a_document_without_its_file(day: Day) -> None:
    document(day.waiting).update(stored_as="gone.pdf")


def a_document_that_nobody_erases(day: Day) -> None:
    long_ago = day.now - timedelta(days=settings.DOCUMENT_DAYS) - LATE
    SenderRequest.objects.filter(sender=day.refused).update(closed_at=long_ago)
    Decision.objects.filter(request__sender=day.refused).update(at=long_ago)


def document(sender: Sender) -> QuerySet[SenderDocument]:
    return SenderDocument.objects.filter(request__sender=sender)


PLANTS: list[tuple[Callable[[Day], None], set[str]]] = [
    (a_balance_off_by_one, {"a balance is the sum of its entries, and what the last one says"}),
    (an_entry_that_says_another_balance, {"each entry says the sum of all up to it"}),
    (credits_spent_before_they_came, {"no balance was ever below zero"}),
    (a_debit_of_another_price, {"a confirmed revision was debited once, its whole price"}),
    (a_debit_for_nothing, {"a debit is that of a confirmed revision of its account"}),
    # A revision is given back too much only if one of its batches is.
    (a_refund_too_many, {"a revision is given back no more than it was debited", RETURNED}),
    (a_refund_that_was_forgotten, {RETURNED}),
    (a_refund_with_another_number, {"refunds of a batch are numbered from 1 without a gap"}),
    (a_refund_of_no_batch, {"a refund is that of a batch of its account"}),
    (a_refund_of_something_else, {"a refund is that of a batch of its account"}),
    (a_part_too_many_in_a_revision, {"a revision totals its batches"}),
    (a_part_too_many_in_a_batch, {"a batch totals its counters"}),
    (
        a_gap_between_batches,
        {"batches of a revision follow each other without gap or overlap"},
    ),
    (ids_that_were_never_reserved, {"no two batches share a reserved id"}),
    (
        two_batches_with_the_same_ids,
        {"no two batches share a reserved id", "a message lies within the ids of its batch"},
    ),
    (
        a_row_that_was_lost,
        {"each row of the recipients became a message, or is counted with those that did not"},
    ),
    (a_source_of_another_size, {"a revision totals the rows of its sources"}),
    (a_refused_row_that_is_gone, {"each refused row is kept"}),
    (a_message_that_no_counter_knows, {"counters are the numbers of rows"}),
    (a_message_beyond_its_batch, {"a message lies within the ids of its batch"}),
    (
        a_message_without_a_batch,
        {"a message lies within the ids of its batch", "counters are the numbers of rows"},
    ),
    (a_recipient_twice, {"a recipient gets a revision once"}),
    (an_outcome_of_what_has_not_left, {"nothing came of a message before its batch left"}),
    (a_message_closed_without_a_word, {"each message of a closed hand-over says why"}),
    (
        a_quote_that_bears_a_confirmation,
        {"a revision is confirmed by somebody at some moment, or not at all"},
    ),
    (
        a_declaration_of_something_commercial,
        {"a revision has its declaration exactly when it is not commercial"},
    ),
    (
        a_declaration_that_nobody_made,
        {"a revision has its declaration exactly when it is not commercial"},
    ),
    (a_text_without_its_clause, {"a commercial text under a name tells how to opt out"}),
    (a_batch_without_its_calendar, {"a commercial batch obeys legal hours"}),
    (
        a_planned_batch_that_waits_for_a_confirmation,
        {"a batch stands where its revision lets it"},
    ),
    (
        a_version_that_gave_way_to_nothing,
        {"what was replaced gave way to a revision that was confirmed"},
    ),
    (a_line_at_another_moment, {"what is planned is listed by the moment of its first batch"}),
    (a_line_of_something_through, {"what is planned is listed by the moment of its first batch"}),
    (a_cancelled_batch_that_left, {"a batch has left exactly when it has a moment of leaving"}),
    (a_revision_that_leaves_for_ever, {"a revision is leaving as long as a batch of it is"}),
    (a_batch_that_leaves_for_ever, {"each batch that is through has left"}),
    (a_hand_over_left_behind, {"a batch is leaving as long as a hand-over of it is open"}),
    (a_hand_over_of_what_has_not_left, {"only a batch that left has hand-overs"}),
    (
        a_hand_over_of_one_too_many,
        {"the hand-overs of a batch hold each of its messages once"},
    ),
    (
        a_message_in_two_hand_overs,
        {"the hand-overs of a batch hold each of its messages once"},
    ),
    (a_message_in_no_hand_over, {"the hand-overs of a batch hold each of its messages once"}),
    (
        an_answer_without_an_attempt,
        {"a hand-over that was taken has the moment of its claim"},
    ),
    (a_batch_that_left_early, {"no batch left before it was confirmed and due"}),
    (a_batch_that_left_before_it_was_due, {"no batch left before it was confirmed and due"}),
    (a_claim_before_its_moment, {"nothing was claimed before its moment"}),
    (
        a_claim_before_its_batch_left,
        {
            "nothing was claimed before its moment",
            "nothing was claimed while its sender was not valid",
        },
    ),
    (a_claim_of_something_stale, {"nothing was claimed after its validity"}),
    (
        a_claim_after_the_cancellation,
        {"nothing was claimed after its campaign was cancelled"},
    ),
    (a_claim_at_night, {"nothing commercial was claimed outside legal hours"}),
    (a_claim_under_no_calendar, {"nothing commercial was claimed outside legal hours"}),
    (opted_out, {"nothing was claimed for a number that had opted out"}),
    (
        a_claim_for_one_who_had_opted_out_that_was_recovered,
        {"nothing was claimed for a number that had opted out"},
    ),
    (
        a_claim_before_the_sender_was_valid,
        {"nothing was claimed while its sender was not valid"},
    ),
    (
        a_claim_after_the_sender_was_disabled,
        {"nothing was claimed while its sender was not valid"},
    ),
    (a_claim_while_suspended, {"nothing was claimed while its account was suspended"}),
    (a_number_held_for_a_phone_twice, {HELD_ONCE}),
    (two_open_leases_for_a_phone, {OPEN_ONCE}),
    (a_lease_that_nobody_closes, {"each lease that ended was closed"}),
    (
        a_lease_that_closed_at_no_moment,
        {"a lease has the moment of its closing exactly when it is closed"},
    ),
    (the_number_of_the_clause_lent, {"the number of the STOP clause is lent to nobody"}),
    (a_short_number_without_a_lease, {HAS_LEASE}),
    (a_lease_of_somebody_else, {HAS_LEASE}),
    (a_lease_that_came_too_late, {HAS_LEASE}),
    (a_short_number_to_guadeloupe, {"a short number wrote to metropolitan France only"}),
    (two_terms_of_a_number_at_once, {"a virtual number is one account's at a time"}),
    (somebody_elses_campaign, {"a revision belongs to the account of its campaign"}),
    (somebody_elses_sender, {"a revision bears a sender of its account"}),
    (somebody_elses_batch, {"a batch belongs to the account of its revision"}),
    (a_lease_of_nobody, {"a lease belongs to an account"}),
    (somebody_elses_hand_over, {"a hand-over belongs to the account of its batch"}),
    (a_batch_that_does_not_leave, {"each batch that is due has left"}),
    (a_hand_over_that_nobody_claims, {"each hand-over that is due was claimed"}),
    (a_claim_that_nobody_recovers, {"each claim whose lease ended was recovered"}),
    (a_quote_that_nobody_goes_on_with, {"each quote that was begun goes on"}),
    (a_cancellation_that_nobody_ends, {"each cancellation came to its end"}),
    (a_receipt_that_nobody_applies, {"each parked receipt that is due was tried again"}),
    (a_push_that_nobody_applies, {"each push of receipts was applied"}),
    (
        a_receipt_that_waits_for_ever,
        {"no receipt waits for its message longer than 72 hours"},
    ),
    (a_late_reply_that_was_charged, {"each reply that was taken in came in time"}),
    (a_locked_reply_from_before_the_message, {"each reply that was taken in came in time"}),
    (a_reply_to_what_was_never_accepted, {"each reply that was taken in came in time"}),
    (a_reply_in_time_that_was_refused, {"no reply was refused that came in time"}),
    (a_reply_that_was_not_charged, {DEBITED, DEBIT_OF_A_REPLY}),
    (a_reply_with_more_parts_than_were_charged, {DEBITED}),
    (a_locked_reply_that_was_charged, {DEBIT_OF_A_REPLY}),
    (a_stop_with_a_price, {"what waits, was refused or said STOP has no price"}),
    (a_stop_that_did_nothing, {"each STOP opted its phone out"}),
    (a_stop_that_another_account_got, {"each STOP opted its phone out"}),
    (somebody_elses_reply, {OF_ITS_LEASE}),
    (a_reply_of_another_phone, {OF_ITS_LEASE}),
    (a_reply_that_nobody_judges, {"each reply that is due was judged"}),
    (
        a_reply_that_stays_locked,
        {"each locked reply that the balance reaches was opened"},
    ),
    (a_refused_sender_that_is_still_asked_about, {OPEN_REQUEST}),
    (a_waiting_sender_that_nobody_asked_for, {OPEN_REQUEST}),
    (an_enabled_sender_that_was_never_valid, {GOES_ON}),
    (a_disabled_sender_that_is_still_valid, {GOES_ON}),
    (a_virtual_number_that_is_not_valid, {GOES_ON}),
    (a_decision_that_came_after_the_end, {"a request is closed at the moment of its decision"}),
    (
        a_request_that_nobody_decided,
        {"a request without a decision is open, or was taken back"},
    ),
    (a_document_without_a_hash, {"a document has its hash"}),
    (a_document_without_its_file, {"a document that was not erased has its file"}),
    (a_document_that_nobody_erases, {"each document whose time is over was erased"}),
]


def words_of(value: object) -> str:
    return getattr(value, "__name__", "").replace("_", " ")


@pytest.mark.parametrize(("plant", "expected"), PLANTS, ids=words_of)
def test_a_planted_violation_is_found(
    day: Day, plant: Callable[[Day], None], expected: set[str]
) -> None:
    with audited.lifted():
        plant(day)
    assert broken(day.now) == expected


def test_every_check_was_seen_to_fail() -> None:
    assert set().union(*(names for _plant, names in PLANTS)) == {c.name for c in proof.CHECKS}


# --- What is in order -------------------------------------------------------------------------


def a_claim_that_committed_after_a_cancellation_began(day: Day) -> None:
    HandOver.objects.filter(batch__revision=day.stopped, state=HandOverState.CLOSED).update(
        claimed_at=day.now + 6 * SECOND
    )


def an_opt_out_in_the_second_of_the_claim(day: Day) -> None:
    opted_out(day)
    OptOut.objects.update(since=day.now - SECOND)


def an_opt_out_between_two_claims(day: Day) -> None:
    opted_out(day)
    batches(day.rival).update(departed_at=day.now - LATE, not_before=day.now - LATE)
    Revision.objects.filter(pk=day.rival.pk).update(confirmed_at=day.now - LATE)
    rivals(day).update(attempt=3)


def an_opt_out_that_was_removed_before_the_claim(day: Day) -> None:
    opted_out(day)
    OptOut.objects.filter(account=day.rival.account).update(until=day.now)


def a_sender_disabled_in_the_second_of_the_claim(day: Day) -> None:
    SenderValidity.objects.filter(sender=day.rival.sender).update(
        since=day.now - LATE, until=day.now - SECOND
    )
    Sender.objects.filter(pk=day.rival.sender_id).update(state=SenderState.DISABLED)


def a_suspension_in_the_second_of_the_claim(day: Day) -> None:
    Suspension.objects.create(account=day.rival.account, since=day.now - SECOND, reason="unpaid")


def a_suspension_that_was_over(day: Day) -> None:
    Suspension.objects.create(
        account=day.rival.account, since=day.now - LATE, until=day.now, reason="unpaid"
    )


def a_removal_of_who_said_stop(day: Day) -> None:
    OptOut.objects.filter(phone=day.stop.phone).update(until=day.now)


def a_message_that_moved_the_end_after_a_reply_was_late(day: Day) -> None:
    moved = day.now + SECOND
    Lease.objects.filter(phone=day.late.phone).update(accepted_at=moved)


def a_reply_that_was_erased(day: Day) -> None:
    reply(day.stop, phone="", text="", excerpt="", erased_at=day.now)


def a_locked_reply_for_which_credit_came_just_now(day: Day) -> None:
    factories.give(without_credit(day), credits=2)
    reply(day.locked, decided_at=day.now - LATE)


def a_locked_reply_that_needs_more_than_there_is(day: Day) -> None:
    factories.give(without_credit(day), credits=1)
    CreditEntry.objects.filter(account=without_credit(day)).update(created_at=day.now - LATE)
    reply(day.locked, decided_at=day.now - LATE)


def rows_that_were_erased(day: Day) -> None:
    batches(day.rival).update(erased_at=day.now)
    messages(day.rival).delete()


@pytest.mark.parametrize(
    "happens",
    [
        a_claim_that_committed_after_a_cancellation_began,
        an_opt_out_in_the_second_of_the_claim,
        an_opt_out_between_two_claims,
        an_opt_out_that_was_removed_before_the_claim,
        a_sender_disabled_in_the_second_of_the_claim,
        a_suspension_in_the_second_of_the_claim,
        a_suspension_that_was_over,
        a_removal_of_who_said_stop,
        a_message_that_moved_the_end_after_a_reply_was_late,
        a_reply_that_was_erased,
        a_locked_reply_for_which_credit_came_just_now,
        a_locked_reply_that_needs_more_than_there_is,
        rows_that_were_erased,
    ],
    ids=words_of,
)
def test_what_may_happen_is_no_violation(day: Day, happens: Callable[[Day], None]) -> None:
    with audited.lifted():
        happens(day)
    assert broken(day.now) == set()


def test_what_is_late_depends_on_how_long_is_tolerated(day: Day) -> None:
    a_batch_that_does_not_leave(day)
    patient = proof.run(connection=connection, now=day.now, overdue=LATE + SECOND)
    assert all(f.ok for f in patient)


def test_all_violations_are_counted_and_the_first_ones_named(day: Day) -> None:
    Revision.objects.update(rows_loaded=99)
    Receipt.objects.all().delete()
    found = {f.name: f for f in findings(day.now)}
    lost = found[
        "each row of the recipients became a message, or is counted with those that did not"
    ]
    ids = list(Revision.objects.order_by("pk").values_list("pk", flat=True))
    assert (lost.violations, list(lost.first_ids)) == (len(ids), ids[: proof.NAMED])
