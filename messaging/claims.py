"""Claims: who hands what over, and everything that may stand in the way at that moment.

A claim is committed before the carrier hears of it. Cancellation, sender, suspension, opt-outs and
legal hours are read again in the claim's transaction, after the locks under which a cancellation,
a withdrawal or a suspension is set; the moment recorded is read after them too, so that none of
these has a time before that of a claim it did not stop. What is skipped is refunded there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction

from accounts import intervals, retrying, suspension
from messaging import bulk, calendar, closing, hand_overs, outcomes, references
from messaging.bulk import Change
from messaging.carrier import base
from messaging.frozen import Frozen
from messaging.hand_overs import Waiting
from messaging.models import Batch, HandOver, HandOverState, Status
from messaging.recipients import optout
from senders import kinds, validity
from senders.models import Sender

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]
# Gives the next hand-over that waits at a moment, locked.
Look = Callable[..., Waiting | None]
# What is written before a claim; tells whether the claim may follow in the same transaction.
First = Callable[[], bool]

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
    sender: Sender
    claimed_at: datetime
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
    look = partial(hand_overs.lock_waiting, hand_over_id=hand_over_id)
    try:
        return _try(look, frozen=Frozen(), clock=clock)
    except _NothingWaits:
        return None


class Turn:
    """Claims the hand-overs of an account one after the other, the one that waits longest first."""

    def __init__(self, *, account_id: int, clock: Clock) -> None:
        """Claim nothing yet."""
        self._look = partial(hand_overs.lock_next_of, account_id=account_id)
        self._frozen = Frozen()
        self._clock = clock

    def claim(self, *, after: First | None = None) -> Claim | None:
        """Claim the next one; None when none may be claimed now.

        `after` is done whatever this gives, in the transaction of the claim if it may be. Those
        that may not leave are closed or put off on the way, so every round gets further.
        """
        try:
            while (claim := self._try(after)) is None:
                after = None
        except _NothingWaits:
            return None
        return claim

    def _try(self, first: First | None) -> Claim | None:
        return _try(self._look, frozen=self._frozen, clock=self._clock, first=first)


def is_served(*, account_id: int, now: datetime) -> bool:
    """Tell whether somebody comes to what waits of an account anyway.

    As many as may be are at work for it, or something waits that they were called for.
    """
    in_flight, waiting = hand_overs.standing_of(account_id=account_id, now=now)
    return in_flight >= IN_FLIGHT or waiting > 0


def is_help_wanted(*, account_id: int, now: datetime) -> bool:
    """Tell whether more waits than the next that who asks will claim, and another may claim it."""
    in_flight, waiting = hand_overs.standing_of(account_id=account_id, now=now)
    return waiting > 1 and in_flight + 1 < IN_FLIGHT


@retrying.on_deadlock
def _try(look: Look, *, frozen: Frozen, clock: Clock, first: First | None = None) -> Claim | None:
    """Do what comes first, then claim the first that waits.

    None when it is closed or put off instead, or must be claimed in a transaction of its own.
    """
    try:
        with transaction.atomic():
            if first and not first():
                return None
            return _claim_within(look, frozen=frozen, clock=clock)
    except (_Obstacle, _NothingWaits) as why:
        # What came first was undone too.
        if first:
            with transaction.atomic():
                first()
        if isinstance(why, _NothingWaits):
            raise
        # On its own: it takes locks that come before those the claim already held.
        with transaction.atomic():
            why.act()
        return None


def _claim_within(look: Look, *, frozen: Frozen, clock: Clock) -> Claim | None:
    now = clock()
    waiting = look(now=now)
    if waiting is None or _too_many_in_flight(waiting):
        raise _NothingWaits
    batch = frozen.batch(waiting.batch_id)
    skipped = _skip_opted_out(waiting, batch, now=now)
    # Put together before anybody has to wait for this claim.
    claim = as_claimed(waiting, batch, attempt=waiting.attempt + 1, claimed_at=now)
    if not claim.ids:
        log.info("hand_over.empty", hand_over=waiting.id, skipped=skipped)
        HandOver.objects.filter(pk=waiting.id, state=HandOverState.READY).update(
            state=HandOverState.CLOSED, attempt=claim.attempt
        )
        closing.finish_batch(batch_id=batch.pk)
        return None
    is_cancelled = hand_overs.hold(
        batch_id=batch.pk, sender_id=batch.revision.sender_id, account_id=waiting.account_id
    )
    now = clock()
    _test_obstacles(waiting, batch, is_cancelled=is_cancelled, now=now)
    hand_overs.mark_claimed(
        hand_over_id=waiting.id, attempt=claim.attempt, lease_until=now + LEASE, claimed_at=now
    )
    return replace(claim, claimed_at=now)


def _too_many_in_flight(waiting: Waiting) -> bool:
    is_single = waiting.first_message_id == waiting.last_message_id
    return waiting.in_flight >= IN_FLIGHT and not is_single


def _skip_opted_out(waiting: Waiting, batch: Batch, *, now: datetime) -> int:
    revision = batch.revision
    if not waiting.has_opt_outs or not optout.blocks(
        account=revision.account, is_commercial=revision.is_commercial
    ):
        return 0
    open_rows = {phone: pk for pk, phone, _text in _open_messages(waiting)}
    stopped = optout.opted_out(account_id=waiting.account_id, phones=list(open_rows))
    outcomes.record(
        changes=[Change(open_rows[p], Status.SKIPPED, "opted_out", now) for p in stopped],
        from_statuses=[Status.OPEN],
        now=now,
    )
    return len(stopped)


def _test_obstacles(waiting: Waiting, batch: Batch, *, is_cancelled: bool, now: datetime) -> None:
    """Raise _Obstacle if nothing may be handed over at this moment; called under the lock."""
    pk = waiting.id
    if is_cancelled:
        raise _Obstacle(lambda: _close(waiting, status=Status.CANCELLED, reason=None, now=now))
    is_valid, is_suspended = intervals.cover(
        [
            validity.interval(sender_id=batch.revision.sender_id),
            suspension.interval(account_id=waiting.account_id),
        ],
        at=now,
    )
    if not is_valid:
        raise _Obstacle(lambda: _close(waiting, status=Status.SKIPPED, reason="sender", now=now))
    if is_suspended:
        raise _Obstacle(lambda: _hold(pk, until=now + SUSPENDED_PAUSE, trouble="suspended"))
    if batch.calendar and not calendar.is_open(code=batch.calendar, moment=now):
        opening = calendar.next_opening(code=batch.calendar, moment=now)
        raise _Obstacle(lambda: _hold(pk, until=opening, trouble="legal_hours"))


def _close(waiting: Waiting, *, status: Status, reason: str | None, now: datetime) -> None:
    closing.close_hand_over(hand_over_id=waiting.id, status=status, reason=reason, now=now)
    closing.finish_batch(batch_id=waiting.batch_id)


def _hold(hand_over_id: int, *, until: datetime, trouble: str) -> None:
    # A night or a Sunday must not eat the validity: it counts from the new moment.
    HandOver.objects.filter(pk=hand_over_id, state=HandOverState.READY).update(
        not_before=until, valid_until=until + VALIDITY, trouble=trouble
    )


def as_claimed(
    hand_over: HandOver | Waiting, batch: Batch, *, attempt: int, claimed_at: datetime
) -> Claim:
    """Give what a claimed hand-over still has to hand over; `batch` comes with its revision.

    What bears a number has none yet: see `numbering`.
    """
    revision = batch.revision
    name = references.names(campaign=revision.campaign.uuid, revision=revision.number)
    position = batch.first_position - batch.first_message_id
    rows = _open_messages(hand_over)
    ids = {name(position + pk): pk for pk, _to, _text in rows}
    recipients = [
        base.Recipient(reference=reference, to=to, text=text)
        for reference, (_pk, to, text) in zip(ids, rows, strict=True)
    ]
    return Claim(
        hand_over_id=hand_over.id,
        attempt=attempt,
        account_id=hand_over.account_id,
        batch_id=batch.pk,
        sender=revision.sender,
        claimed_at=claimed_at,
        ids=ids,
        chunk=base.Chunk(
            sender="" if revision.sender.kind in kinds.ANSWERABLE else revision.sender.name,
            text=revision.text,
            message_class=base.MessageClass(revision.message_class),
            clause=revision.clause,
            validity=VALIDITY,
            recipients=tuple(recipients),
        ),
    )


def as_it_stands(*, hand_over_id: int) -> Claim:
    """Give what a hand-over under its present attempt has to hand over."""
    hand_over = HandOver.objects.select_related(
        "batch__revision__campaign", "batch__revision__sender"
    ).get(pk=hand_over_id)
    return as_claimed(
        hand_over,
        hand_over.batch,
        attempt=hand_over.attempt,
        claimed_at=hand_over.claimed_at or hand_over.not_before,
    )


def _open_messages(hand_over: HandOver | Waiting) -> list[tuple[int, str, str | None]]:
    return bulk.open_messages(
        first_id=hand_over.first_message_id, last_id=hand_over.last_message_id
    )


def move_on(claim: Claim, **to: object) -> bool:
    """Move the claimed hand-over on, unless somebody else has claimed it since."""
    return bool(
        HandOver.objects.filter(
            pk=claim.hand_over_id, state=HandOverState.CLAIMED, attempt=claim.attempt
        ).update(**to)
    )
