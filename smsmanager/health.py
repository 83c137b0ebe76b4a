"""Health and readiness: is this process of use, and does the work of the platform go on?

`/healthz` answers for the process alone and asks nobody: it decides whether to restart it.
`/readyz` judges by progress: the age of the oldest row of each kind that is due, beside its limit.
Neither tells strangers anything of a customer. Members are told when messages leave late.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Protocol

from django.core.cache import caches
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from messaging import pulse
from replies import inbound
from senders import notices

# Members are told about lateness beyond this, and the answer is kept so long.
NOTICED = timedelta(seconds=30)
KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How old the oldest row of a kind is; no age where it ought to have one is late too."""

    age: timedelta | None
    limit: timedelta

    @property
    def is_late(self) -> bool:
        """Whether it is older than it may be."""
        return self.age is None or self.age > self.limit

    def as_json(self) -> dict[str, object]:
        """Give the figures in seconds."""
        return {
            "age_seconds": None if self.age is None else round(self.age.total_seconds(), 1),
            "limit_seconds": self.limit.total_seconds(),
            "status": "late" if self.is_late else "ok",
        }


class Oldest(Protocol):
    """Gives since when the oldest row of a kind is due at `now`."""

    def __call__(self, *, now: datetime) -> datetime | None:
        """Ask the database."""


# What is due, and how old it may grow. docs/operations.md says what each means.
DUE: dict[str, tuple[timedelta, Oldest]] = {
    "batches": (timedelta(seconds=60), pulse.oldest_due_batch),
    "hand_overs_single": (timedelta(seconds=30), pulse.oldest_single),
    "hand_overs": (timedelta(minutes=15), pulse.oldest_of_several),
    "leases": (timedelta(seconds=60), pulse.oldest_ended_lease),
    "receipts": (timedelta(minutes=5), pulse.oldest_receipt),
    "replies": (timedelta(minutes=5), inbound.oldest_waiting),
    "quotes": (timedelta(minutes=5), pulse.most_silent_quote),
    "notices": (timedelta(minutes=5), notices.oldest_owed),
}
BEAT_LIMIT = timedelta(seconds=30)


@require_safe
@never_cache
def health_detail(_request: HttpRequest) -> HttpResponse:
    """Answer, which is all there is to say."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readiness_detail(_request: HttpRequest) -> HttpResponse:
    """Answer 200 with the figures, or 503 when one is late or the database is away or behind."""
    try:
        missing = migrations_missing()
        found = figures(now=timezone.now()) if not missing else {}
    except DatabaseError:
        return _answer(is_late=True, database="away")
    return _answer(
        is_late=bool(missing) or any(f.is_late for f in found.values()),
        database="ok",
        migrations_missing=missing,
        figures={name: f.as_json() for name, f in found.items()},
    )


def figures(*, now: datetime) -> dict[str, Figure]:
    """Give the age of the sweep's last beat and of the oldest due row of each kind."""
    at = pulse.last_beat()
    beat = Figure(age=None if at is None else _age(at, now=now), limit=BEAT_LIMIT)
    return {"beat": beat} | {
        name: Figure(age=_age(oldest(now=now), now=now), limit=limit)
        for name, (limit, oldest) in DUE.items()
    }


def migrations_missing() -> int:
    """Count the migrations of this code that the database has not seen."""
    return len(_known_migrations() - set(MigrationRecorder(connection).applied_migrations()))


def messages_leave_late(*, now: datetime) -> bool:
    """Tell members whether what is due leaves late; asked of the database every few seconds.

    Kept in this process, not in Redis, which may be what is away. A platform whose workers were
    never started is late once something is due.
    """
    kept = caches["process"]
    known: bool | None = kept.get("messages_leave_late")
    if known is None:
        moments = [
            pulse.last_beat(),
            pulse.oldest_due_batch(now=now),
            pulse.oldest_single(now=now),
        ]
        known = any(_age(at, now=now) > NOTICED for at in moments)
        kept.set("messages_leave_late", known, KEPT_SECONDS)
    return known


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _age(at: datetime | None, *, now: datetime) -> timedelta:
    return timedelta(0) if at is None else max(now - at, timedelta(0))


def _answer(*, is_late: bool, **facts: object) -> JsonResponse:
    return JsonResponse(
        {"status": "late" if is_late else "ok", **facts},
        status=HTTPStatus.SERVICE_UNAVAILABLE if is_late else HTTPStatus.OK,
    )
