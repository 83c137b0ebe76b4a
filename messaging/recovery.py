"""Recovery: what became of claims whose worker or answer was lost, and what never left in time.

The carrier is asked by reference, with no transaction open: what it knows is recorded, the rest
may be handed over again. Whoever was slow meanwhile finds that the claim has passed on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from accounts import retrying
from messaging import claims, closing, delivery, doorbell, numbering, outcomes
from messaging.bulk import Change
from messaging.carrier import base
from messaging.claims import Claim
from messaging.models import HandOver, HandOverState, Status
from messaging.recording import Recording
from senders import leases
from senders.bulk import Acceptance

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]


def recover(*, hand_over_id: int, carrier: base.Carrier, clock: Clock) -> None:
    """Find out what became of a claim whose lease ended, and carry on from there."""
    now = clock()
    if not HandOver.objects.filter(
        pk=hand_over_id, state=HandOverState.CLAIMED, lease_until__lte=now
    ).update(attempt=F("attempt") + 1, lease_until=now + claims.LEASE):
        return
    claim = claims.as_it_stands(hand_over_id=hand_over_id)
    delivery.let_go_of_the_database()
    try:
        known = carrier.look_up(list(claim.ids), deadline=claims.CALL_LIMIT)
    except base.CarrierError:
        _give_up_asking(claim, clock=clock)
        return
    now = clock()
    log.info("hand_over.recovered", **claim.ids_for_log, known=len(known))
    accepted = numbering.acceptances(numbering.recalled(claim), known.values())
    changes = [
        Change(claim.ids[reference], Status.ACCEPTED, None, now)
        if answer.accepted
        else Change(claim.ids[reference], Status.REFUSED, str(answer.code)[:32], now)
        for reference, answer in known.items()
        if reference in claim.ids
    ]
    if len(changes) == len(claim.ids):
        refused = [c for c in changes if c.status is Status.REFUSED]
        Recording(claim, changes=refused, acceptances=accepted, now=now).record()
    else:
        _back_to_ready(claim, changes=changes, acceptances=accepted, now=now)
        doorbell.ring(task="deliver", ids=[claim.account_id], queue="bulk")


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


def take_over_leases(*, now: datetime) -> int:
    """End every lease at once. Only for a start at which no other worker can be alive."""
    return HandOver.objects.filter(state=HandOverState.CLAIMED, lease_until__gt=now).update(
        lease_until=now
    )


@retrying.on_deadlock
def _back_to_ready(
    claim: Claim, *, changes: list[Change], acceptances: list[Acceptance], now: datetime
) -> None:
    """Mark what the carrier knows; the rest may be handed over again.

    At once the first time: as a rule the answer was lost, or a worker. A carrier that fails again
    and again is given time.
    """
    times = HandOver.objects.values_list("put_off", flat=True).get(pk=claim.hand_over_id)
    pause = delivery.BACKOFF[min(times, len(delivery.BACKOFF)) - 1] if times else timedelta(0)
    with transaction.atomic():
        if claims.move_on(
            claim,
            state=HandOverState.READY,
            not_before=now + pause,
            put_off=F("put_off") + 1,
            lease_until=None,
            trouble="partial",
        ):
            moves = outcomes.move(changes=changes, from_statuses=[Status.OPEN])
            leases.accept(account_id=claim.account_id, acceptances=acceptances)
            outcomes.give_back(moves=moves, now=now)


@retrying.on_deadlock
def _give_up_asking(claim: Claim, *, clock: Clock) -> None:
    """The carrier does not say: ask again later, or call it unknown once validity is over."""
    now = clock()
    is_over = HandOver.objects.filter(pk=claim.hand_over_id, valid_until__lte=now).exists()
    if not is_over:
        claims.move_on(claim, lease_until=now + delivery.BACKOFF[2])
        return
    with transaction.atomic():
        if claims.move_on(claim, state=HandOverState.ANSWERED, answered_at=None, lease_until=None):
            outcomes.record(
                changes=[Change(i, Status.UNKNOWN, "unanswered", now) for i in claim.ids.values()],
                from_statuses=[Status.OPEN],
                now=now,
            )
            closing.finish_batch(batch_id=claim.batch_id)
