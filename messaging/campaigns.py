"""Campaigns: confirm, renew, cancel.

Confirming debits once what was quoted, whoever confirms how often, and plans the batches.
Cancelling gives back what has not been handed over. Refusals are exceptions that carry data;
views word them. What is written for the first time comes in through `composing`.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from accounts import ledger, retrying, suspension, tariff, trail
from accounts.models import EntryKind, User
from messaging import calendar, closing, doorbell, events, outcomes, quote
from messaging.models import (
    Batch,
    BatchState,
    Campaign,
    RecipientSource,
    Revision,
    RevisionState,
    SourceChunk,
)
from messaging.recipients import optout
from senders import review

# A moment may lie this far ahead.
HORIZON = timedelta(days=366)

# States in which the revision was debited; from here on confirming again changes nothing.
CONFIRMED = (
    RevisionState.SCHEDULED,
    RevisionState.LEAVING,
    RevisionState.LEFT,
    RevisionState.CANCELLING,
    RevisionState.CANCELLED,
)


class Refused(Exception):
    """Something in the way of a campaign; each subclass is one fact."""


class NoRecipient(Refused):
    """Nobody is left to send to; `reason` is the code of the only number's refusal, if one."""

    def __init__(self, reason: str) -> None:
        """Keep the code: a phones.Reason, an audience.RowRefusal, OPTED_OUT or EMPTY."""
        super().__init__(reason)
        self.reason = reason


class SenderNotEnabled(Refused):
    """The sender may not be used now."""


class SenderEnds(Refused):
    """The term of the sender is over before the message leaves."""


class AccountSuspended(Refused):
    """The account hands nothing over for now."""


class PastMoment(Refused):
    """The moment to leave lies in the past."""


class TooFarAhead(Refused):
    """The moment to leave lies beyond the horizon."""


class QuoteChanged(Refused):
    """What was quoted no longer holds; a new quote is needed."""


class NotConfirmable(Refused):
    """The revision is not waiting for a confirmation."""


class NotCancellable(Refused):
    """Nothing of the revision can be held back any more."""


@retrying.on_deadlock
def confirm(*, revision: Revision, by: User, total_hundredths: int, now: datetime) -> Revision:
    """Debit what was quoted and plan the messages. Confirming again changes nothing.

    Raises QuoteChanged, NotConfirmable, another Refused or accounts.ledger.InsufficientCredits.
    """
    with transaction.atomic(durable=True):
        return confirm_within(
            revision_id=revision.pk, by=by, total_hundredths=total_hundredths, now=now
        )


@retrying.on_deadlock
def renew(*, revision: Revision, by: User, now: datetime) -> Revision:
    """Quote the same words to the same recipients anew, in the place of an open quote.

    Of two at once the second finds the first one's quote.
    """
    with transaction.atomic(durable=True):
        fresh = lock_campaign(revision.campaign).revisions.order_by("number").last()
        if fresh is None or fresh.pk != revision.pk or fresh.state in CONFIRMED:
            return fresh or revision
        drop_open_quotes(revision.campaign)
        sources = list(fresh.sources.order_by("ordinal"))
        fresh.pk = None
        fresh._state.adding = True
        fresh.number = next_number(revision.campaign)
        fresh.key = uuid.uuid4()
        fresh.created_by, fresh.created_at = by, now
        reset_quote(fresh, now=now)
        fresh.save(force_insert=True)
        for source in sources:
            _copy_source(source, to=fresh)
    quote.begin(revision=fresh, now=now)
    return fresh


@retrying.on_deadlock
def cancel(*, revision: Revision, by: User, now: datetime) -> Revision:
    """Hold back what has not been handed over and give its credits back.

    What is with the carrier at this moment goes its way: the revision is CANCELLING until that is
    answered. Cancelling again changes nothing. Raises NotCancellable once everything left.
    """
    if revision.state in (RevisionState.CANCELLING, RevisionState.CANCELLED):
        return revision
    with transaction.atomic(durable=True):
        batches = closing.lock_batches(revision_id=revision.pk)
        held = [b for b in batches if b.state == BatchState.SCHEDULED]
        leaving = [b.pk for b in batches if b.state == BatchState.LEAVING]
        Batch.objects.filter(pk__in=[b.pk for b in held]).update(state=BatchState.CANCELLED)
        Batch.objects.filter(pk__in=leaving).update(cancel_requested=True)
        if not (held or leaving) or not Revision.objects.filter(
            pk=revision.pk, state__in=[RevisionState.SCHEDULED, RevisionState.LEAVING]
        ).update(state=RevisionState.CANCELLING):
            revision.refresh_from_db()
            if revision.state in (RevisionState.CANCELLING, RevisionState.CANCELLED):
                return revision
            raise NotCancellable
        outcomes.refund_batches(sums={b.pk: b.price_hundredths for b in held}, now=now)
        trail.record(
            event="campaign.cancelled",
            subject=f"campaign:{revision.campaign.uuid}:{revision.number}",
            actor=by,
            account=revision.account,
            now=now,
            batches=len(held) + len(leaving),
        )
    events.tell("campaign.cancelled", revision=revision, batches=len(held) + len(leaving))
    closing.settle_cancelled(revision_id=revision.pk, now=now)
    revision.refresh_from_db()
    return revision


def leaves_at(*, codes: set[str], due_at: datetime | None, now: datetime) -> datetime:
    """Tell when the first message would leave under these legal calendars ("" = any time)."""
    due = max(due_at or now, now)
    return min(
        (calendar.next_opening(code=code, moment=due) if code else due for code in codes),
        default=due,
    )


def check_moment(due_at: datetime | None, *, now: datetime) -> None:
    """Refuse a moment in the past or beyond the horizon."""
    if due_at is None:
        return
    if due_at < now:
        raise PastMoment
    if due_at > now + HORIZON:
        raise TooFarAhead


def reset_quote(revision: Revision, *, now: datetime) -> None:
    """Put a revision before its first row, resting on the tariff and opt-outs of now."""
    revision.state = RevisionState.QUOTING
    revision.quoted_at = None
    revision.loaded_at = now
    for name in ("rows_loaded", "messages", "parts", "refused", "duplicates", "opted_out"):
        setattr(revision, name, 0)
    revision.total_hundredths = 0
    revision.tariff_mark = tariff.mark()
    revision.opt_out_mark = optout.mark(account_id=revision.account_id)


def lock_campaign(campaign: Campaign) -> Campaign:
    """Let nobody else make a revision of this campaign until the transaction ends."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


def next_number(campaign: Campaign) -> int:
    """Give the number of the next revision of a campaign."""
    last = campaign.revisions.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def drop_open_quotes(campaign: Campaign) -> None:
    """Empty the quotes of a campaign that wait for a confirmation; refuse if one was given."""
    for old in campaign.revisions.exclude(state=RevisionState.STALE):
        if not quote.drop(revision=old):
            raise NotConfirmable


def _copy_source(source: RecipientSource, *, to: Revision) -> None:
    chunks = list(source.chunks.order_by("first_position"))
    source.pk = None
    source.revision = to
    source.save(force_insert=True)
    for chunk in chunks:
        chunk.pk = None
        chunk.source = source
    SourceChunk.objects.bulk_create(chunks)


def confirm_within(*, revision_id: int, by: User, total_hundredths: int, now: datetime) -> Revision:
    """Confirm as part of the caller's transaction, and give the revision as it is then."""
    revisions = Revision.objects.select_related("campaign", "account", "sender")
    revision = revisions.get(pk=revision_id)
    if revision.state in CONFIRMED:
        return revision
    _schedule_batches(revision, now=now)
    if not Revision.objects.filter(pk=revision_id, state=RevisionState.QUOTED).update(
        state=RevisionState.SCHEDULED, confirmed_by=by, confirmed_at=now
    ):
        revision = revisions.get(pk=revision_id)
        if revision.state in CONFIRMED:
            return revision
        raise NotConfirmable
    revision = revisions.get(pk=revision_id)
    _check_confirmable(revision, total_hundredths=total_hundredths, now=now)
    ledger.debit(
        account_id=revision.account_id,
        amount_hundredths=revision.total_hundredths,
        kind=EntryKind.CAMPAIGN,
        reference=revision.debit_reference,
        actor=by,
        now=now,
    )
    trail.record(
        event="campaign.confirmed",
        subject=f"campaign:{revision.campaign.uuid}:{revision.number}",
        actor=by,
        account=revision.account,
        now=now,
        messages=revision.messages,
        total_hundredths=revision.total_hundredths,
        declared_not_commercial=not revision.is_commercial,
    )
    events.tell(
        "campaign.confirmed",
        revision=revision,
        messages=revision.messages,
        total_hundredths=revision.total_hundredths,
    )
    doorbell.ring(
        task="leave",
        ids=list(
            Batch.objects.filter(revision=revision, not_before__lte=now)
            .order_by("number")
            .values_list("pk", flat=True)
        ),
        queue="now" if revision.messages == 1 else "bulk",
    )
    return revision


def _schedule_batches(revision: Revision, *, now: datetime) -> None:
    # By id, as a cancellation and a new quote lock them; calendars would mix the order.
    closing.lock_batches(revision_id=revision.pk)
    loaded = Batch.objects.filter(revision=revision, state=BatchState.LOADED)
    for code in sorted(set(loaded.values_list("calendar", flat=True))):
        loaded.filter(calendar=code).update(
            state=BatchState.SCHEDULED,
            not_before=leaves_at(codes={code}, due_at=revision.due_at, now=now),
        )


def _check_confirmable(revision: Revision, *, total_hundredths: int, now: datetime) -> None:
    if revision.messages == 0:
        raise NoRecipient("EMPTY")
    if total_hundredths != revision.total_hundredths or quote.is_stale(revision=revision, now=now):
        raise QuoteChanged
    check_moment(revision.due_at, now=now)
    if not review.is_valid(sender_id=revision.sender_id, now=now):
        raise SenderNotEnabled
    if revision.due_at and not review.is_valid(sender_id=revision.sender_id, now=revision.due_at):
        raise SenderEnds
    if suspension.is_suspended(account_id=revision.account_id, now=now):
        raise AccountSuspended
