"""What messages came to: the row, its counters and the money move together, or not at all.

Every change of a message's status goes through `record`. A refund is the sum of the prices of the
rows that this very statement moved, booked in the same transaction under a number from the batch,
so that running twice gives nothing back twice.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F

from accounts import ledger
from accounts.models import EntryKind
from messaging import bulk, counters
from messaging.bulk import Change, Moved
from messaging.models import Batch, Status

log = structlog.stdlib.get_logger(__name__)

# What a statement moved, with the status it had.
Moves = list[tuple[Status, Moved]]


def record(*, changes: Sequence[Change], from_statuses: Sequence[Status], now: datetime) -> int:
    """Move the messages that still have one of `from_statuses`; count and refund them.

    Gives how many it moved. Part of the caller's transaction. Locks all the messages before the
    first counter, then batches by id, then accounts by id: call it once per transaction.
    """
    moves = move(changes=changes, from_statuses=from_statuses)
    give_back(moves=moves, now=now)
    return sum(moved.messages for _from, moved in moves)


def move(*, changes: Sequence[Change], from_statuses: Sequence[Status]) -> Moves:
    """Move and count as `record` does, and give what is to be refunded before the commit."""
    moves: Moves = []
    if not changes:
        return moves
    done, all_of_them = 0, sum(c.messages for c in changes)
    for from_status in from_statuses:
        # Mostly all of them moved in the first round.
        if done == all_of_them:
            break
        wanted = [c for c in changes if c.status is not from_status]
        for moved in bulk.move_messages(changes=wanted, from_status=from_status):
            moves.append((from_status, moved))
            done += moved.messages
    counters.carry(moves=moves)
    return moves


def give_back(*, moves: Moves, now: datetime) -> None:
    """Refund what was moved: the accounts are locked here, after everything else."""
    sums: defaultdict[int, int] = defaultdict(int)
    for _from, moved in moves:
        if moved.status.is_refunded:
            sums[moved.batch_id] += moved.price_hundredths
    refund_batches(sums=sums, now=now)


def close_range(
    *, first_id: int, last_id: int, status: Status, reason: str | None, now: datetime
) -> int:
    """Give every open message of a range of ids the same status; tell how many there were."""
    return record(
        changes=[Change(first_id, status, reason, now, last_id - first_id + 1)],
        from_statuses=[Status.OPEN],
        now=now,
    )


def refund_batches(*, sums: Mapping[int, int], now: datetime) -> None:
    """Give hundredths back by batch id, each under the next number of the batch's refunds.

    All batches are locked before the first account: two refunds cannot wait for each other.
    """
    numbered = []
    for batch_id in sorted(i for i, amount in sums.items() if amount):
        Batch.objects.filter(pk=batch_id).update(refunds=F("refunds") + 1)
        number, account_id = Batch.objects.values_list("refunds", "account_id").get(pk=batch_id)
        numbered.append((account_id, batch_id, number))
    for account_id, batch_id, number in sorted(numbered):
        ledger.refund(
            account_id=account_id,
            amount_hundredths=sums[batch_id],
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
                amount_hundredths=sums[batch_id],
            )
        )
