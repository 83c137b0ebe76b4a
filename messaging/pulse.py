"""The pulse of the platform: when the sweep last ran, and how old is what is due.

Every figure is the age of a row, so it tells whether work goes on, whatever processes say of
themselves. Each is the first row of an index that the sweep or the inbox uses anyway. Limits and
what to do about them: docs/operations.md.
"""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from messaging.models import (
    Batch,
    BatchState,
    HandOver,
    HandOverState,
    Heartbeat,
    Receipt,
    ReceiptOutcome,
    ReceiptPush,
    Revision,
    RevisionState,
)

SWEEP = "sweep"
# The row of the sweep is written no more often.
EVERY = timedelta(seconds=5)


def beat(*, now: datetime) -> None:
    """Note that a sweep came to its end, unless that was noted a moment ago."""
    last = Heartbeat.objects.filter(name=SWEEP).values_list("at", flat=True).first()
    if last is None:
        Heartbeat.objects.bulk_create([Heartbeat(name=SWEEP, at=now)], ignore_conflicts=True)
    elif last <= now - EVERY:
        Heartbeat.objects.filter(name=SWEEP, at=last).update(at=now)


def last_beat() -> datetime | None:
    """Give the moment of the last sweep that was noted; None before the first."""
    return Heartbeat.objects.filter(name=SWEEP).values_list("at", flat=True).first()


def oldest_due_batch(*, now: datetime) -> datetime | None:
    """Give since when the oldest batch that should have left is due."""
    due = Batch.objects.filter(state=BatchState.SCHEDULED, not_before__lte=now)
    return due.order_by("not_before").values_list("not_before", flat=True).first()


def oldest_single(*, now: datetime) -> datetime | None:
    """Give since when the oldest hand-over of one message waits.

    Looks at waiting hand-overs at most: one for 500 messages.
    """
    return _oldest_of(_waiting(now).filter(first_message_id=F("last_message_id")))


def oldest_of_several(*, now: datetime) -> datetime | None:
    """Give since when the oldest hand-over of several messages waits.

    Told apart from single ones: a large campaign waits its turn for minutes, a person does not.
    """
    return _oldest_of(_waiting(now).filter(first_message_id__lt=F("last_message_id")))


def _waiting(now: datetime) -> QuerySet[HandOver]:
    return HandOver.objects.filter(state=HandOverState.READY, not_before__lte=now)


def _oldest_of(waiting: QuerySet[HandOver]) -> datetime | None:
    return waiting.order_by("not_before").values_list("not_before", flat=True).first()


def oldest_ended_lease(*, now: datetime) -> datetime | None:
    """Give since when a claim waits for somebody to find out what became of it."""
    ended = HandOver.objects.filter(state=HandOverState.CLAIMED, lease_until__lte=now)
    return ended.order_by("lease_until").values_list("lease_until", flat=True).first()


def oldest_receipt(*, now: datetime) -> datetime | None:
    """Give since when the oldest receipt could be applied; a parked one waits by intention."""
    parked = Receipt.objects.filter(outcome=ReceiptOutcome.WAITING, not_before__lte=now)
    oldest = (
        ReceiptPush.objects.order_by("pk").values_list("received_at", flat=True).first(),
        parked.order_by("not_before", "id").values_list("not_before", flat=True).first(),
    )
    return min((moment for moment in oldest if moment), default=None)


def most_silent_quote(*, now: datetime) -> datetime | None:
    """Give when the loader of a quote wrote for the last time: of all, the one longest ago."""
    quoting = Revision.objects.filter(state=RevisionState.QUOTING, loaded_at__lte=now)
    return quoting.order_by("loaded_at").values_list("loaded_at", flat=True).first()
