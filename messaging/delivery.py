"""Delivery: a batch leaves, its hand-overs go to the carrier, are recorded, recovered, given up.

A claim is committed before the carrier hears of it (`claims`), and its `attempt` fences whatever
is recorded later. When the outcome is unknown the carrier is asked by reference before anything is
handed over again. No transaction is open while the carrier is called.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F

from accounts import retrying
from messaging import calendar, claims, closing, doorbell, moving, outcomes
from messaging.bulk import Change
from messaging.carrier import base
from messaging.claims import Claim
from messaging.models import (
    Batch,
    BatchState,
    HandOver,
    HandOverState,
    Revision,
    RevisionState,
    Status,
)
from messaging.models.delivery import HAND_OVER_SIZE

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]

# After an unclear end the carrier is asked this much later: it may still be at work.
ASK_AFTER = timedelta(seconds=2)
BACKOFF = tuple(timedelta(seconds=s) for s in (2, 5, 15, 30, 60))


@retrying.on_deadlock
def leave(*, batch_id: int, clock: Clock) -> None:
    """Let a due batch leave: its hand-overs are there from now on."""
    with transaction.atomic():
        batch = (
            Batch.objects.select_for_update(of=("self",), no_key=True)
            .select_related("revision")
            .filter(pk=batch_id, state=BatchState.SCHEDULED)
            .first()
        )
        now = clock()
        if batch is None or batch.not_before is None or batch.not_before > now:
            return
        if batch.calendar and not calendar.is_open(code=batch.calendar, moment=now):
            opening = calendar.next_opening(code=batch.calendar, moment=now)
            Batch.objects.filter(pk=batch_id).update(not_before=opening)
            moving.relist(revision_id=batch.revision_id)
            return
        hand_overs = HandOver.objects.bulk_create(_hand_overs(batch, now=now))
        Batch.objects.filter(pk=batch_id).update(state=BatchState.LEAVING, departed_at=now)
        Revision.objects.filter(pk=batch.revision_id, state=RevisionState.SCHEDULED).update(
            state=RevisionState.LEAVING
        )
        doorbell.ring(
            task="hand_over",
            ids=[h.pk for h in hand_overs[: claims.IN_FLIGHT]],
            queue="now" if batch.messages == 1 else "bulk",
        )
    log.info("batch.left", batch=batch_id, account_id=batch.account_id, messages=batch.messages)


def hand_over(*, hand_over_id: int, carrier: base.Carrier, clock: Clock) -> None:
    """Claim a hand-over, give it to the carrier and record the answers."""
    claim = claims.claim(hand_over_id=hand_over_id, clock=clock)
    if claim is None:
        return
    _let_go_of_the_database()
    started = time.monotonic()
    try:
        answers = carrier.submit(claim.chunk, deadline=claims.CALL_LIMIT)
    except base.Throttled as trouble:
        _put_off(claim, trouble="throttled", delay=trouble.retry_after, now=clock())
    except base.Misconfigured:
        log.error("carrier.misconfigured", hand_over=hand_over_id)
        _put_off(claim, trouble="misconfigured", delay=BACKOFF[-1].total_seconds(), now=clock())
    except (base.NotHandedOver, base.Unavailable):
        _put_off(claim, trouble="unavailable", delay=None, now=clock())
    except base.ChunkRefused as refusal:
        refused = [
            Change(message_id=i, status=Status.REFUSED, reason=str(refusal.code)[:32], at=clock())
            for i in claim.ids.values()
        ]
        _record(claim, changes=refused, now=clock())
    except base.OutcomeUnknown:
        # Still CLAIMED: recovery asks the carrier what became of each reference.
        HandOver.objects.filter(
            pk=claim.hand_over_id, state=HandOverState.CLAIMED, attempt=claim.attempt
        ).update(lease_until=clock() + ASK_AFTER, trouble="unanswered")
        log.warning("hand_over.unanswered", **_ids(claim))
    else:
        taken = time.monotonic() - started
        log.info("hand_over.answered", **_ids(claim), duration_ms=round(taken * 1000))
        record_answers(claim, answers=answers, now=clock())
    ring_next(account_id=claim.account_id, now=clock())


def record_answers(claim: Claim, *, answers: list[base.Answer], now: datetime) -> None:
    """Record what the carrier answered, unless the claim has passed to somebody else since."""
    _record(claim, changes=_refusals(claim, answers, now=now), now=now)


def recover(*, hand_over_id: int, carrier: base.Carrier, clock: Clock) -> None:
    """Find out what became of a claim whose lease ended, and carry on from there."""
    now = clock()
    if not HandOver.objects.filter(
        pk=hand_over_id, state=HandOverState.CLAIMED, lease_until__lte=now
    ).update(attempt=F("attempt") + 1, lease_until=now + claims.LEASE):
        return
    claim = claims.as_claimed(HandOver.objects.get(pk=hand_over_id))
    _let_go_of_the_database()
    try:
        known = carrier.look_up(list(claim.ids), deadline=claims.CALL_LIMIT)
    except base.CarrierError:
        _give_up_asking(claim, clock=clock)
        return
    now = clock()
    log.info("hand_over.recovered", **_ids(claim), known=len(known))
    changes = [
        Change(
            message_id=claim.ids[reference],
            status=Status.ACCEPTED if answer.accepted else Status.REFUSED,
            reason=None if answer.accepted else str(answer.code)[:32],
            at=now,
        )
        for reference, answer in known.items()
        if reference in claim.ids
    ]
    if len(changes) == len(claim.ids):
        _record(claim, changes=[c for c in changes if c.status is Status.REFUSED], now=now)
    else:
        _back_to_ready(claim, changes=changes, now=now)
    ring_next(account_id=claim.account_id, now=now)


def ring_next(*, account_id: int, now: datetime) -> None:
    """Wake a worker for the next hand-over of an account that waits."""
    waiting = (
        HandOver.objects.filter(
            account_id=account_id, state=HandOverState.READY, not_before__lte=now
        )
        .order_by("not_before", "pk")
        .values_list("pk", flat=True)
    )
    doorbell.ring(task="hand_over", ids=list(waiting[:1]), queue="bulk")


def take_over_leases(*, now: datetime) -> int:
    """End every lease at once. Only for a start at which no other worker can be alive."""
    return HandOver.objects.filter(state=HandOverState.CLAIMED, lease_until__gt=now).update(
        lease_until=now
    )


def _hand_overs(batch: Batch, *, now: datetime) -> list[HandOver]:
    end = batch.first_message_id + batch.messages
    return [
        HandOver(
            account_id=batch.account_id,
            batch=batch,
            first_message_id=first,
            last_message_id=min(first + HAND_OVER_SIZE, end) - 1,
            not_before=now,
            valid_until=now + claims.VALIDITY,
        )
        for first in range(batch.first_message_id, end, HAND_OVER_SIZE)
    ]


@retrying.on_deadlock
def expire(*, hand_over_id: int, clock: Clock) -> None:
    """Close a hand-over that never reached the carrier within its validity; refunds it."""
    now = clock()
    with transaction.atomic():
        found = HandOver.objects.filter(pk=hand_over_id, valid_until__lte=now).first()
        if found and closing.close_hand_over(
            hand_over_id=hand_over_id, status=Status.NOT_SENT, reason="validity", now=now
        ):
            closing.finish_batch(batch_id=found.batch_id)


def _refusals(claim: Claim, answers: list[base.Answer], *, now: datetime) -> list[Change]:
    changes = []
    for answer in answers:
        if answer.accepted:
            continue
        if answer.code is base.Refusal.REFERENCE_REUSED:
            # The carrier has that message already: it is sent, and stays charged.
            log.error("hand_over.reference_reused", **_ids(claim))
            continue
        changes.append(
            Change(
                message_id=claim.ids[answer.reference],
                status=Status.REFUSED,
                reason=str(answer.code)[:32],
                at=now,
            )
        )
    return changes


def _ids(claim: Claim) -> dict[str, int]:
    return {
        "hand_over": claim.hand_over_id,
        "attempt": claim.attempt,
        "account_id": claim.account_id,
        "messages": len(claim.ids),
    }


def _is_still_ours(claim: Claim, **to: object) -> bool:
    """Move the claimed hand-over on, unless somebody else has claimed it since."""
    return bool(
        HandOver.objects.filter(
            pk=claim.hand_over_id, state=HandOverState.CLAIMED, attempt=claim.attempt
        ).update(**to)
    )


@retrying.on_deadlock
def _record(claim: Claim, *, changes: list[Change], now: datetime) -> None:
    with transaction.atomic():
        if not _is_still_ours(
            claim, state=HandOverState.ANSWERED, answered_at=now, lease_until=None, trouble=""
        ):
            return
        outcomes.record(changes=changes, from_statuses=[Status.OPEN], now=now)
        closing.finish_batch(batch_id=claim.batch_id)


def _put_off(claim: Claim, *, trouble: str, delay: float | None, now: datetime) -> None:
    """The carrier took nothing: try again after `delay` seconds, or after the next backoff."""
    put_off = HandOver.objects.values_list("put_off", flat=True).get(pk=claim.hand_over_id)
    wait = BACKOFF[min(put_off, len(BACKOFF) - 1)] if delay is None else timedelta(seconds=delay)
    _is_still_ours(
        claim,
        state=HandOverState.READY,
        not_before=now + wait,
        put_off=F("put_off") + 1,
        lease_until=None,
        trouble=trouble,
    )
    log.warning(
        "hand_over.put_off", **_ids(claim), trouble=trouble, wait_seconds=wait.total_seconds()
    )


@retrying.on_deadlock
def _back_to_ready(claim: Claim, *, changes: list[Change], now: datetime) -> None:
    """Mark what the carrier knows; the rest may be handed over again."""
    with transaction.atomic():
        if _is_still_ours(
            claim, state=HandOverState.READY, not_before=now, lease_until=None, trouble="partial"
        ):
            outcomes.record(changes=changes, from_statuses=[Status.OPEN], now=now)


@retrying.on_deadlock
def _give_up_asking(claim: Claim, *, clock: Clock) -> None:
    """The carrier does not say: ask again later, or call it unknown once validity is over."""
    now = clock()
    is_over = HandOver.objects.filter(pk=claim.hand_over_id, valid_until__lte=now).exists()
    if not is_over:
        _is_still_ours(claim, lease_until=now + BACKOFF[2])
        return
    with transaction.atomic():
        if _is_still_ours(claim, state=HandOverState.ANSWERED, answered_at=None, lease_until=None):
            outcomes.record(
                changes=[
                    Change(message_id=i, status=Status.UNKNOWN, reason="unanswered", at=now)
                    for i in claim.ids.values()
                ],
                from_statuses=[Status.OPEN],
                now=now,
            )
            closing.finish_batch(batch_id=claim.batch_id)


def _let_go_of_the_database() -> None:
    """Give the connection back before a slow call, so that slow carriers do not use them up.

    With CONN_MAX_AGE each worker keeps the one it has, idle and outside of any transaction: a new
    one for each call would cost more than the call.
    """
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
