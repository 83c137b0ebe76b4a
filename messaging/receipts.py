"""Receipts: what the carrier says became of messages, stored first, applied in groups.

The first final receipt of a message wins; UNKNOWN and ACCEPTED are provisional. A receipt may come
before our own record of the hand-over, twice, late or out of order: one without a message is
parked for 72 hours. A push is stored as it was read and deleted once it is applied, which may
happen twice: what is applied again changes nothing.
"""

import hashlib
import time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

import msgspec
import structlog
from django.db import transaction

from accounts import retrying
from messaging import bulk, outcomes, references
from messaging.bulk import Change
from messaging.carrier import base
from messaging.models import Batch, Receipt, ReceiptOutcome, ReceiptPush, Revision, Status

log = structlog.stdlib.get_logger(__name__)

# About so many receipts are applied in one transaction, from so many pushes at most.
GROUP = 2_000
PUSHES = 20
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

_CONTENT = msgspec.json.Decoder(list[base.Receipt])


def store(*, receipts: Sequence[base.Receipt], now: datetime) -> None:
    """Put receipts into the inbox, together; the same again is left alone."""
    if not receipts:
        return
    content = msgspec.json.encode(receipts)
    ReceiptPush.objects.bulk_create(
        [
            ReceiptPush(
                digest=hashlib.blake2b(content, digest_size=32).hexdigest(),
                content=content.decode(),
                receipts=len(receipts),
                received_at=now,
            )
        ],
        ignore_conflicts=True,
    )


@retrying.on_deadlock
def apply_group(*, now: datetime) -> int:
    """Apply the next group of receipts; give how many there were."""
    started = time.monotonic()
    with transaction.atomic():
        pushes = _next_pushes()
        told = [receipt for push in pushes for receipt in _CONTENT.decode(push.content)]
        parked = _due_parked(now=now)
        ids = _message_ids([*(r.reference for r in told), *(r.reference for r in parked)])
        _apply([*told, *map(_as_told, parked)], ids, now=now)
        _park([r for r in told if r.reference not in ids], now=now)
        _settle_parked(parked, ids, now=now)
        ReceiptPush.objects.filter(pk__in=[push.pk for push in pushes]).delete()
    if told or parked:
        log.info(
            "receipts.applied",
            receipts=len(told) + len(parked),
            of_parked=len(parked),
            messages=len(ids),
            duration_ms=round((time.monotonic() - started) * 1000),
        )
    return len(told) + len(parked)


def _next_pushes() -> list[ReceiptPush]:
    """Lock the oldest pushes that make up a group."""
    waiting = ReceiptPush.objects.select_for_update(skip_locked=True).order_by("pk")
    chosen: list[int] = []
    receipts = 0
    for pk, count in waiting.values_list("pk", "receipts")[:PUSHES]:
        if chosen and receipts + count > GROUP:
            break
        chosen.append(pk)
        receipts += count
    return list(ReceiptPush.objects.filter(pk__in=chosen).order_by("pk"))


def _due_parked(*, now: datetime) -> list[Receipt]:
    """Lock the parked receipts whose pause is over."""
    waiting = Receipt.objects.select_for_update(skip_locked=True).filter(
        outcome=ReceiptOutcome.WAITING, not_before__lte=now
    )
    return list(waiting.order_by("not_before", "pk")[:GROUP])


def _as_told(parked: Receipt) -> base.Receipt:
    return base.Receipt(
        carrier=parked.carrier,
        carrier_id=parked.carrier_id,
        reference=parked.reference,
        state=base.ReceiptState(parked.state),
        code=base.Cause(parked.code),
        billed=parked.billed,
        operator=parked.operator,
        at=parked.at,
    )


def _apply(told: list[base.Receipt], ids: dict[str, int], *, now: datetime) -> None:
    final: dict[int, Change] = {}
    provisional: dict[int, Change] = {}
    for receipt in sorted(told, key=attrgetter("at")):
        status = STATUSES.get((receipt.state, receipt.billed))
        message_id = ids.get(receipt.reference)
        if status is None or message_id is None:
            continue
        found = provisional if status is Status.UNKNOWN else final
        if message_id not in found:
            reason = receipt.code.value or None
            found[message_id] = Change(message_id, status, reason, receipt.at)
    outcomes.record(
        changes=list((provisional | final).values()),
        from_statuses=[Status.OPEN, Status.ACCEPTED, Status.UNKNOWN],
        now=now,
    )


def _message_ids(told: Iterable[str]) -> dict[str, int]:
    """Find the message of each reference that names one of ours."""
    wanted = references.by_revision(told)
    found: dict[str, int] = {}
    revisions = Revision.objects.filter(
        campaign__uuid__in={campaign for campaign, _number in wanted}
    ).values_list("pk", "campaign__uuid", "number")
    for pk, campaign, number in revisions:
        if names := wanted.get((campaign, number)):
            found |= _ids_in_revision(pk, names)
    return found


def _ids_in_revision(revision_id: int, names: list[tuple[str, int]]) -> dict[str, int]:
    batches = list(
        Batch.objects.filter(revision_id=revision_id, departed_at__isnull=False)
        .order_by("first_position")
        .values_list("first_position", "messages", "first_message_id")
    )
    starts = [first for first, _count, _id in batches]
    found = {}
    for text, position in names:
        at = bisect_right(starts, position) - 1
        if at < 0:
            continue
        first, count, first_id = batches[at]
        if position < first + count:
            found[text] = first_id + position - first
    return found


def _park(unmatched: list[base.Receipt], *, now: datetime) -> None:
    """Keep what matched nothing, each by itself; one that is parked already is left alone.

    Sorted: two that park the same ones wait for each other at the same receipt.
    """
    unmatched.sort(key=lambda r: (r.carrier, r.carrier_id, r.state, r.at))
    bulk.insert_new(
        model=Receipt,
        columns=(
            "carrier", "carrier_id", "reference", "state", "code", "billed", "operator", "at",
        ),
        rows=[
            (
                r.carrier, r.carrier_id, r.reference, r.state.value, r.code.value, r.billed,
                r.operator, r.at,
            )
            for r in unmatched
        ],
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
