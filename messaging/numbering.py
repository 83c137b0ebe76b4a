"""Which number each message of a claim bears, when its sender is one that can be answered.

Numbers are lent once a hand-over is claimed, so that one worker lends for it and nothing is in the
way, and before the carrier hears of it; no transaction is open meanwhile. Dying here loses
nothing: who claims the hand-over again finds the leases open, and each message bears the same
number. A phone for which no number is free is skipped, and its price given back.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from django.db import transaction

from accounts import retrying
from messaging import claims, closing, outcomes
from messaging.bulk import Change
from messaging.carrier import base
from messaging.claims import Claim
from messaging.models import HandOverState, Status
from senders import kinds, leases
from senders.bulk import Acceptance

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]
NO_NUMBER = "no_number"


def numbered(claim: Claim, *, clock: Clock) -> Claim | None:
    """Give the claim with a number on each message; None when nothing is to be handed over now.

    A claim under a name stays as it is. Raises shortnumbers.PoolUnknown.
    """
    if claim.sender.kind not in kinds.ANSWERABLE:
        return claim
    recipients = claim.chunk.recipients
    numbers = leases.lend(
        sender=claim.sender, phones=[r.to for r in recipients], now=claim.claimed_at
    )
    without = [claim.ids[r.reference] for r in recipients if r.to not in numbers]
    if not _is_still_ours(claim, without=without, now=clock()):
        return None
    left = [r for r in recipients if r.to in numbers]
    return _bearing(claim, left, numbers=numbers) if left else None


def recalled(claim: Claim) -> Claim:
    """Give a claim whose answers were lost with the numbers that its messages bore."""
    if claim.sender.kind not in kinds.ANSWERABLE:
        return claim
    recipients = claim.chunk.recipients
    numbers = leases.lent(
        sender=claim.sender, phones=[r.to for r in recipients], at=claim.claimed_at
    )
    return _bearing(claim, recipients, numbers=numbers)


def acceptances(claim: Claim, answers: Iterable[base.Answer]) -> list[Acceptance]:
    """Give what is to be noted on the leases of what the carrier accepted."""
    if claim.sender.kind not in kinds.ANSWERABLE:
        return []
    bearers = {r.reference: r for r in claim.chunk.recipients if r.sender}
    return [
        Acceptance(
            number=bearer.sender or "",
            phone=bearer.to,
            message_id=claim.ids[answer.reference],
            accepted_at=answer.accepted_at,
        )
        for answer in answers
        if answer.accepted_at and (bearer := bearers.get(answer.reference))
    ]


def _bearing(
    claim: Claim, recipients: Sequence[base.Recipient], *, numbers: dict[str, str]
) -> Claim:
    bearers = tuple(
        base.Recipient(reference=r.reference, to=r.to, text=r.text, sender=numbers.get(r.to))
        for r in recipients
    )
    ids = {r.reference: claim.ids[r.reference] for r in bearers}
    return replace(claim, ids=ids, chunk=replace(claim.chunk, recipients=bearers))


@retrying.on_deadlock
def _is_still_ours(claim: Claim, *, without: list[int], now: datetime) -> bool:
    """Begin the claim's time anew, for lending took some, and skip the messages without a number.

    False when somebody else has claimed the hand-over since.
    """
    with transaction.atomic():
        if not claims.move_on(claim, lease_until=now + claims.LEASE):
            return False
        moves = outcomes.move(
            changes=[Change(i, Status.SKIPPED, NO_NUMBER, now) for i in without],
            from_statuses=[Status.OPEN],
        )
        if len(without) == len(claim.ids):
            claims.move_on(claim, state=HandOverState.CLOSED, lease_until=None)
            closing.finish_batch(batch_id=claim.batch_id)
        outcomes.give_back(moves=moves, now=now)
    if without:
        log.warning("hand_over.without_numbers", **claim.ids_for_log, skipped=len(without))
    return True
