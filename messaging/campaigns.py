"""Campaigns: confirm, cancel.

Confirming debits once what was quoted, whoever confirms how often, and plans the batches; if
another revision of the campaign was planned, that one gives way and is given back whole.
Cancelling gives back what has not been handed over. Refusals are exceptions that carry data;
views word them. What is written for the first time comes in through `composing`.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import ledger, retrying, suspension, trail
from accounts.models import EntryKind, User
from messaging import calendar, closing, doorbell, events, outcomes, quote
from messaging.models import Batch, BatchState, Campaign, Revision, RevisionState
from senders import validity

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


class NoLongerPlanned(Refused):
    """It began to leave, was cancelled or replaced: it can be neither moved nor replaced."""

    def __init__(self, revision: Revision) -> None:
        """Keep the revision as it stands."""
        super().__init__(revision.pk)
        self.revision = revision


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
def cancel(*, revision: Revision, by: User, now: datetime) -> Revision:
    """Hold back what has not been handed over and give its credits back.

    What is with the carrier at this moment goes its way: the revision is CANCELLING until that is
    answered. Cancelling again changes nothing. Raises NotCancellable once everything left, and
    NoLongerPlanned if another revision took its place.
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
            if revision.state == RevisionState.REPLACED:
                raise NoLongerPlanned(revision)
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


def check_sender(revision: Revision, *, due_at: datetime | None, now: datetime) -> None:
    """Refuse a sender that may not be used now, or no longer when the revision is due."""
    if not validity.is_valid(sender_id=revision.sender_id, now=now):
        raise SenderNotEnabled
    if due_at and not validity.is_valid(sender_id=revision.sender_id, now=due_at):
        raise SenderEnds


def lock_campaign(campaign: Campaign) -> Campaign:
    """Let nobody else make a revision of this campaign until the transaction ends."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


def standing(campaign: Campaign) -> Revision | None:
    """Give the revision of a campaign that was confirmed and not replaced, if there is one."""
    return campaign.revisions.filter(state__in=CONFIRMED).first()


def confirm_within(*, revision_id: int, by: User, total_hundredths: int, now: datetime) -> Revision:
    """Confirm as part of the caller's transaction, and give the revision as it is then."""
    revisions = Revision.objects.select_related("campaign", "account", "sender")
    revision = revisions.get(pk=revision_id)
    if revision.state in CONFIRMED:
        return revision
    replaced = _call_back_planned(revision, by=by, now=now)
    # By id, as a cancellation and a new quote lock them; calendars would mix the order.
    closing.lock_batches(revision_id=revision_id)
    leaves_at = plan_batches(revision, from_state=BatchState.LOADED, now=now)
    if not Revision.objects.filter(pk=revision_id, state=RevisionState.QUOTED).update(
        state=RevisionState.SCHEDULED, confirmed_by=by, confirmed_at=now, leaves_at=leaves_at
    ):
        revision = revisions.get(pk=revision_id)
        if revision.state in CONFIRMED:
            return revision
        raise NotConfirmable
    revision = revisions.get(pk=revision_id)
    _check_confirmable(revision, total_hundredths=total_hundredths, now=now)
    # Given back first: a change may be paid with what it replaces.
    outcomes.refund_batches(sums={b.pk: b.price_hundredths for b in replaced}, now=now)
    _debit(revision, by=by, now=now)
    wake(revision, now=now)
    return revision


def plan_batches(revision: Revision, *, from_state: BatchState, now: datetime) -> datetime | None:
    """Plan the batches in a state, each for when its calendar lets it leave; give the first moment.

    Part of a transaction that holds them.
    """
    batches = Batch.objects.filter(revision=revision, state=from_state)
    moments = {
        code: leaves_at(codes={code}, due_at=revision.due_at, now=now)
        for code in sorted(set(batches.values_list("calendar", flat=True)))
    }
    for code, moment in moments.items():
        batches.filter(calendar=code).update(state=BatchState.SCHEDULED, not_before=moment)
    return min(moments.values(), default=None)


def wake(revision: Revision, *, now: datetime) -> None:
    """Wake a worker for what is due of a planned revision: it begins with the first batch."""
    due = Batch.objects.filter(
        revision=revision, state=BatchState.SCHEDULED, not_before__lte=now
    ).order_by("number")
    doorbell.ring(
        task="leave",
        ids=list(due.values_list("pk", flat=True)[:1]),
        queue="now" if revision.messages == 1 else "bulk",
    )


def _call_back_planned(revision: Revision, *, by: User, now: datetime) -> list[Batch]:
    """Let what stands of the campaign give way to this revision; give its batches, to be refunded.

    Raises NoLongerPlanned once anything of it left or was cancelled.
    """
    if revision.number == 1:
        return []
    old = standing(lock_campaign(revision.campaign))
    if old is None or old.pk == revision.pk:
        return []
    batches = closing.lock_batches(revision_id=old.pk)
    if not Revision.objects.filter(pk=old.pk, state=RevisionState.SCHEDULED).update(
        state=RevisionState.REPLACED, leaves_at=None
    ):
        raise NoLongerPlanned(Revision.objects.get(pk=old.pk))
    Batch.objects.filter(pk__in=[b.pk for b in batches]).update(state=BatchState.CANCELLED)
    trail.record(
        event="campaign.replaced",
        subject=f"campaign:{revision.campaign.uuid}:{old.number}",
        actor=by,
        account=revision.account,
        now=now,
        by_revision=revision.number,
    )
    events.tell("campaign.replaced", revision=old, by_revision=revision.number)
    return batches


def _debit(revision: Revision, *, by: User, now: datetime) -> None:
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


def _check_confirmable(revision: Revision, *, total_hundredths: int, now: datetime) -> None:
    if revision.messages == 0:
        raise NoRecipient("EMPTY")
    if total_hundredths != revision.total_hundredths or quote.is_stale(revision=revision, now=now):
        raise QuoteChanged
    check_moment(revision.due_at, now=now)
    check_sender(revision, due_at=revision.due_at, now=now)
    if suspension.is_suspended(account_id=revision.account_id, now=now):
        raise AccountSuspended
