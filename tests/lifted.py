"""Ways around the triggers that refuse to change credit entries and the trail, for tests alone.

A test that plants a violation lifts them itself. Emptying the tables after a test with real
transactions lifts them too. Where there are no triggers (SQLite), both do nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations

TABLES = ("accounts_creditentry", "accounts_trailentry", "senders_decision")


@contextmanager
def append_only_lifted() -> Iterator[None]:
    """Let entries be changed and removed, in one transaction; afterwards it is refused again.

    Outside a transaction what was planted is committed at the end. Foreign keys are checked at
    both ends: with their checks still to come no trigger could be switched.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        _switch("DISABLE")
        yield
        _switch("ENABLE ALWAYS")


def _switch(to: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in _switches(to):
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _switches(to: str) -> list[str]:
    return [f"ALTER TABLE {table} {to} TRIGGER append_only" for table in TABLES]


@contextmanager
def flush_lifts() -> Iterator[None]:
    """Let Django empty the tables between tests, as one transaction that restores the triggers."""
    kind: type[BaseDatabaseOperations] = type(connection.ops)
    original = kind.sql_flush

    def sql_flush(
        self: BaseDatabaseOperations, style: Any, tables: Sequence[str], **options: bool
    ) -> list[str]:
        statements = original(self, style, tables, **options)
        if self.connection.vendor != "postgresql" or not set(TABLES) & set(tables):
            return statements
        return [*_switches("DISABLE"), *statements, *_switches("ENABLE ALWAYS")]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "sql_flush", sql_flush)
        yield
