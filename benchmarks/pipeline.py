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

# Looked for so often at first (seconds), later after each hundredth of the time it took: whoever
# looks takes from what is measured.
POLL = 0.02
SHARE = 0.01
# Without a step forward for so long it is stuck (seconds).
PATIENCE = 120.0
# Tells whether it is done, and what is seen of how far it is.
Look = Callable[[], tuple[bool, object]]
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
    is_quoted, is_final = _quoted(revision), _final(revision)
    start = time.monotonic()
    quote.begin(revision=revision, now=timezone.now())
    _follow(is_quoted)
    quoted = time.monotonic()
    revision.refresh_from_db()
    campaigns.confirm(
        revision=revision,
        by=scene.user,
        total_hundredths=revision.total_hundredths,
        now=timezone.now(),
    )
    confirmed, confirmed_at = time.monotonic(), timezone.now()
    _follow(is_final)
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


def _quoted(revision: Revision) -> Look:
    ask = _asking(Revision.objects.filter(pk=revision.pk).values_list("state", "rows_loaded"))

    def look() -> tuple[bool, object]:
        [found] = ask()
        return found[0] == RevisionState.QUOTED, found

    return look


def _final(revision: Revision) -> Look:
    counters = BatchCounter.objects.filter(batch__revision=revision, status__in=NOT_FINAL)
    ask = _asking(counters.values("batch__revision").annotate(n=Sum("messages")).values_list("n"))

    def look() -> tuple[bool, object]:
        waiting = sum(n for (n,) in ask())
        return not waiting, waiting

    return look


def _asking(rows: QuerySet[Any, Any]) -> Callable[[], list[tuple[Any, ...]]]:
    """Write a question once: written anew each time it takes ten times as long as its answer."""
    sql, values = rows.query.sql_with_params()

    def ask() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    return ask


def _follow(look: Look) -> None:
    """Look again and again until it is done; what is seen must change now and then."""
    seen: object = None
    start = since = time.monotonic()
    while True:
        done, now_seen = look()
        if done:
            return
        if now_seen != seen:
            seen, since = now_seen, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise Stuck
        time.sleep(max(POLL, SHARE * (time.monotonic() - start)))
