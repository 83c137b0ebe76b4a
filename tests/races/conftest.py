"""Races need a database that lets two write at once: on SQLite they are left out, and that is said.

Workers are the threads of the test itself, so no doorbell rings.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from messaging import doorbell
from tests.races.noting import NotingCarrier

HERE = Path(__file__).parent
LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the races out unless the database is PostgreSQL."""
    if connection.vendor == "postgresql":
        return
    races = [item for item in items if item.path.is_relative_to(HERE)]
    if races:
        config.stash[LEFT_OUT] = len(races)
        config.hook.pytest_deselected(items=races)
        items[:] = [item for item in items if not item.path.is_relative_to(HERE)]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out."""
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"Not run here: {count} races, which need DATABASE_URL to name a PostgreSQL server."
        )


@pytest.fixture(autouse=True)
def _light_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody waits for the disk: who sees whose commit is the same, and rounds are many.
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off")
    connection.close()


@pytest.fixture(autouse=True)
def _no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_publish", lambda task, ids, queue, seconds: None)
    monkeypatch.setattr(doorbell, "_publish_once", lambda task, queue: None)


@pytest.fixture
def carrier(now: datetime) -> Iterator[NotingCarrier]:
    """A carrier that enters whatever it is given, twice if it is given twice."""
    made = NotingCarrier(books=":memory:", now=now + timedelta(seconds=1))
    yield made
    made.close()
