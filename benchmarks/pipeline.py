"""The campaign on its way: quoted, confirmed, left, handed over and receipted, by the clock.

Only asks the database how far the workers are; the work is theirs. Times are seconds of the wall.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, Min, QuerySet, Sum
from django.utils import timezone

from benchmarks.scene import Scene
from messaging import campaigns, quote
from messaging.models import BatchCounter, HandOver, Revision, RevisionState, Status

# Whoever looks takes from what is measured, and whoever looks late adds to it. So it is looked for
# after half of the time left at this pace, but after so many seconds at least, and at most after
# these or this part of the time it took so far.
SHORTEST, LONGEST, SHARE = 0.004, 0.01, 0.02
# Without a step forward for so long it is stuck (seconds).
PATIENCE = 120.0
# Tells how much is left to be done.
Look = Callable[[], int]
NOT_FINAL = [Status.OPEN, Status.ACCEPTED, Status.UNKNOWN]


class Stuck(Exception):
    """Nothing moved for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds: quote and confirm by themselves; the other two overlap and begin after confirm.

    `hand_over` ends with the last answer of the carrier. `receipts` lasts from its first answer to
    the last final status, `whole` from the start of the quote to there.
    """

    quote: float
    confirm: float
    hand_over: float
    receipts: float
    whole: float


def run(*, scene: Scene, revision: Revision) -> Times:
    """Send the campaign and return once every message is final. Raises Stuck."""
    unquoted, not_final = _unquoted(revision), _not_final(revision)
    start = time.monotonic()
    quote.begin(revision=revision, now=timezone.now())
    _follow(unquoted)
    quoted = time.monotonic()
    revision.refresh_from_db()
    campaigns.confirm(
        revision=revision,
        by=scene.user,
        total_hundredths=revision.total_hundredths,
        now=timezone.now(),
    )
    confirmed, confirmed_at = time.monotonic(), timezone.now()
    _follow(not_final)
    end, ended_at = time.monotonic(), timezone.now()
    answered = HandOver.objects.filter(batch__revision=revision).aggregate(
        first=Min("answered_at"), last=Max("answered_at")
    )
    return Times(
        quote=quoted - start,
        confirm=confirmed - quoted,
        hand_over=(answered["last"] - confirmed_at).total_seconds(),
        receipts=(ended_at - answered["first"]).total_seconds(),
        whole=end - start,
    )


def _unquoted(revision: Revision) -> Look:
    rows = Revision.objects.filter(pk=revision.pk).exclude(state=RevisionState.QUOTED)
    ask = _asking(rows.values_list("rows_total", "rows_loaded"))
    # The last row is not the end yet.
    return lambda: sum(total - loaded + 1 for total, loaded in ask())


def _not_final(revision: Revision) -> Look:
    counters = BatchCounter.objects.filter(batch__revision=revision, status__in=NOT_FINAL)
    ask = _asking(counters.values("batch__revision").annotate(n=Sum("messages")).values_list("n"))
    return lambda: sum(n for (n,) in ask())


def _asking(rows: QuerySet[Any, Any]) -> Callable[[], list[tuple[Any, ...]]]:
    """Write a question once: written anew each time it takes ten times as long as its answer."""
    sql, values = rows.query.sql_with_params()

    def ask() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    return ask


def _follow(look: Look) -> None:
    """Look again and again until nothing is left; that must become less now and then."""
    start = since = time.monotonic()
    left, pause = look(), LONGEST
    while left:
        time.sleep(pause)
        still, now = look(), time.monotonic()
        pause = max(LONGEST, SHARE * (now - start))
        if still != left:
            ends = still * (now - since) / abs(left - still)
            pause = min(max(ends / 2, SHORTEST), pause)
            left, since = still, now
        elif now - since > PATIENCE:
            raise Stuck
