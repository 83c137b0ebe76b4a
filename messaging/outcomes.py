"""What messages came to: the row, its counters and the money move together, or not at all.

Every change of a message's status goes through `record`. A refund is the sum of the prices of the
rows that this very statement moved, booked in the same transaction under a number from the batch,
so that running twice gives nothing back twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F

from accounts import ledger
from accounts.models import EntryKind
from messaging import bulk
from messaging.bulk import Change, Moved
from messaging.models import Batch, Status

log = structlog.stdlib.get_logger(__name__)


def record(
    *, changes: Sequence[Change], from_statuses: Sequence[Status], now: datetime
) -> list[Moved]:
    """Move the messages that still have one of `from_statuses`; count and refund them.

    Part of the caller's transaction. Locks messages by id, then batches by id, then accounts.
    """
    moved: list[Moved] = []
    left = list(changes)
    for from_status in from_statuses:
        step = bulk.move_messages(changes=left, from_status=from_status)
        bulk.count_moves(moved=step, from_status=from_status)
        moved += step
        done = {m.message_id for m in step}
        left = [c for c in left if c.message_id not in done]
    _refund(moved, now=now)
    return moved


def close_range(
    *, first_id: int, last_id: int, status: Status, reason: str | None, now: datetime
) -> list[Moved]:
    """Give every open message of a range of ids the same status."""
    return record(
        changes=[
            Change(message_id=i, status=status, reason=reason, at=now)
            for i in range(first_id, last_id + 1)
        ],
        from_statuses=[Status.OPEN],
        now=now,
    )


def refund_batch(*, batch_id: int, amount_hundredths: int, now: datetime) -> None:
    """Give credits of a batch back, under the next number of its refunds."""
    if amount_hundredths == 0:
        return
    Batch.objects.filter(pk=batch_id).update(refunds=F("refunds") + 1)
    number, account_id = Batch.objects.values_list("refunds", "account_id").get(pk=batch_id)
    ledger.refund(
        account_id=account_id,
        amount_hundredths=amount_hundredths,
        kind=EntryKind.REFUND,
        reference=f"batch:{batch_id}:{number}",
        actor=None,
        now=now,
    )
    transaction.on_commit(
        partial(
            log.info,
            "credits.refunded",
            account_id=account_id,
            batch=batch_id,
            refund=number,
            amount_hundredths=amount_hundredths,
        )
    )


def _refund(moved: Iterable[Moved], *, now: datetime) -> None:
    sums: defaultdict[int, int] = defaultdict(int)
    for m in moved:
        if m.status.is_refunded:
            sums[m.batch_id] += m.price_hundredths
    for batch_id, amount in sorted(sums.items()):
        refund_batch(batch_id=batch_id, amount_hundredths=amount, now=now)
