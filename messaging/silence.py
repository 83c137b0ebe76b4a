"""Silence: messages the carrier took and said nothing more about.

A batch is closed once no message of it is open; after 72 hours of silence what is left is unknown:
provisional, charged, and still overtaken by a late receipt.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts import retrying
from messaging import outcomes
from messaging.models import Batch, BatchCounter, BatchState, Status
from messaging.models.delivery import HAND_OVER_SIZE

PATIENCE = timedelta(hours=72)


def close_quiet_batches(*, now: datetime, most: int) -> int:
    """Close up to `most` batches that have nothing open, or that were silent for too long."""
    still_open = BatchCounter.objects.filter(
        batch=OuterRef("pk"), status__in=[Status.OPEN, Status.ACCEPTED], messages__gt=0
    )
    through = Batch.objects.filter(state=BatchState.LEFT, closed_at__isnull=True)
    done = through.filter(~Exists(still_open)).values_list("pk", flat=True)[:most]
    closed = Batch.objects.filter(pk__in=list(done)).update(closed_at=now)
    silent = through.filter(departed_at__lt=now - PATIENCE).order_by("departed_at")
    for batch in silent[:most]:
        _call_unknown(batch, now=now)
        closed += 1
    return closed


@retrying.on_deadlock
def _call_unknown(batch: Batch, *, now: datetime) -> None:
    end = batch.first_message_id + batch.messages
    for first in range(batch.first_message_id, end, HAND_OVER_SIZE):
        with transaction.atomic():
            outcomes.close_range(
                first_id=first,
                last_id=min(first + HAND_OVER_SIZE, end) - 1,
                status=Status.UNKNOWN,
                reason="silence",
                now=now,
            )
    Batch.objects.filter(pk=batch.pk, closed_at__isnull=True).update(closed_at=now)
