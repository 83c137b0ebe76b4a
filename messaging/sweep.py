"""The sweep: finds every row that is due, whatever became of its ring.

Runs every second; each step is a bounded query on an index made for it, and only rings. Losing the
broker loses time, never an SMS.
"""

from datetime import datetime

from django.db.models import F, Min

from messaging import closing, doorbell, pulse, quote
from messaging.models import (
    Batch,
    BatchState,
    HandOver,
    HandOverState,
    Revision,
    RevisionState,
)

# Rows rung for in one sweep and step; a ring ends soon after the next sweep rings again (seconds).
MOST = 50
ENDS = 2.0


def run(*, now: datetime) -> None:
    """Ring for all that is due."""
    _due_batches(now=now)
    _hand_overs(now=now)
    doorbell.ring(
        task="load", ids=quote.silent_loaders(now=now)[:MOST], queue="imports", seconds=ENDS
    )
    cancelling = Revision.objects.filter(state=RevisionState.CANCELLING)
    for pk in list(cancelling.values_list("pk", flat=True)[:MOST]):
        closing.settle_cancelled(revision_id=pk, now=now)
    # Last: a sweep that fails half-way is no sign of life.
    pulse.beat(now=now)


def _due_batches(*, now: datetime) -> None:
    due = Batch.objects.filter(state=BatchState.SCHEDULED, not_before__lte=now)
    for queue, rows in (("now", due.filter(messages=1)), ("bulk", due.filter(messages__gt=1))):
        # Whoever lets one leave goes on with the others of its revision.
        revisions = rows.values("revision_id").annotate(first=Min("pk"), oldest=Min("not_before"))
        ids = revisions.order_by("oldest").values_list("first", flat=True)[:MOST]
        doorbell.ring(task="leave", ids=list(ids), queue=queue, seconds=ENDS)


def _hand_overs(*, now: datetime) -> None:
    waiting = HandOver.objects.filter(
        state=HandOverState.READY, not_before__lte=now, valid_until__gt=now
    )
    single = waiting.filter(first_message_id=F("last_message_id")).order_by("not_before", "pk")
    ids = single.values_list("pk", flat=True)[:MOST]
    doorbell.ring(task="hand_over", ids=list(ids), queue="now", seconds=ENDS)
    several = waiting.filter(first_message_id__lt=F("last_message_id"))
    accounts = several.values("account_id").annotate(oldest=Min("not_before")).order_by("oldest")
    ids = accounts.values_list("account_id", flat=True)[:MOST]
    doorbell.ring(task="deliver", ids=list(ids), queue="bulk", seconds=ENDS)
    ended = HandOver.objects.filter(state=HandOverState.CLAIMED, lease_until__lte=now)
    doorbell.ring(
        task="recover",
        ids=list(ended.values_list("pk", flat=True)[:MOST]),
        queue="bulk",
        seconds=ENDS,
    )
    late = HandOver.objects.filter(state=HandOverState.READY, valid_until__lte=now)
    doorbell.ring(
        task="expire",
        ids=list(late.values_list("pk", flat=True)[:MOST]),
        queue="bulk",
        seconds=ENDS,
    )
