"""Receipts: what the carrier says became of messages, stored first, applied in groups.

The first final receipt of a message wins; UNKNOWN and ACCEPTED are provisional. A receipt may come
before our own record of the hand-over, twice, late or out of order: one without a message is
parked for 72 hours. What changed its message, or could no longer, is deleted.
"""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from accounts import retrying
from messaging import bulk, outcomes, references
from messaging.bulk import Change
from messaging.carrier import base
from messaging.models import Batch, Receipt, ReceiptOutcome, Revision, Status
from messaging.references import Reference

log = structlog.stdlib.get_logger(__name__)

GROUP = 2_000
OPERATOR_LENGTH = 40
# A receipt that matches nothing is tried again after a pause, and kept so long in all.
PAUSE = timedelta(seconds=10)
PATIENCE = timedelta(hours=72)

STATUSES = {
    base.ReceiptState.DELIVERED: Status.DELIVERED,
    base.ReceiptState.FAILED: Status.FAILED,
    base.ReceiptState.EXPIRED: Status.EXPIRED,
    base.ReceiptState.REJECTED: Status.REJECTED,
    base.ReceiptState.UNKNOWN: Status.UNKNOWN,
}


@retrying.on_deadlock
def store(*, receipts: Iterable[base.Receipt], now: datetime) -> None:
    """Put receipts into the inbox; one that is there already is left alone.

    Sorted: two that store the same ones wait for each other at the same receipt.
    """
    by_carrier: defaultdict[str, list[base.Receipt]] = defaultdict(list)
    for receipt in sorted(receipts, key=lambda r: (r.carrier, r.carrier_id, r.state, r.at)):
        by_carrier[receipt.carrier].append(receipt)
    for carrier, told in by_carrier.items():
        bulk.insert_new(
            model=Receipt,
            columns=("carrier_id", "reference", "state", "code", "billed", "operator", "at"),
            rows=[
                (
                    r.carrier_id, r.reference, r.state.value, r.code.value, r.billed,
                    r.operator[:OPERATOR_LENGTH], r.at,
                )
                for r in told
            ],
            same={
                "carrier": carrier,
                "received_at": now,
                "not_before": now,
                "outcome": ReceiptOutcome.WAITING.value,
            },
        )  # fmt: skip


class Waiting(NamedTuple):
    """What applying a receipt needs of its row; thousands are read at a time."""

    pk: int
    reference: str
    state: str
    code: str
    billed: bool
    at: datetime
    received_at: datetime


@retrying.on_deadlock
def apply_group(*, now: datetime) -> int:
    """Apply the next group of receipts; give how many there were."""
    started = time.monotonic()
    with transaction.atomic():
        waiting = (
            Receipt.objects.select_for_update(skip_locked=True)
            .filter(outcome=ReceiptOutcome.WAITING, not_before__lte=now)
            .order_by("not_before", "pk")
            .values_list(*Waiting._fields)
        )
        group = [Waiting(*row) for row in waiting[:GROUP]]
        ids = _message_ids(group)
        matched = [r for r in group if r.reference in ids]
        _apply(matched, ids, now=now)
        Receipt.objects.filter(pk__in=[r.pk for r in matched]).delete()
        _park([r for r in group if r.reference not in ids], now=now)
    if group:
        log.info(
            "receipts.applied",
            matched=len(matched),
            parked=len(group) - len(matched),
            duration_ms=round((time.monotonic() - started) * 1000),
        )
    return len(group)


def _apply(matched: list[Waiting], ids: dict[str, int], *, now: datetime) -> None:
    final: dict[int, Change] = {}
    provisional: dict[int, Change] = {}
    for receipt in sorted(matched, key=lambda r: (r.at, r.pk)):
        status = _status(receipt)
        if status is None:
            continue
        message_id = ids[receipt.reference]
        change = Change(
            message_id=message_id, status=status, reason=receipt.code or None, at=receipt.at
        )
        (final if status.is_final else provisional).setdefault(message_id, change)
    ends = list(final.values())
    others = [c for i, c in provisional.items() if i not in final]
    outcomes.record_steps(
        steps=[
            (Status.OPEN, [*ends, *others]),
            (Status.ACCEPTED, [*ends, *others]),
            (Status.UNKNOWN, ends),
        ],
        now=now,
    )


def _status(receipt: Waiting) -> Status | None:
    """Give the status a receipt stands for; None for one that says nothing new."""
    status = STATUSES.get(base.ReceiptState(receipt.state))
    if status is Status.REJECTED and not receipt.billed:
        return Status.NOT_BILLED
    return status


def _message_ids(group: list[Waiting]) -> dict[str, int]:
    """Find the message of each reference that names one of ours."""
    wanted: defaultdict[tuple[UUID, int], list[tuple[str, Reference]]] = defaultdict(list)
    for receipt in group:
        if reference := references.parse(receipt.reference):
            key = (reference.campaign, reference.revision)
            wanted[key].append((receipt.reference, reference))
    found: dict[str, int] = {}
    revisions = Revision.objects.filter(
        campaign__uuid__in={campaign for campaign, _number in wanted}
    ).values_list("pk", "campaign__uuid", "number")
    for pk, campaign, number in revisions:
        if names := wanted.get((campaign, number)):
            found |= _ids_in_revision(pk, names)
    return found


def _ids_in_revision(revision_id: int, names: list[tuple[str, Reference]]) -> dict[str, int]:
    batches = list(
        Batch.objects.filter(revision_id=revision_id, departed_at__isnull=False)
        .order_by("first_position")
        .values_list("first_position", "messages", "first_message_id")
    )
    starts = [first for first, _count, _id in batches]
    found = {}
    for text, reference in names:
        at = bisect_right(starts, reference.position) - 1
        if at < 0:
            continue
        first, count, first_id = batches[at]
        if reference.position < first + count:
            found[text] = first_id + reference.position - first
    return found


def _park(unmatched: list[Waiting], *, now: datetime) -> None:
    too_old = [r.pk for r in unmatched if now - r.received_at > PATIENCE]
    if too_old:
        log.warning("%d receipts match no message", len(too_old))
    Receipt.objects.filter(pk__in=too_old).update(outcome=ReceiptOutcome.UNMATCHED)
    Receipt.objects.filter(pk__in=[r.pk for r in unmatched if r.pk not in too_old]).update(
        not_before=now + PAUSE
    )
