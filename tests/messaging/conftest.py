"""The carrier of these tests, and the rings that were given."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from messaging import doorbell
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Terms


@pytest.fixture
def carrier(tmp_path: Path, now: datetime) -> Iterator[InProcessCarrier]:
    """The simulated carrier, called without HTTP, with its delays at zero."""
    terms = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)
    made = InProcessCarrier(
        books=tmp_path / "books.sqlite3", terms=terms, honours_references=True, clock=lambda: now
    )
    yield made
    made.close()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Collect (task, row id) instead of waking a worker: here the ring itself is looked at."""
    given: list[tuple[str, int]] = []

    def note(task: str, ids: tuple[int, ...], queue: str, seconds: float | None) -> None:
        given.extend((task, i) for i in ids)

    monkeypatch.setattr(doorbell, "_publish", note)
    return given
