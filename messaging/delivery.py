"""Delivery: a batch leaves, its hand-overs go to the carrier, the answers are recorded.

A claim is committed before the carrier hears of it (`claims`), and its `attempt` fences whatever
is recorded later. When the outcome is unknown, `recovery` asks the carrier by reference before
anything is handed over again. No transaction is open while the carrier is called.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.db import connection, transaction
from django.db.models import F

from accounts import retrying
from messaging import (
    calendar,
    claims,
    doorbell,
    hand_overs,
    moving,
    numbering,
    pauses,
    recording,
)
from messaging.carrier import base
from messaging.claims import Claim
from messaging.models import (
    Batch,
    BatchState,
    HandOver,
    HandOverState,
    Revision,
    RevisionState,
)
from messaging.models.delivery import HAND_OVER_SIZE
from messaging.recording import Recording
from senders import shortnumbers, usage

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]

# So long an account hands over before it queues up behind the others (seconds).
TURN = 2.0
# After an unclear end the carrier is asked this much later: it may still be at work.
ASK_AFTER = timedelta(seconds=2)
BACKOFF = tuple(timedelta(seconds=s) for s in (2, 5, 15, 30, 60))


class Left(NamedTuple):
    """A batch that left: of which revision, and whether it is all of that."""

    revision_id: int
    is_whole: bool


def leave_with_others(*, batch_id: int, clock: Clock) -> None:
    """Let a due batch leave, and then those of its revision that are due too, for a turn.

    Others bring what left to the carrier meanwhile. Whoever dies here is followed by the sweep.
    """
    ends = time.monotonic() + TURN
    left = leave(batch_id=batch_id, clock=clock)
    if left is None or left.is_whole:
        return
    due = Batch.objects.filter(
        revision_id=left.revision_id, state=BatchState.SCHEDULED, not_before__lte=clock()
    )
    for other_id in list(due.order_by("number").values_list("pk", flat=True)):
        if time.monotonic() > ends:
            doorbell.ring(task="leave", ids=[other_id], queue="bulk")
            return
        leave(batch_id=other_id, clock=clock)


@retrying.on_deadlock
def leave(*, batch_id: int, clock: Clock) -> Left | None:
    """Let a due batch leave: its hand-overs are there from now on. None when it does not."""
    with transaction.atomic():
        batch = (
            Batch.objects.select_for_update(of=("self",), no_key=True)
            .annotate(
                sender_id=F("revision__sender_id"),
                sender_used_at=F("revision__sender__last_used_at"),
                revision_state=F("revision__state"),
                messages_of_all=F("revision__messages"),
            )
            .filter(pk=batch_id, state=BatchState.SCHEDULED)
            .first()
        )
        now = clock()
        if batch is None or batch.not_before is None or batch.not_before > now:
            return None
        if batch.calendar and not calendar.is_open(code=batch.calendar, moment=now):
            opening = calendar.next_opening(code=batch.calendar, moment=now)
            Batch.objects.filter(pk=batch_id).update(not_before=opening)
            moving.relist(revision_id=batch.revision_id)
            return None
        is_served = claims.is_served(account_id=batch.account_id, now=now)
        hand_overs.make(of=batch, size=HAND_OVER_SIZE, now=now, valid_until=now + claims.VALIDITY)
        Batch.objects.filter(pk=batch_id).update(state=BatchState.LEAVING, departed_at=now)
        # The first batches say so; the others would wait for each other to say it again.
        if batch.revision_state == RevisionState.SCHEDULED:
            Revision.objects.filter(pk=batch.revision_id, state=RevisionState.SCHEDULED).update(
                state=RevisionState.LEAVING
            )
        if batch.messages == 1:
            only = HandOver.objects.values_list("pk", flat=True).get(batch=batch)
            doorbell.ring(task="hand_over", ids=[only], queue="now")
        elif not is_served:
            doorbell.ring(task="deliver", ids=[batch.account_id], queue="bulk")
    usage.note(sender_id=batch.sender_id, known=batch.sender_used_at, now=now)
    log.info("batch.left", batch=batch_id, account_id=batch.account_id, messages=batch.messages)
    return Left(batch.revision_id, batch.messages == batch.messages_of_all)


class _Paused(Exception):
    """The carrier takes nothing for now; what becomes of the hand-over is noted."""


def hand_over(*, hand_over_id: int, carrier: base.Carrier, clock: Clock) -> None:
    """Claim a hand-over, give it to the carrier and record the answers."""
    claim = claims.claim(hand_over_id=hand_over_id, clock=clock)
    if claim is None:
        return
    with suppress(_Paused):
        if answered := _submit(claim, carrier=carrier, clock=clock):
            answered.record()


def deliver(*, account_id: int, carrier: base.Carrier, clock: Clock) -> int:
    """Hand over what of an account waits, for the length of a turn; give how many hand-overs.

    Wakes another worker when more waits than one should hand over alone. Ends early when the
    carrier wants a pause. At the end of the turn the account queues up again, behind the others.
    """
    ends = time.monotonic() + TURN
    turn = claims.Turn(account_id=account_id, clock=clock)
    done = 0
    claim = turn.claim()
    while claim is not None:
        done += 1
        try:
            answered = _submit(claim, carrier=carrier, clock=clock)
        except _Paused:
            break
        is_over = time.monotonic() > ends
        if answered and (done == 1 or is_over or not answered.is_plain):
            answered.record()
            answered = None
        # Only now: nobody brings others to a carrier that does not answer.
        if is_over or (done == 1 and claims.is_help_wanted(account_id=account_id, now=clock())):
            doorbell.ring(task="deliver", ids=[account_id], queue="bulk")
        if is_over:
            break
        claim = turn.claim(after=answered.write if answered else None)
        if answered:
            answered.look(followed_by=claim)
    return done


def _submit(claim: Claim, *, carrier: base.Carrier, clock: Clock) -> Recording | None:
    """Give a claimed hand-over to the carrier, and give what is to be recorded then, if anything.

    No transaction is open meanwhile. _Paused.
    """
    try:
        numbered = numbering.numbered(claim, clock=clock)
    except shortnumbers.PoolUnknown as exc:
        # Soon there is one: the first message does not wait for the schedule.
        doorbell.ring_task(task="messaging.tasks.refresh_pool", queue="default")
        _put_off(claim, trouble="no_pool", delay=None, now=clock())
        raise _Paused from exc
    if numbered is None:
        return None
    return _submit_numbered(numbered, carrier=carrier, clock=clock)


def _submit_numbered(claim: Claim, *, carrier: base.Carrier, clock: Clock) -> Recording:
    let_go_of_the_database()
    started = time.monotonic()
    try:
        answers = carrier.submit(claim.chunk, deadline=claims.CALL_LIMIT)
    except base.ChunkRefused as refusal:
        return recording.of_refusal(claim, refusal, now=clock())
    except base.CarrierError as trouble:
        _note_trouble(claim, trouble, now=clock())
        raise _Paused from trouble
    taken = time.monotonic() - started
    log.info("hand_over.answered", **claim.ids_for_log, duration_ms=round(taken * 1000))
    return recording.of_answers(claim, answers, now=clock())


def _note_trouble(claim: Claim, trouble: base.CarrierError, *, now: datetime) -> None:
    """Say when the hand-over goes on: after a pause, or once the carrier was asked."""
    match trouble:
        case base.Throttled():
            pauses.begin(until=now + timedelta(seconds=trouble.retry_after))
            _put_off(claim, trouble="throttled", delay=trouble.retry_after, now=now)
        case base.Misconfigured():
            log.error("carrier.misconfigured", **claim.ids_for_log)
            delay = BACKOFF[-1].total_seconds()
            pauses.begin(until=now + BACKOFF[-1])
            _put_off(claim, trouble="misconfigured", delay=delay, now=now)
        case base.NotHandedOver() | base.Unavailable():
            _put_off(claim, trouble="unavailable", delay=None, now=now)
        case _:
            # Still CLAIMED: recovery asks the carrier what became of each reference.
            claims.move_on(claim, lease_until=now + ASK_AFTER, trouble="unanswered")
            log.warning("hand_over.unanswered", **claim.ids_for_log)


def _put_off(claim: Claim, *, trouble: str, delay: float | None, now: datetime) -> None:
    """The carrier took nothing: try again after `delay` seconds, or after the next backoff."""
    put_off = HandOver.objects.values_list("put_off", flat=True).get(pk=claim.hand_over_id)
    wait = BACKOFF[min(put_off, len(BACKOFF) - 1)] if delay is None else timedelta(seconds=delay)
    claims.move_on(
        claim,
        state=HandOverState.READY,
        not_before=now + wait,
        put_off=F("put_off") + 1,
        lease_until=None,
        trouble=trouble,
    )
    log.warning(
        "hand_over.put_off", **claim.ids_for_log, trouble=trouble, wait_seconds=wait.total_seconds()
    )


def let_go_of_the_database() -> None:
    """Give the connection back before a slow call, so that slow carriers do not use them up.

    With CONN_MAX_AGE each worker keeps the one it has, idle and outside of any transaction: a new
    one for each call would cost more than the call.
    """
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
