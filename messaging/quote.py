"""The quote: every recipient sized, priced and loaded, before anything is confirmed.

What is quoted is what is charged. A revision is loaded segment by segment (`segments`). Nothing of
a quote is visible in the history, and it lives 24 hours.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from accounts import retrying, tariff
from messaging import closing, doorbell, events, loading, segments
from messaging.models import (
    Batch,
    BatchCounter,
    Message,
    RefusedRow,
    Revision,
    RevisionState,
)
from messaging.recipients import optout

# How long a quote may be confirmed, and how long its loader may be silent before another takes
# over.
LIFETIME = timedelta(hours=24)
LOADER_SILENCE = timedelta(seconds=15)
EMPTIED_AT_ONCE = 100
# Quotes of up to this many rows are made while the customer waits.
AT_ONCE = 500


@retrying.on_deadlock
def load(*, revision: Revision, clock: Callable[[], datetime]) -> None:
    """Load a revision to its end. Stops quietly when another loader has taken over.

    `clock` is asked before each segment: a million rows take longer than one moment.
    """
    try:
        with loading.turn() as pause, loading.beside() as begin:
            loader = segments.Loader(revision, reserve=segments.reserve_ids)
            # Of what is being written, the oldest first: how to wait for its end.
            ends = deque([begin(lambda: None)])
            while True:
                prepared = loader.prepare()
                before = ends[-1]
                if len(ends) >= loading.WRITERS:
                    ends.popleft()()
                ends.append(begin(partial(loader.write, prepared, turn=before, now=clock())))
                if loader.is_through:
                    break
                time.sleep(pause)
            for end in ends:
                end()
    except segments.Overtaken:
        return
    revision.refresh_from_db()
    events.tell(
        "quote.loaded", revision=revision, messages=revision.messages, refused=revision.refused
    )


def begin(*, revision: Revision, now: datetime) -> None:
    """Have a new revision loaded: a short one at once, a long one by a worker."""
    if revision.rows_total <= AT_ONCE:
        load(revision=revision, clock=lambda: now)
    else:
        doorbell.ring(task="load", ids=[revision.pk], queue="imports")


def load_by_id(*, revision_id: int, clock: Callable[[], datetime]) -> None:
    """Load the revision with this id if it still waits for it."""
    revision = (
        Revision.objects.select_related("account", "campaign", "sender")
        .filter(pk=revision_id, state=RevisionState.QUOTING)
        .first()
    )
    if revision is not None:
        load(revision=revision, clock=clock)


def silent_loaders(*, now: datetime) -> list[int]:
    """Give the quotes whose loader has written nothing for too long."""
    return list(
        Revision.objects.filter(
            state=RevisionState.QUOTING, loaded_at__lt=now - LOADER_SILENCE
        ).values_list("pk", flat=True)
    )


def is_stale(*, revision: Revision, now: datetime) -> bool:
    """Tell whether what the quote rests on changed: tariff, opt-outs, or a day went by."""
    return (
        revision.quoted_at is None
        or now - revision.quoted_at > LIFETIME
        or revision.tariff_mark != tariff.mark()
        or revision.opt_out_mark != optout.mark(account_id=revision.account_id)
    )


def empty(*, revision: Revision) -> None:
    """Delete what a quote loaded; its words and sources stay. Part of the caller's transaction."""
    batches = Batch.objects.filter(revision=revision)
    for first, count in batches.values_list("first_message_id", "messages"):
        Message.objects.filter(pk__gte=first, pk__lt=first + count).delete()
    BatchCounter.objects.filter(batch__revision=revision).delete()
    batches.delete()
    RefusedRow.objects.filter(revision=revision).delete()


def drop(*, revision: Revision) -> bool:
    """Make a quote stale and empty it, unless it was confirmed. Part of a transaction.

    Batches are locked before the revision, as a confirmation does.
    """
    closing.lock_batches(revision_id=revision.pk)
    if not Revision.objects.filter(
        pk=revision.pk, state__in=[RevisionState.QUOTING, RevisionState.QUOTED]
    ).update(state=RevisionState.STALE):
        return False
    empty(revision=revision)
    return True


@retrying.on_deadlock
def expire(*, now: datetime) -> int:
    """Empty the quotes that may no longer be confirmed and mark them stale; give how many."""
    old = Revision.objects.filter(
        state=RevisionState.QUOTED, loaded_at__lt=now - LIFETIME
    ).values_list("pk", flat=True)[:EMPTIED_AT_ONCE]
    emptied = 0
    for pk in list(old):
        with transaction.atomic():
            emptied += drop(revision=Revision.objects.get(pk=pk))
    return emptied
