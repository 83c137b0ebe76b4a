"""What this machine's database can do with the same rows, in the same run.

`copy` writes the loaded rows into a scratch copy of the table with the same indexes, in one go.
`floor` does all that must be written for them, from ready data: the rows in batches, one update of
each, the counters; on PostgreSQL over two connections, on SQLite, which has one writer, over one.
Each is the median of three tries. Scratch tables are dropped whatever happens.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, transaction

from messaging import bulk, pricing
from messaging.models import Message, Revision
from messaging.models.delivery import BATCH_SIZE

NAMES = ("id", "batch_id", *pricing.COLUMNS)
COLUMNS = ", ".join(NAMES)
TABLE, COUNTERS = "benchmark_message", "benchmark_counter"
CONNECTIONS = 2
TRIES = 3
GROUP = 2_000
AT = datetime(2027, 1, 1, tzinfo=UTC)
COUNT = (
    f"INSERT INTO {COUNTERS} (batch_id, status, n) VALUES (%s, 10, %s) "  # noqa: S608 (constant)
    f"ON CONFLICT (batch_id, status) DO UPDATE SET n = {COUNTERS}.n + excluded.n"
)

Ids = list[tuple[int, int]]


def measure(*, revision: Revision, directory: Path) -> tuple[float, float]:
    """Give the seconds of `copy` and of `floor`."""
    ranges = list(revision.batches.order_by("pk").values_list("first_message_id", "messages"))
    measured = _on_postgresql if bulk.is_postgresql() else _on_sqlite
    return measured(ranges, directory)


def _on_postgresql(ranges: Ids, directory: Path) -> tuple[float, float]:
    ready = directory / "rows.copy"
    low, high = min(r[0] for r in ranges), max(first + n for first, n in ranges)
    with ready.open("w", encoding="utf-8") as file, connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT {COLUMNS} FROM {Message._meta.db_table} "  # noqa: S608 (names)
            f"WHERE id >= {low} AND id < {high} ORDER BY id) TO STDOUT",
            file,
        )

    def copy() -> float:
        with _scratch(_postgresql_tables()), ready.open(encoding="utf-8") as file:
            return _timed(lambda: _copy(connection.connection, file))

    def floor() -> float:
        with _scratch(_postgresql_tables()), ready.open(encoding="utf-8") as file:
            return _timed(lambda: _in_threads(_FloorOfPostgresql(file, ranges)))

    return _usual(copy), _usual(floor)


def _postgresql_tables() -> list[str]:
    return [
        f"CREATE TABLE {TABLE} (LIKE {Message._meta.db_table} INCLUDING ALL)",
        f"ALTER TABLE {TABLE} SET (fillfactor = 50)",
        (
            f"CREATE TABLE {COUNTERS} (batch_id bigint, status smallint, n bigint, "
            "PRIMARY KEY (batch_id, status))"
        ),
    ]


def _copy(raw: Any, file: Any) -> None:
    with raw.cursor() as cursor:
        cursor.copy_expert(f"COPY {TABLE} ({COLUMNS}) FROM STDIN", file)


class _FloorOfPostgresql:
    """The work of one connection: batches of rows until there are none, then groups of updates."""

    def __init__(self, file: Any, ranges: Ids) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._groups = iter(
            [
                (number, list(range(start, min(start + GROUP, first + n))))
                for number, (first, n) in enumerate(ranges)
                for start in range(first, first + n, GROUP)
            ]
        )
        self._loaded = threading.Barrier(CONNECTIONS)

    def run(self) -> None:
        raw = connection.get_new_connection(connection.get_connection_params())
        try:
            while rows := self._next_rows():
                with raw:
                    _copy(raw, io.StringIO(rows))
            self._loaded.wait()
            while group := self._next_group():
                with raw:
                    self._update(raw, *group)
        finally:
            raw.close()

    def _next_rows(self) -> str:
        with self._lock:
            return "".join(islice(self._file, BATCH_SIZE))

    def _next_group(self) -> tuple[int, list[int]] | None:
        with self._lock:
            return next(self._groups, None)

    def _update(self, raw: Any, number: int, ids: list[int]) -> None:
        with raw.cursor() as cursor:
            cursor.execute(
                f"UPDATE {TABLE} m SET status = 10, status_at = %s "  # noqa: S608 (constant)
                "FROM unnest(%s::bigint[]) AS u(id) WHERE m.id = u.id",
                [AT, ids],
            )
            cursor.execute(COUNT, [number, len(ids)])


def _in_threads(work: _FloorOfPostgresql) -> None:
    threads = [threading.Thread(target=work.run, daemon=True) for _one in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _on_sqlite(ranges: Ids, directory: Path) -> tuple[float, float]:
    rows = [row for first, n in ranges for row in _rows_of(first, n)]
    insert = f"INSERT INTO {TABLE} ({COLUMNS}) VALUES ({', '.join(['%s'] * len(NAMES))})"  # noqa: S608 (names)

    def load() -> None:
        for start in range(0, len(rows), BATCH_SIZE):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(insert, rows[start : start + BATCH_SIZE])

    def load_and_update() -> None:
        load()
        for number, (first, n) in enumerate(ranges):
            for start in range(first, first + n, GROUP):
                ids = [(AT.isoformat(), i) for i in range(start, min(start + GROUP, first + n))]
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.executemany(
                        f"UPDATE {TABLE} SET status = 10, status_at = %s WHERE id = %s",  # noqa: S608 (constant)
                        ids,
                    )
                    cursor.execute(COUNT, [number, len(ids)])

    def on_scratch(work: Callable[[], None]) -> float:
        with _scratch(_sqlite_tables()):
            return _timed(work)

    return _usual(partial(on_scratch, load)), _usual(partial(on_scratch, load_and_update))


def _rows_of(first: int, n: int) -> list[tuple[Any, ...]]:
    found = Message.objects.filter(pk__gte=first, pk__lt=first + n).order_by("pk")
    return list(found.values_list(*NAMES))


def _sqlite_tables() -> list[str]:
    table = Message._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL "
            "ORDER BY type DESC",
            [table],
        )
        made = [
            sql.replace(f'"{table}"', TABLE).replace(f'"{name}"', f"{TABLE}_{number}")
            for number, (name, sql) in enumerate(cursor.fetchall())
        ]
    return [
        *made,
        f"CREATE TABLE {COUNTERS} (batch_id, status, n, PRIMARY KEY (batch_id, status))",
    ]


@contextmanager
def _scratch(statements: list[str]) -> Iterator[None]:
    drop = [f"DROP TABLE IF EXISTS {table}" for table in (TABLE, COUNTERS)]
    with connection.cursor() as cursor:
        for statement in (*drop, *statements):
            cursor.execute(statement)
        try:
            yield
        finally:
            for statement in drop:
                cursor.execute(statement)


def _usual(measured: Callable[[], float]) -> float:
    """Give the median of several tries: what lasts a third of a second differs by half."""
    return median(measured() for _try in range(TRIES))


def _timed(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start
