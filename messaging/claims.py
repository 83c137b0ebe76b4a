"""Claims: who hands what over, and everything that may stand in the way at that moment.

A claim is committed before the carrier hears of it. Cancellation, sender, suspension, opt-outs and
legal hours are read again in the claim's transaction, after the locks under which a cancellation,
a withdrawal or a suspension is set; the moment recorded is read after them too, so that none of
these has a time before that of a claim it did not stop. What is skipped is refunded there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import retrying, suspension
from accounts.models import SmsAccount
from messaging import bulk, calendar, closing, outcomes, references
from messaging.bulk import Change
from messaging.carrier import base
from messaging.models import Batch, HandOver, HandOverState, Status
from messaging.recipients import optout
from senders import review
from senders.models import Sender

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]

# The time limit of a call to the carrier, in seconds; a lease outlasts it.
CALL_LIMIT = settings.CARRIER_SECONDS
LEASE = 3 * timedelta(seconds=CALL_LIMIT)
# So long is a hand-over worth being handed over, and a message worth being delivered.
VALIDITY = timedelta(hours=48)
# Hand-overs of one account with the carrier at a time; a single SMS does not count.
IN_FLIGHT = 4
# An account that is suspended is looked at again after this time.
SUSPENDED_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A hand-over that is ours for a while, and what to give the carrier."""

    hand_over_id: int
    attempt: int
    account_id: int
    batch_id: int
    ids: dict[str, int]
    chunk: base.Chunk

    @property
    def ids_for_log(self) -> dict[str, int]:
        """What the log may tell of it."""
        return {
            "hand_over": self.hand_over_id,
            "attempt": self.attempt,
            "account_id": self.account_id,
            "messages": len(self.ids),
        }


class _NothingWaits(Exception):
    """There is no hand-over to claim, or enough of the account are with the carrier."""


class _Obstacle(Exception):
    """The claim is undone; `act` runs after the rollback."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act = act


def claim(*, hand_over_id: int, clock: Clock) -> Claim | None:
    """Claim a hand-over that waits; None when it is not ours to hand over now."""
    try:
        return _try(HandOver.objects.filter(pk=hand_over_id), clock=clock)
    except _NothingWaits:
        return None


def claim_next(*, account_id: int, clock: Clock) -> Claim | None:
    """Claim the hand-over of an account that waits longest; None when none may be claimed now.

    Those that may not leave are closed or put off on the way, so every round gets further.
    """
    ours = HandOver.objects.filter(account_id=account_id)
    try:
        while (claim := _try(ours, clock=clock)) is None:
            pass
    except _NothingWaits:
        return None
    return claim


@retrying.on_deadlock
def _try(hand_overs: QuerySet[HandOver], *, clock: Clock) -> Claim | None:
    """Claim the first of these that waits; None when it is closed or put off instead."""
    try:
        with transaction.atomic():
            return _claim_within(hand_overs, clock=clock)
    except _Obstacle as obstacle:
        # On its own: it takes locks that come before those the claim already held.
        with transaction.atomic():
            obstacle.act()
        return None


def _claim_within(hand_overs: QuerySet[HandOver], *, clock: Clock) -> Claim | None:
    now = clock()
    hand_over = _first_that_waits(hand_overs, now=now)
    batch = Batch.objects.select_related(
        "revision__campaign", "revision__sender", "revision__account"
    ).get(pk=hand_over.batch_id)
    skipped = _skip_opted_out(hand_over, batch, now=now)
    is_cancelled = (
        Batch.objects.select_for_update(no_key=True)
        .values_list("cancel_requested", flat=True)
        .get(pk=batch.pk)
    )
    # Whoever withdraws the sender or suspends the account waits for this claim, or this for them.
    bulk.hold(rows=[(Sender, batch.revision.sender_id), (SmsAccount, hand_over.account_id)])
    now = clock()
    _test_obstacles(hand_over, batch, is_cancelled=is_cancelled, now=now)
    claim = as_claimed(hand_over, batch)
    waiting = HandOver.objects.filter(pk=hand_over.pk, state=HandOverState.READY)
    if claim.ids:
        waiting.update(
            state=HandOverState.CLAIMED, attempt=claim.attempt, lease_until=now + LEASE,
            claimed_at=now, trouble="",
        )  # fmt: skip
        return claim
    log.info("hand_over.empty", hand_over=hand_over.pk, skipped=skipped)
    waiting.update(state=HandOverState.CLOSED, attempt=claim.attempt)
    closing.finish_batch(batch_id=batch.pk)
    return None


def _first_that_waits(hand_overs: QuerySet[HandOver], *, now: datetime) -> HandOver:
    """Lock the first hand-over that waits, its next attempt begun. Raises _NothingWaits.

    Others pass it by meanwhile; nothing of it is written before it is certain.
    """
    found = (
        hand_overs.select_for_update(skip_locked=True, no_key=True)
        .filter(state=HandOverState.READY, not_before__lte=now, valid_until__gt=now)
        .order_by("not_before", "pk")
        .first()
    )
    if found is None or _too_many_in_flight(found):
        raise _NothingWaits
    found.attempt += 1
    return found


def _too_many_in_flight(hand_over: HandOver) -> bool:
    if hand_over.first_message_id == hand_over.last_message_id:
        return False
    in_flight = HandOver.objects.filter(
        account_id=hand_over.account_id, state=HandOverState.CLAIMED
    )
    return in_flight.count() >= IN_FLIGHT


def _skip_opted_out(hand_over: HandOver, batch: Batch, *, now: datetime) -> int:
    revision = batch.revision
    if not optout.blocks(account=revision.account, is_commercial=revision.is_commercial):
        return 0
    if not optout.has_any(account_id=hand_over.account_id):
        return 0
    open_rows = {phone: pk for pk, phone, _text in bulk.open_messages(hand_over)}
    stopped = optout.opted_out(account_id=hand_over.account_id, phones=list(open_rows))
    outcomes.record(
        changes=[Change(open_rows[p], Status.SKIPPED, "opted_out", now) for p in stopped],
        from_statuses=[Status.OPEN],
        now=now,
    )
    return len(stopped)


def _test_obstacles(
    hand_over: HandOver, batch: Batch, *, is_cancelled: bool, now: datetime
) -> None:
    """Raise _Obstacle if nothing may be handed over at this moment; called under the lock."""
    pk = hand_over.pk
    if is_cancelled:
        raise _Obstacle(lambda: _close(hand_over, status=Status.CANCELLED, reason=None, now=now))
    if not review.is_valid(sender_id=batch.revision.sender_id, now=now):
        raise _Obstacle(lambda: _close(hand_over, status=Status.SKIPPED, reason="sender", now=now))
    if suspension.is_suspended(account_id=hand_over.account_id, now=now):
        raise _Obstacle(lambda: _hold(pk, until=now + SUSPENDED_PAUSE, trouble="suspended"))
    if batch.calendar and not calendar.is_open(code=batch.calendar, moment=now):
        opening = calendar.next_opening(code=batch.calendar, moment=now)
        raise _Obstacle(lambda: _hold(pk, until=opening, trouble="legal_hours"))


def _close(hand_over: HandOver, *, status: Status, reason: str | None, now: datetime) -> None:
    closing.close_hand_over(hand_over_id=hand_over.pk, status=status, reason=reason, now=now)
    closing.finish_batch(batch_id=hand_over.batch_id)


def _hold(hand_over_id: int, *, until: datetime, trouble: str) -> None:
    # A night or a Sunday must not eat the validity: it counts from the new moment.
    HandOver.objects.filter(pk=hand_over_id, state=HandOverState.READY).update(
        not_before=until, valid_until=until + VALIDITY, trouble=trouble
    )


def as_claimed(hand_over: HandOver, batch: Batch) -> Claim:
    """Give what a claimed hand-over still has to hand over; `batch` comes with its revision."""
    revision = batch.revision
    name = references.names(campaign=revision.campaign.uuid, revision=revision.number)
    position = batch.first_position - batch.first_message_id
    ids: dict[str, int] = {}
    recipients = []
    for pk, to, text in bulk.open_messages(hand_over):
        reference = name(position + pk)
        ids[reference] = pk
        recipients.append(base.Recipient(reference=reference, to=to, text=text))
    return Claim(
        hand_over_id=hand_over.pk,
        attempt=hand_over.attempt,
        account_id=hand_over.account_id,
        batch_id=batch.pk,
        ids=ids,
        chunk=base.Chunk(
            sender=revision.sender.name,
            text=revision.text,
            message_class=base.MessageClass(revision.message_class),
            clause=revision.clause,
            validity=VALIDITY,
            recipients=tuple(recipients),
        ),
    )


def with_batch(*, hand_over_id: int) -> tuple[HandOver, Batch]:
    """Give a hand-over as it stands, and its batch, ready for `as_claimed`."""
    hand_over = HandOver.objects.select_related(
        "batch__revision__campaign", "batch__revision__sender"
    ).get(pk=hand_over_id)
    return hand_over, hand_over.batch


def move_on(claim: Claim, **to: object) -> bool:
    """Move the claimed hand-over on, unless somebody else has claimed it since."""
    return bool(
        HandOver.objects.filter(
            pk=claim.hand_over_id, state=HandOverState.CLAIMED, attempt=claim.attempt
        ).update(**to)
    )
