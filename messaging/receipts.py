"""Receipts: what the carrier says became of messages, stored first, applied in groups.

The first final receipt of a message wins; UNKNOWN and ACCEPTED are provisional. A receipt may come
before our own record of the hand-over, twice, late or out of order: one without a message is
parked for 72 hours. A push is stored as it was read and deleted once it is applied, which may
happen twice: what is applied again changes nothing.
"""

import hashlib
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, chain, compress, pairwise
from operator import itemgetter

import structlog
from django.db import transaction

from accounts import retrying
from messaging import bulk, inbox, matching, outcomes
from messaging.bulk import Change
from messaging.carrier import base
from messaging.inbox import Told
from messaging.matching import Span
from messaging.models import Receipt, ReceiptOutcome, ReceiptPush, Status

log = structlog.stdlib.get_logger(__name__)

# About so many receipts are applied in one transaction, from so many pushes at most.
GROUP = 4_000
PUSHES = 20
LOCKED_AT_ONCE = 2
# More than two groups of full pushes.
MANY = 8
# A receipt that matches nothing is tried again after a pause, and kept so long in all.
PAUSE = timedelta(seconds=10)
PATIENCE = timedelta(hours=72)

# What a receipt stands for, by its state and whether it is billed; others say nothing new. All but
# UNKNOWN are final.
STATUSES = {
    (state, billed): status
    for state, status in {
        base.ReceiptState.DELIVERED: Status.DELIVERED,
        base.ReceiptState.FAILED: Status.FAILED,
        base.ReceiptState.EXPIRED: Status.EXPIRED,
        base.ReceiptState.REJECTED: Status.REJECTED,
        base.ReceiptState.UNKNOWN: Status.UNKNOWN,
    }.items()
    for billed in (True, False)
} | {(base.ReceiptState.REJECTED, False): Status.NOT_BILLED}

# What a message becomes: status, reason and moment; and of which messages that is said: the id of
# the first, how many.
_Became = tuple[Status, str | None, datetime]
_Said = tuple[int, int, _Became]


def store(*, carrier: str, receipts: Sequence[base.Receipt], now: datetime) -> bool:
    """Put receipts into the inbox, together; the same again is left alone. Commits by itself.

    Tells whether a worker must be woken: not while an older push waits, because whoever applies
    that one looks again afterwards.
    """
    if not receipts:
        return False
    content = inbox.write(receipts, carrier=carrier)
    new = bulk.insert_one_new(
        model=ReceiptPush,
        values={
            "digest": hashlib.sha256(content).hexdigest(),
            "content": content.decode(),
            "receipts": len(receipts),
            "received_at": now,
        },
    )
    return new is None or new == bulk.first_id(model=ReceiptPush)


@retrying.on_deadlock
def apply_group(*, now: datetime) -> int:
    """Apply the next group of receipts; give how many there were."""
    started = time.monotonic()
    with transaction.atomic():
        pushes = _next_pushes()
        told = list(chain.from_iterable(inbox.read(push.content) for push in pushes))
        parked = _due_parked(now=now)
        all_told = [*told, *map(_as_told, parked)]
        found = matching.find(all_told)
        changes = changes_of(all_told, found)
        outcomes.record(
            changes=changes,
            from_statuses=[Status.OPEN, Status.ACCEPTED, Status.UNKNOWN],
            now=now,
        )
        _park(told, found[: len(told)], now=now)
        _settle_parked(parked, found[len(told) :], now=now)
        ReceiptPush.objects.filter(pk__in=[push.pk for push in pushes]).delete()
    count = sum(push.receipts for push in pushes) + len(parked)
    if count:
        log.info(
            "receipts.applied",
            receipts=count,
            of_parked=len(parked),
            messages=sum(change.messages for change in changes),
            duration_ms=round((time.monotonic() - started) * 1000),
        )
    return count


def are_many() -> bool:
    """Tell whether so much waits that two should apply it."""
    return ReceiptPush.objects.order_by("pk")[MANY : MANY + 1].exists()


def _next_pushes() -> list[ReceiptPush]:
    """Lock the oldest pushes that nobody has, up to a group: the others are somebody else's."""
    waiting = ReceiptPush.objects.select_for_update(skip_locked=True).order_by("pk")
    chosen: list[ReceiptPush] = []
    while len(chosen) < PUSHES and sum(push.receipts for push in chosen) < GROUP:
        found = list(waiting.filter(pk__gt=chosen[-1].pk if chosen else 0)[:LOCKED_AT_ONCE])
        chosen += found
        if len(found) < LOCKED_AT_ONCE:
            break
    return chosen


def _due_parked(*, now: datetime) -> list[Receipt]:
    """Lock the parked receipts whose pause is over."""
    waiting = Receipt.objects.select_for_update(skip_locked=True).filter(
        outcome=ReceiptOutcome.WAITING, not_before__lte=now
    )
    return list(waiting.order_by("not_before", "pk")[:GROUP])


def _as_told(parked: Receipt) -> Told:
    return Told(
        carrier=parked.carrier,
        state=base.ReceiptState(parked.state),
        code=base.Cause(parked.code),
        billed=parked.billed,
        moments=[parked.at],
        counts=[1],
        carrier_ids=parked.carrier_id,
        references=parked.reference,
        operators=parked.operator,
    )


def changes_of(told: Sequence[Told], found: Sequence[Sequence[Span]]) -> list[Change]:
    """Tell what the messages that were found become: each is in one change.

    Of what is said of one, the first final word counts, or else the first word.
    """
    said = list(chain.from_iterable(map(_said_of, told, found)))
    ordered = sorted(said, key=itemgetter(0))
    if any(one[0] + one[1] > following[0] for one, following in pairwise(ordered)):
        ordered = _each_once(said)
    return list(_joined(ordered))


def _said_of(each: Told, spans: Iterable[Span]) -> Iterator[_Said]:
    """Give what is said of each message that was found; nothing when that is nothing new."""
    status = STATUSES.get((each.state, each.billed))
    if status is None:
        return
    became = [(status, each.code.value or None, at) for at in each.moments]
    ends = list(accumulate(each.counts))
    for at, message_id, messages in spans:
        start, end = at, at + messages
        while start < end:
            moment = bisect_right(ends, start)
            upto = min(end, ends[moment])
            yield message_id + start - at, upto - start, became[moment]
            start = upto


def _each_once(said: Iterable[_Said]) -> list[_Said]:
    """Decide on each message by itself: of some, more than one thing is said."""
    final: dict[int, _Said] = {}
    provisional: dict[int, _Said] = {}
    for first_id, messages, became in sorted(said, key=lambda one: one[2][2]):
        decided = provisional if became[0] is Status.UNKNOWN else final
        for message_id in range(first_id, first_id + messages):
            decided.setdefault(message_id, (message_id, 1, became))
    return sorted((provisional | final).values(), key=itemgetter(0))


def _joined(ordered: Iterable[_Said]) -> Iterator[Change]:
    """Make one change of messages that follow each other and become the same."""
    first_id, end, became = 0, 0, None
    for message_id, messages, other in ordered:
        if message_id != end or (other is not became and other != became):
            if became:
                yield Change(first_id, *became, end - first_id)
            first_id, became = message_id, other
        end = message_id + messages
    if became:
        yield Change(first_id, *became, end - first_id)


def _park(told: Sequence[Told], found: Sequence[Sequence[Span]], *, now: datetime) -> None:
    """Keep what matched nothing, each by itself; one that is parked already is left alone.

    Sorted: two that park the same ones wait for each other at the same receipt.
    """
    unmatched = [
        (t.carrier, carrier_id, t.state.value, at, reference, t.code.value, t.billed, operator)
        for t, spans in zip(told, found, strict=True)
        for at, carrier_id, reference, operator in _unmatched(t, spans)
    ]
    bulk.insert_new(
        model=Receipt,
        columns=(
            "carrier", "carrier_id", "state", "at", "reference", "code", "billed", "operator",
        ),
        rows=sorted(unmatched),
        same={
            "received_at": now,
            "not_before": now + PAUSE,
            "outcome": ReceiptOutcome.WAITING.value,
        },
    )  # fmt: skip


def _unmatched(each: Told, spans: Sequence[Span]) -> Iterable[inbox.One]:
    """Give those that no message was found of."""
    left = bytearray(b"\1") * each.messages
    for at, _message_id, messages in spans:
        left[at : at + messages] = bytes(messages)
    return compress(each.each(), left) if any(left) else ()


def _settle_parked(
    parked: Sequence[Receipt], found: Sequence[Sequence[Span]], *, now: datetime
) -> None:
    """Let go of those that were applied; of the others, some have waited long enough."""
    if not parked:
        return
    matched = [r.pk for r, spans in zip(parked, found, strict=True) if spans]
    Receipt.objects.filter(pk__in=matched).delete()
    left = [r for r, spans in zip(parked, found, strict=True) if not spans]
    too_old = [r.pk for r in left if now - r.received_at > PATIENCE]
    if too_old:
        log.warning("%d receipts match no message", len(too_old))
    Receipt.objects.filter(pk__in=too_old).update(outcome=ReceiptOutcome.UNMATCHED)
    waiting = [r.pk for r in left if now - r.received_at <= PATIENCE]
    Receipt.objects.filter(pk__in=waiting).update(not_before=now + PAUSE)
