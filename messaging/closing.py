"""Closing: hand-overs that will never be handed over, batches and revisions that are through.

Every function is safe to run again at any moment. Locks go from hand-over to messages, batch,
revision and account, as everywhere.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts import retrying
from messaging import hand_overs, outcomes
from messaging.models import (
    Batch,
    BatchState,
    HandOver,
    HandOverState,
    Status,
)

# Hand-overs of a cancelled revision that are closed in one go, about half a second: somebody
# waits for the page.
SETTLED_AT_ONCE = 20


@retrying.on_deadlock
def settle_cancelled(*, revision_id: int, now: datetime) -> None:
    """Close the next hand-overs of a cancelled revision that wait, or itself if none is left.

    Safe to run again at any moment; the sweep does, until all is settled.
    """
    waiting = HandOver.objects.filter(
        batch__revision=revision_id, batch__cancel_requested=True, state=HandOverState.READY
    ).order_by("pk")
    for hand_over_id in list(waiting.values_list("pk", flat=True)[:SETTLED_AT_ONCE]):
        with transaction.atomic():
            close_hand_over(
                hand_over_id=hand_over_id, status=Status.CANCELLED, reason=None, now=now
            )
    for batch_id in list(
        Batch.objects.filter(revision=revision_id, state=BatchState.LEAVING)
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        with transaction.atomic():
            finish_batch(batch_id=batch_id)
    with transaction.atomic():
        hand_overs.mark_through(revision_id=revision_id)


def lock_batches(*, revision_id: int) -> list[Batch]:
    """Lock the batches of a revision by id, and give them as they are then.

    Not against foreign keys: whoever counts an outcome of a batch must not wait for it.
    """
    batches = Batch.objects.select_for_update(no_key=True).filter(revision=revision_id)
    return list(batches.order_by("pk"))


def close_hand_over(
    *, hand_over_id: int, status: Status, reason: str | None, now: datetime
) -> bool:
    """Close a hand-over that waits; its open messages get `status`. Part of a transaction."""
    if not HandOver.objects.filter(pk=hand_over_id, state=HandOverState.READY).update(
        state=HandOverState.CLOSED, lease_until=None
    ):
        return False
    hand_over = HandOver.objects.get(pk=hand_over_id)
    outcomes.close_range(
        first_id=hand_over.first_message_id,
        last_id=hand_over.last_message_id,
        status=status,
        reason=reason,
        now=now,
    )
    return True


@retrying.on_deadlock
def finish_if_through(*, batch_id: int) -> None:
    """Finish a batch if no hand-over of it is open, without a lock if one is."""
    if not hand_overs.has_open(batch_id=batch_id):
        with transaction.atomic():
            finish_batch(batch_id=batch_id)


@retrying.on_deadlock
def finish_forgotten(*, most: int) -> None:
    """Finish batches that are through, but whose last hand-over was answered by one who died."""
    is_open = HandOver.objects.filter(batch=OuterRef("pk"), state__in=hand_overs.OPEN)
    leaving = Batch.objects.filter(state=BatchState.LEAVING, closed_at__isnull=True)
    for batch_id in list(leaving.filter(~Exists(is_open)).values_list("pk", flat=True)[:most]):
        with transaction.atomic():
            finish_batch(batch_id=batch_id)


def finish_batch(*, batch_id: int) -> None:
    """Mark a leaving batch as LEFT once no hand-over of it is open. Part of a transaction."""
    state, revision_id = hand_overs.lock_batch(batch_id=batch_id)
    if state == BatchState.LEAVING:
        hand_overs.mark_left(batch_id=batch_id, revision_id=revision_id)
