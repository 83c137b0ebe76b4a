"""Receipts: what the carrier says became of messages, stored first, applied in groups.

The first final receipt of a message wins; UNKNOWN and ACCEPTED are provisional. A receipt may come
before our own record of the hand-over, twice, late or out of order: one without a message is
parked for 72 hours. A push is stored as it was read and deleted once it is applied, which may
happen twice: what is applied again changes nothing.
"""

import hashlib
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby, repeat
from operator import attrgetter

import msgspec
import structlog
from django.db import transaction
from django.db.models import F

from accounts import retrying
from messaging import bulk, outcomes, references
from messaging.bulk import Change
from messaging.carrier import base
from messaging.models import Batch, Receipt, ReceiptOutcome, ReceiptPush, Revision, Status

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

# What a message became: status, reason and moment.
Became = tuple[Status, str | None, datetime]

_said = attrgetter("state", "code", "billed")


class Told(msgspec.Struct, frozen=True, array_like=True):
    """Receipts of a push, next to each other, that say the same of their messages.

    The inbox holds lists of these: thousands in a row say the same, which is read once. Each of
    `moments` is that of the next `counts` of them.
    """

    carrier: str
    state: base.ReceiptState
    code: base.Cause
    billed: bool
    moments: list[datetime]
    counts: list[int]
    carrier_ids: list[str]
    references: list[str]
    operators: list[str]


_CONTENT = msgspec.json.Decoder(list[Told])


def store(*, carrier: str, receipts: Sequence[base.Receipt], now: datetime) -> bool:
    """Put receipts into the inbox, together; the same again is left alone. Commits by itself.

    Tells whether a worker must be woken: not while an older push waits, because whoever applies
    that one looks again afterwards.
    """
    if not receipts:
        return False
    content = msgspec.json.encode(list(_told(receipts, carrier=carrier)))
    new = bulk.insert_one_new(
        model=ReceiptPush,
        values={
            "digest": hashlib.sha256(content).hexdigest(),
            "content": content.decode(),
            "receipts": len(receipts),
            "received_at": now,
        },
    )
    oldest = ReceiptPush.objects.order_by("pk").values_list("pk", flat=True).first()
    return new is None or new == oldest


def _told(receipts: Sequence[base.Receipt], *, carrier: str) -> Iterator[Told]:
    for (state, code, billed), alike in groupby(receipts, key=_said):
        rows = list(alike)
        moments = [(at, len(list(same))) for at, same in groupby(rows, key=attrgetter("at"))]
        yield Told(
            carrier=carrier,
            state=state,
            code=code,
            billed=billed,
            moments=[at for at, _count in moments],
            counts=[count for _at, count in moments],
            carrier_ids=[row.carrier_id for row in rows],
            references=[row.reference for row in rows],
            operators=[row.operator for row in rows],
        )


@retrying.on_deadlock
def apply_group(*, now: datetime) -> int:
    """Apply the next group of receipts; give how many there were."""
    started = time.monotonic()
    with transaction.atomic():
        pushes = _next_pushes()
        told = list(chain.from_iterable(_CONTENT.decode(push.content) for push in pushes))
        parked = _due_parked(now=now)
        all_told = [*told, *map(_as_told, parked)]
        ids = _message_ids(chain.from_iterable(each.references for each in all_told))
        _apply(all_told, ids, now=now)
        _park(told, ids, now=now)
        _settle_parked(parked, ids, now=now)
        ReceiptPush.objects.filter(pk__in=[push.pk for push in pushes]).delete()
    count = sum(push.receipts for push in pushes) + len(parked)
    if count:
        log.info(
            "receipts.applied",
            receipts=count,
            of_parked=len(parked),
            messages=len(ids),
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
        carrier_ids=[parked.carrier_id],
        references=[parked.reference],
        operators=[parked.operator],
    )


def _apply(told: Iterable[Told], ids: Mapping[str, int], *, now: datetime) -> None:
    final: dict[int, Became] = {}
    provisional: dict[int, Became] = {}
    for became, alike in sorted(_by_moment(told), key=lambda said: said[0][2]):
        found = provisional if became[0] is Status.UNKNOWN else final
        for reference in alike:
            if reference in ids:
                found.setdefault(ids[reference], became)
    outcomes.record(
        changes=list(_changes(provisional | final)),
        from_statuses=[Status.OPEN, Status.ACCEPTED, Status.UNKNOWN],
        now=now,
    )


def _by_moment(told: Iterable[Told]) -> Iterator[tuple[Became, list[str]]]:
    """Give what messages became, with their references; without what says nothing new."""
    for each in told:
        status = STATUSES.get((each.state, each.billed))
        if status is None:
            continue
        reason, first = each.code.value or None, 0
        for at, count in zip(each.moments, each.counts, strict=True):
            yield (status, reason, at), each.references[first : first + count]
            first += count


def _changes(became: Mapping[int, Became]) -> Iterator[Change]:
    """Make one change of messages that follow each other and became the same."""
    ordered = sorted(became)
    # In a row of ids, id and place grow alike.
    alike = groupby(enumerate(ordered), key=lambda at: (at[1] - at[0], became[at[1]]))
    for (_apart, said), group in alike:
        rows = list(group)
        yield Change(rows[0][1], *said, len(rows))


def _message_ids(references_told: Iterable[str]) -> dict[str, int]:
    """Find the message of each reference that names one of ours."""
    wanted = references.by_revision(references_told)
    found: dict[str, int] = {}
    revisions = Revision.objects.filter(
        campaign__uuid__in={campaign for campaign, _number in wanted}
    ).values_list("pk", "campaign__uuid", "number")
    for pk, campaign, number in revisions:
        if positions := wanted.get((campaign, number)):
            found |= _ids_in_revision(pk, positions)
    return found


def _ids_in_revision(revision_id: int, positions: Mapping[str, int]) -> dict[str, int]:
    lowest, highest = min(positions.values()), max(positions.values())
    batches = list(
        Batch.objects.filter(
            revision_id=revision_id,
            departed_at__isnull=False,
            first_position__lte=highest,
            first_position__gt=lowest - F("messages"),
        )
        .order_by("first_position")
        .values_list("first_position", "messages", "first_message_id")
    )
    starts = [first for first, _count, _id in batches]
    found = {}
    for text, position in positions.items():
        at = bisect_right(starts, position) - 1
        if at < 0:
            continue
        first, count, first_id = batches[at]
        if position < first + count:
            found[text] = first_id + position - first
    return found


def _park(told: Sequence[Told], ids: Mapping[str, int], *, now: datetime) -> None:
    """Keep what matched nothing, each by itself; one that is parked already is left alone.

    Sorted: two that park the same ones wait for each other at the same receipt.
    """
    unmatched = [
        (t.carrier, carrier_id, t.state.value, at, reference, t.code.value, t.billed, operator)
        for t in told
        for at, carrier_id, reference, operator in zip(
            chain.from_iterable(map(repeat, t.moments, t.counts)),
            t.carrier_ids,
            t.references,
            t.operators,
            strict=True,
        )
        if reference not in ids
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


def _settle_parked(parked: list[Receipt], ids: dict[str, int], *, now: datetime) -> None:
    """Let go of those that were applied; of the others, some have waited long enough."""
    matched = [r.pk for r in parked if r.reference in ids]
    Receipt.objects.filter(pk__in=matched).delete()
    left = [r for r in parked if r.reference not in ids]
    too_old = [r.pk for r in left if now - r.received_at > PATIENCE]
    if too_old:
        log.warning("%d receipts match no message", len(too_old))
    Receipt.objects.filter(pk__in=too_old).update(outcome=ReceiptOutcome.UNMATCHED)
    waiting = [r.pk for r in left if now - r.received_at <= PATIENCE]
    Receipt.objects.filter(pk__in=waiting).update(not_before=now + PAUSE)
