"""Many rows at once: the only module that knows which database it talks to.

PostgreSQL takes COPY and arrays, SQLite `executemany` and JSON. `unnest` only feeds an UPDATE by
ranges of ids, with its plan pinned: whatever is joined with it gets bad plans on tables without
statistics. Driver errors come out as Django's. COPY refuses NUL and lone surrogates, SQLite hides
them, so both are refused at the doors, long before they get here.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from messaging import copytext
from messaging.models import IdBlock, Message, Status

# What is summed of moved messages, and how.
_SUMMED = "m.batch_id, m.status, m.country, m.operator, m.parts, m.price_hundredths"
_SUMS = "batch_id, status, country, operator, count(*), sum(parts), sum(price_hundredths)"
# Pins a join by ranges of ids to the primary key until the transaction ends: how many rows a range
# has nobody can guess, and the wrong guess reads the whole table once for each, or compiles first.
_BY_KEY = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off;"


class Change(NamedTuple):
    """What a message is to become, and those with the ids after it, `messages` in all."""

    message_id: int
    status: Status
    reason: str | None
    at: datetime
    messages: int = 1


class Moved(NamedTuple):
    """What a statement moved to `status`, summed as counters and refunds need it."""

    batch_id: int
    status: Status
    country: str
    operator: str
    messages: int
    parts: int
    price_hundredths: int


class Packed(NamedTuple):
    """Rows ready to be inserted: as the text of COPY, or as they are."""

    columns: tuple[str, ...]
    content: bytes | list[tuple[Any, ...]]


def is_postgresql() -> bool:
    """Tell whether rows go in with COPY."""
    return connection.vendor == "postgresql"


def reserve_ids(*, name: str, count: int) -> int:
    """Reserve `count` ids in a row and return the first.

    Call it before the transaction that uses them, so that nobody waits for that one to end. Ids of
    a transaction that fails stay unused.
    """
    table = _table(IdBlock)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, next) VALUES (%s, %s) "  # noqa: S608 (table name)
            f"ON CONFLICT (name) DO UPDATE SET next = {table}.next + %s RETURNING next",
            [name, 1 + count, count],
        )
        return int(cursor.fetchone()[0]) - count


def pack(columns: Mapping[str, Sequence[Any]]) -> Packed:
    """Write rows, given as the values of each column, the way the database takes them.

    It takes as long as to send them, and asks the database nothing: do it before the transaction.
    """
    values = columns.values()
    if is_postgresql():
        return Packed(tuple(columns), copytext.lines(values))
    return Packed(tuple(columns), list(zip(*values, strict=True)))


def insert_rows(*, model: type[models.Model], rows: Packed, same: Mapping[str, Any]) -> None:
    """Insert packed rows; part of the caller's transaction.

    `same` are the columns with one value for all rows.
    """
    if not rows.content:
        return
    names = ", ".join(connection.ops.quote_name(c) for c in (*same, *rows.columns))
    with connection.cursor() as cursor:
        if isinstance(rows.content, bytes):
            text = copytext.in_front(same.values(), rows.content)
            with connection.wrap_database_errors:
                # In one piece: for each piece it would wait for the interpreter, which is busy
                # with the next rows.
                cursor.copy_expert(
                    f"COPY {_table(model)} ({names}) FROM STDIN", io.BytesIO(text), len(text) + 1
                )
        else:
            marks = ", ".join(["%s"] * (len(same) + len(rows.columns)))
            cursor.executemany(
                f"INSERT INTO {_table(model)} ({names}) VALUES ({marks})",  # noqa: S608 (names)
                [(*same.values(), *row) for row in rows.content],
            )


def insert_new(
    *,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    same: Mapping[str, Any],
) -> None:
    """Insert rows given as values of `columns`; one that is there already is left alone.

    `same` are the columns with one value for all rows. Part of the caller's transaction.
    """
    if not rows:
        return
    if is_postgresql():
        fields = [model._meta.get_field(c) for c in columns]
        # A length limit in the cast would cut what is too long in silence.
        types = [str(f.db_type(connection)).partition("(")[0] for f in fields]
        given: list[Any] = [list(values) for values in zip(*rows, strict=True)]
        read = [f"u.c{i}" for i in range(len(columns))]
        source = (
            f"unnest({', '.join(f'%s::{t}[]' for t in types)}) "
            f"AS u({', '.join(f'c{i}' for i in range(len(columns)))})"
        )
    else:
        given = [json.dumps([list(map(_plain, row)) for row in rows])]
        read = [f"json_extract(value, '$[{i}]')" for i in range(len(columns))]
        source = "json_each(%s)"
        same = {name: _plain(value) for name, value in same.items()}
    names = ", ".join(connection.ops.quote_name(c) for c in (*columns, *same))
    values = ", ".join((*read, *["%s"] * len(same)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(model)} ({names}) SELECT {values} FROM {source} "  # noqa: S608 (names)
            "WHERE true ON CONFLICT DO NOTHING",
            [*same.values(), *given],
        )


def insert_one_new(*, model: type[models.Model], values: Mapping[str, Any]) -> int | None:
    """Insert a row and give its id; None if it is there already. One statement, one commit."""
    names = ", ".join(connection.ops.quote_name(c) for c in values)
    marks = ", ".join(["%s"] * len(values))
    given = values.values() if is_postgresql() else map(_plain, values.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(model)} ({names}) VALUES ({marks}) "  # noqa: S608 (names)
            "ON CONFLICT DO NOTHING RETURNING id",
            list(given),
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def first_id(*, model: type[models.Model]) -> int | None:
    """Give the smallest id there is, None when there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {_table(model)} ORDER BY id LIMIT 1")  # noqa: S608 (table name)
        row = cursor.fetchone()
    return int(row[0]) if row else None


def open_messages(*, first_id: int, last_id: int) -> list[tuple[int, str, str | None]]:
    """Give id, recipient and own text of the messages of a range that nothing is said of yet.

    Rows, not objects: this is done for every message there is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, recipient, text FROM {_table(Message)} "  # noqa: S608 (table name)
            "WHERE id >= %s AND id <= %s AND status IS NULL ORDER BY id",
            [first_id, last_id],
        )
        return list(cursor.fetchall())


def move_messages(*, changes: Sequence[Change], from_status: Status) -> list[Moved]:
    """Move those of the messages that still have `from_status` (OPEN = none yet), and sum them.

    The sums are of exactly the rows that this statement moved, so that what is refunded and
    counted is what was changed, whoever else is at work. Give each message once.
    """
    if not changes:
        return []
    ordered = sorted({c.message_id: c for c in changes}.values())
    guard = "m.status IS NULL" if from_status is Status.OPEN else f"m.status = {int(from_status)}"
    moved = _move_by_array if is_postgresql() else _move_by_json
    return [Moved(row[0], Status(row[1]), *row[2:]) for row in moved(ordered, guard)]


def _move_by_array(ordered: list[Change], guard: str) -> list[tuple[Any, ...]]:
    # Arrays as text: the driver takes ten times as long to write them value by value.
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_BY_KEY} WITH moved AS (UPDATE {_table(Message)} m SET status = u.status, "  # noqa: S608 (constants)
            "reason = u.reason, status_at = u.at FROM unnest(%s::bigint[], %s::integer[], "
            "%s::smallint[], %s::text[], %s::timestamptz[]) AS u(id, messages, status, reason, at) "
            f"WHERE m.id >= u.id AND m.id < u.id + u.messages AND {guard} RETURNING {_SUMMED}) "
            f"SELECT {_SUMS} FROM moved GROUP BY 1, 2, 3, 4",
            [
                _array(str(c.message_id) for c in ordered),
                _array(str(c.messages) for c in ordered),
                _array(str(int(c.status)) for c in ordered),
                [c.reason for c in ordered],
                _array(f'"{c.at.isoformat()}"' for c in ordered),
            ],
        )
        return list(cursor.fetchall())


def _move_by_json(ordered: list[Change], guard: str) -> list[tuple[Any, ...]]:
    content = json.dumps(
        [[c.message_id, int(c.status), c.reason, _iso(c.at), c.messages] for c in ordered]
    )
    with connection.cursor() as cursor:
        # SQLite's RETURNING knows no alias: names are bare, and only one table has them.
        cursor.execute(
            f"UPDATE {_table(Message)} AS m SET "  # noqa: S608 (constants)
            "status = json_extract(u.value, '$[1]'), "
            "reason = json_extract(u.value, '$[2]'), "
            "status_at = json_extract(u.value, '$[3]') "
            "FROM json_each(%s) AS u WHERE m.id >= json_extract(u.value, '$[0]') "
            "AND m.id < json_extract(u.value, '$[0]') + json_extract(u.value, '$[4]') "
            f"AND {guard} RETURNING {_SUMMED.replace('m.', '')}",
            [content],
        )
        rows = cursor.fetchall()
    sums: dict[tuple[Any, ...], list[int]] = {}
    for *key, parts, price in rows:
        total = sums.setdefault(tuple(key), [0, 0, 0])
        for i, value in enumerate((1, parts, price)):
            total[i] += value
    return [(*key, *total) for key, total in sums.items()]


def _array(values: Iterable[str]) -> str:
    return f"{{{','.join(values)}}}"


def execute_all(*, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Execute statements, each with its values, in their order: in one go where that is taken."""
    if not statements:
        return
    with connection.cursor() as cursor:
        if is_postgresql():
            texts, values = zip(*statements, strict=True)
            cursor.execute("; ".join(texts), list(chain.from_iterable(values)))
        else:
            for text, given in statements:
                cursor.execute(text, given)


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _plain(value: Any) -> Any:
    return _iso(value) if isinstance(value, datetime) else value


def _iso(moment: datetime) -> str:
    # As Django's SQLite back end writes moments: UTC, no zone.
    adapted = connection.ops.adapt_datetimefield_value(moment)
    return str(adapted)
