"""How long the pages of the history take: the newest, one in the middle, and the very last.

`fill` makes an account with any number of messages by SQL alone, as a campaign would leave them,
and `clear` takes them away without a trace: they were never charged.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from benchmarks import scene
from benchmarks.scene import Scene
from messaging import bulk, history
from messaging.models import (
    Batch,
    BatchCounter,
    BatchState,
    HandOver,
    HandOverState,
    Message,
    Revision,
    RevisionState,
    Status,
)
from messaging.models.delivery import BATCH_SIZE, HAND_OVER_SIZE

ROUNDS = 20
EVERYTHING = history.Filter(recipient=None, shown=None)
FILL = (
    f"INSERT INTO {Message._meta.db_table} (id, batch_id, recipient, country, operator, parts, "  # noqa: S608 (constants)
    "price_hundredths, status, status_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL "
    "SELECT i + 1 FROM n WHERE i + 1 < %s) SELECT %s + i, %s, '+3361' || (10000000 + %s + i), "
    "'FR', 'Orange', 1, 100, 10, %s FROM n"
)


def measure(*, made: Scene, revision: Revision) -> dict[str, float]:
    """Give milliseconds: the page's reading by itself, and whole pages over HTTP."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(made.user)
    url = reverse("messaging:message-list", args=[made.account.name])
    found = {}
    for name, cursor in _cursors(made, revision).items():
        read = partial(history.page, account_id=made.account.pk, wanted=EVERYTHING, cursor=cursor)
        found[f"history_{name}_page_ms"] = milliseconds(read)
        found[f"history_{name}_http_ms"] = milliseconds(
            partial(client.get, url, {"cursor": cursor})
        )
    return found


def fill(*, made: Scene, count: int, now: datetime) -> Revision:
    """Make `count` messages of the account that were delivered long ago."""
    revision = scene.compose(scene=made, count=0, now=now)
    Revision.objects.filter(pk=revision.pk).update(state=RevisionState.LEFT)
    for number, start in enumerate(range(0, count, BATCH_SIZE), start=1):
        size = min(BATCH_SIZE, count - start)
        first = bulk.reserve_ids(name="message", count=size)
        with transaction.atomic():
            _fill_batch(revision, number, first=first, start=start, size=size, now=now)
    if bulk.is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Message._meta.db_table}")
    return revision


def clear(*, revision: Revision) -> None:
    """Take away what `fill` made."""
    for batch in Batch.objects.filter(revision=revision).order_by("pk"):
        first, end = batch.first_message_id, batch.first_message_id + batch.messages
        with transaction.atomic():
            Message.objects.filter(pk__gte=first, pk__lt=end).delete()
            HandOver.objects.filter(batch=batch).delete()
            batch.delete()
    revision.delete()


def _fill_batch(
    revision: Revision, number: int, *, first: int, start: int, size: int, now: datetime
) -> None:
    departed = now - timedelta(minutes=number)
    batch = Batch.objects.create(
        account_id=revision.account_id, revision=revision, number=number, first_message_id=first,
        first_position=start + 1, messages=size, source_position=start + size, parts=size,
        price_hundredths=100 * size, state=BatchState.LEFT, not_before=departed,
        departed_at=departed, closed_at=departed,
    )  # fmt: skip
    BatchCounter.objects.create(
        batch=batch, status=Status.DELIVERED, country="FR", operator="Orange", messages=size,
        parts=size, price_hundredths=100 * size,
    )  # fmt: skip
    HandOver.objects.bulk_create(
        HandOver(
            account_id=revision.account_id, batch=batch, first_message_id=low,
            last_message_id=min(low + HAND_OVER_SIZE, first + size) - 1,
            state=HandOverState.ANSWERED, attempt=1, not_before=departed, valid_until=now,
            claimed_at=departed, answered_at=departed,
        )
        for low in range(first, first + size, HAND_OVER_SIZE)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FILL, [size, first, batch.pk, start, departed])


def _cursors(made: Scene, revision: Revision) -> dict[str, str]:
    """Name the pages: of the far one, fewer than a page of messages is older."""
    batches = list(
        Batch.objects.filter(revision=revision)
        .order_by("departed_at", "pk")
        .only("first_position", "messages")
    )
    spots = {
        "middle": batches[len(batches) // 2].first_position,
        "far": batches[0].first_position + min(history.PAGE, batches[0].messages - 1),
    }
    cursors = {"first": ""}
    for name, position in spots.items():
        line = history.line(
            account_id=made.account.pk, campaign=revision.campaign.uuid,
            revision=revision.number, position=position,
        )  # fmt: skip
        assert line is not None  # noqa: S101 (it was just read)
        cursors[name] = history.cursor_at(line, backwards=False)
    return cursors


def milliseconds(read: Callable[[], object]) -> float:
    """Give the median of some rounds, after one that warms up."""
    read()
    taken = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        read()
        taken.append(1_000 * (time.perf_counter() - start))
    return median(taken)
