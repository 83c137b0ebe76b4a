"""The statements of a hand-over on its way, as SQL: they run for every 500 messages there are.

Built anew from models each time they took longer than the database takes to answer. Each is part
of the caller's transaction; what they mean is decided in `claims`, `delivery` and `closing`.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, models

from messaging import bulk
from messaging.models import Batch, CarrierPause, HandOver, HandOverState

_CLAIMED, _READY = HandOverState.CLAIMED.value, HandOverState.READY.value


class Waiting(NamedTuple):
    """A locked hand-over that waits; `in_flight` counts those of its account with the carrier."""

    id: int
    account_id: int
    batch_id: int
    first_message_id: int
    last_message_id: int
    attempt: int
    in_flight: int


def lock_next_of(*, account_id: int, now: datetime) -> Waiting | None:
    """Lock the hand-over of an account that waits longest; others pass it by meanwhile.

    None waits while the carrier wants a pause (`pauses`).
    """
    return _lock_first("h.account_id = %s", account_id, now=now)


def lock_waiting(*, hand_over_id: int, now: datetime) -> Waiting | None:
    """Lock this hand-over if it waits and nobody else has it."""
    return _lock_first("h.id = %s", hand_over_id, now=now)


def _lock_first(condition: str, value: int, *, now: datetime) -> Waiting | None:
    table, lock = _table(HandOver), "FOR NO KEY UPDATE OF h SKIP LOCKED"
    pause = f"SELECT 1 FROM {_table(CarrierPause)} p WHERE p.until > %s"  # noqa: S608 (constants)
    found = _rows(
        "SELECT h.id, h.account_id, h.batch_id, h.first_message_id, h.last_message_id, h.attempt, "  # noqa: S608 (constants)
        f"(SELECT count(*) FROM {table} c WHERE c.account_id = h.account_id AND c.state = %s) "
        f"FROM {table} h WHERE {condition} AND h.state = %s "
        f"AND h.not_before <= %s AND h.valid_until > %s AND NOT EXISTS ({pause}) "
        f"ORDER BY h.not_before, h.id LIMIT 1 {lock if bulk.is_postgresql() else ''}",
        _CLAIMED, value, _READY, now, now, now,
    )  # fmt: skip
    return Waiting(*found[0]) if found else None


def standing_of(*, account_id: int, now: datetime) -> tuple[int, int]:
    """Count the hand-overs of an account with the carrier, and those that wait, up to two."""
    of_account = f"SELECT 1 FROM {_table(HandOver)} WHERE account_id = %s AND state = %s"  # noqa: S608 (constants)
    [(in_flight, waiting)] = _rows(
        f"SELECT (SELECT count(*) FROM ({of_account}) c), (SELECT count(*) FROM "  # noqa: S608 (constants)
        f"({of_account} AND not_before <= %s AND valid_until > %s LIMIT 2) w)",
        account_id, _CLAIMED, account_id, _READY, now, now,
    )  # fmt: skip
    return in_flight, waiting


def lock_batch(*, batch_id: int) -> tuple[bool, str, int]:
    """Lock a batch; tell whether its cancellation was requested, its state and its revision."""
    lock = "FOR NO KEY UPDATE" if bulk.is_postgresql() else ""
    [(is_cancelled, state, revision_id)] = _rows(
        f"SELECT cancel_requested, state, revision_id FROM {_table(Batch)} "  # noqa: S608 (constants)
        f"WHERE id = %s {lock}",
        batch_id,
    )
    return bool(is_cancelled), state, revision_id


def has_open(*, batch_id: int) -> bool:
    """Tell whether a hand-over of a batch waits or is with the carrier."""
    return bool(
        _rows(
            f"SELECT 1 FROM {_table(HandOver)} WHERE batch_id = %s AND state IN (%s, %s) LIMIT 1",  # noqa: S608 (constants)
            batch_id, _CLAIMED, _READY,
        )
    )  # fmt: skip


def mark_claimed(
    *, hand_over_id: int, attempt: int, lease_until: datetime, claimed_at: datetime
) -> None:
    """Give a locked hand-over to whoever works under this attempt."""
    _change(
        f"UPDATE {_table(HandOver)} SET state = %s, attempt = %s, lease_until = %s, "  # noqa: S608 (constants)
        "claimed_at = %s, trouble = '' WHERE id = %s AND state = %s",
        _CLAIMED, attempt, lease_until, claimed_at, hand_over_id, _READY,
    )  # fmt: skip


def mark_answered(*, hand_over_id: int, attempt: int, answered_at: datetime) -> bool:
    """Note that the carrier answered, unless somebody else has claimed the hand-over since."""
    return _change(
        f"UPDATE {_table(HandOver)} SET state = %s, answered_at = %s, lease_until = NULL, "  # noqa: S608 (constants)
        "trouble = '' WHERE id = %s AND state = %s AND attempt = %s",
        HandOverState.ANSWERED.value, answered_at, hand_over_id, _CLAIMED, attempt,
    )  # fmt: skip


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_plain(value) for value in values])
        return list(cursor.fetchall())


def _change(sql: str, *values: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_plain(value) for value in values])
        return bool(cursor.rowcount)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))
