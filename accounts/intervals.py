"""Intervals: rows with `since` and `until` (empty = still) that say when something holds.

As SQL: it is asked for every hand-over there is, and building the query from models took longer
than the answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, models


class Interval(NamedTuple):
    """The rows of `model` whose foreign key `column` is `owner_id`."""

    model: type[models.Model]
    column: str
    owner_id: int


def is_open(interval: Interval) -> bool:
    """Tell whether it has begun, or will, and no end is known."""
    model, column, owner_id = interval
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {quote(model._meta.db_table)} "  # noqa: S608 (names)
            f"WHERE {quote(column)} = %s AND until IS NULL)",
            [owner_id],
        )
        return bool(cursor.fetchone()[0])


def cover(intervals: Sequence[Interval], *, at: datetime) -> list[bool]:
    """Tell of each whether it covers this moment, all in one question."""
    moment = connection.ops.adapt_datetimefield_value(at)
    quote = connection.ops.quote_name
    questions = [
        f"EXISTS (SELECT 1 FROM {quote(model._meta.db_table)} WHERE {quote(column)} = %s "  # noqa: S608 (names)
        "AND since <= %s AND (until IS NULL OR until > %s))"
        for model, column, _owner_id in intervals
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(questions)}",
            [value for each in intervals for value in (each.owner_id, moment, moment)],
        )
        return [bool(answer) for answer in cursor.fetchone()]
