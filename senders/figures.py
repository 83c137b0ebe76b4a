"""How the desk does: how long decisions take, how many are in time, week by week and by person.

Only what people decided counts, not what the platform enabled by itself. Times are working time.
Reads only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from senders import promise
from senders.models import Decision

WEEKS = 12
# Beyond this the oldest are left out of the figures.
MOST = 50_000
# Of the chart, in its own units.
HEIGHT, WIDTH, GAP = 120, 36, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision, as the figures need it."""

    at: datetime
    promised_at: datetime | None
    worked: timedelta
    who: str

    @property
    def is_in_time(self) -> bool:
        """Whether the promise was kept; older than promises is in time."""
        return self.promised_at is None or self.at <= self.promised_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many were decided, how many of them in time, and the time in the middle."""

    name: str
    decided: int
    in_time: int
    median: timedelta

    @property
    def percent(self) -> int:
        """The share decided in time; a whole percent, 100 only if it was all."""
        return self.in_time * 100 // self.decided if self.decided else 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The decisions of a week, which begins on a Monday."""

    begins: date
    in_time: int
    late: int

    @property
    def decided(self) -> int:
        """How many in all."""
        return self.in_time + self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A week as a bar of a chart that is HEIGHT high: what was late stands on what was in time."""

    week: Week
    x: int
    in_time: int
    late: int

    @property
    def in_time_y(self) -> int:
        """Where the part in time begins, from above."""
        return HEIGHT - self.in_time

    @property
    def late_y(self) -> int:
        """Where the late part begins, from above."""
        return HEIGHT - self.in_time - self.late

    @property
    def middle(self) -> int:
        """Where words under the bar are centred."""
        return self.x + WIDTH // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The last WEEKS weeks, this one included."""

    whole: Share
    weeks: list[Week]
    people: list[Share]

    @property
    def most(self) -> int:
        """The decisions of the busiest week."""
        return max(week.decided for week in self.weeks)

    @property
    def bars(self) -> list[Bar]:
        """The weeks as bars; whatever is not nothing can be seen."""
        most = self.most or 1
        return [
            Bar(
                week=week,
                x=n * (WIDTH + GAP),
                in_time=-(-week.in_time * HEIGHT // most),
                late=-(-week.late * HEIGHT // most),
            )
            for n, week in enumerate(self.weeks)
        ]


def of(*, now: datetime) -> Figures:
    """Count the decisions of the last weeks."""
    today = now.astimezone(promise.ZONE).date()
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    since = datetime.combine(first, datetime.min.time(), promise.ZONE)
    found = _decided(since=since)
    by_person: defaultdict[str, list[Decided]] = defaultdict(list)
    for row in found:
        by_person[row.who].append(row)
    return Figures(
        whole=_share("", found),
        weeks=[_week(first + timedelta(weeks=n), found) for n in range(WEEKS)],
        people=[_share(who, rows) for who, rows in sorted(by_person.items())],
    )


def _decided(*, since: datetime) -> list[Decided]:
    rows = (
        Decision.objects.filter(at__gte=since, by__isnull=False)
        .order_by("-at")
        .values_list("at", "request__promised_at", "worked_seconds", "by__email")[:MOST]
    )
    return [
        Decided(at=at, promised_at=promised, worked=timedelta(seconds=worked), who=who or "")
        for at, promised, worked, who in rows
    ]


def _share(name: str, rows: Sequence[Decided]) -> Share:
    return Share(
        name=name,
        decided=len(rows),
        in_time=sum(row.is_in_time for row in rows),
        median=_middle([row.worked.total_seconds() for row in rows]),
    )


def _middle(seconds: list[float]) -> timedelta:
    return timedelta(seconds=median(seconds)) if seconds else timedelta()


def _week(begins: date, rows: Sequence[Decided]) -> Week:
    ends = begins + timedelta(weeks=1)
    mine = [r for r in rows if begins <= r.at.astimezone(promise.ZONE).date() < ends]
    in_time = sum(row.is_in_time for row in mine)
    return Week(begins=begins, in_time=in_time, late=len(mine) - in_time)
