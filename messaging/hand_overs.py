"""The statements of a hand-over on its way, as SQL: they run for every 500 messages there are.

Built anew from models each time they took longer than the database takes to answer. Each is part
of the caller's transaction; what they mean is decided in `claims`, `delivery` and `closing`.
"""

from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from django.db import connection, models

from accounts.models import SmsAccount
from messaging import bulk
from messaging.models import (
    Batch,
    BatchState,
    CarrierPause,
    HandOver,
    HandOverState,
    OptOut,
    Revision,
    RevisionState,
)
from senders.models import Sender

_CLAIMED, _READY = HandOverState.CLAIMED.value, HandOverState.READY.value
# Waits, or is with the carrier.
OPEN = (_CLAIMED, _READY)


class Waiting(NamedTuple):
    """A locked hand-over that waits, and what matters of its account.

    `in_flight` counts the hand-overs of it with the carrier; most accounts have no opt-outs.
    """

    id: int
    account_id: int
    batch_id: int
    first_message_id: int
    last_message_id: int
    attempt: int
    in_flight: int
    has_opt_outs: bool


class Others(IntEnum):
    """How far the other hand-overs of a batch are: the one that is least far."""

    ARE_THROUGH = 0
    ARE_WITH_THE_CARRIER = 1
    WAIT = 2


def make(*, of: Batch, size: int, now: datetime, valid_until: datetime) -> None:
    """Make the hand-overs of a batch, of up to `size` messages each; they wait from now on."""
    end = of.first_message_id + of.messages
    firsts = range(of.first_message_id, end, size)
    bulk.insert_rows(
        model=HandOver,
        rows=bulk.pack(
            {
                "first_message_id": firsts,
                "last_message_id": [min(first + size, end) - 1 for first in firsts],
            }
        ),
        same={
            "account_id": of.account_id,
            "batch_id": of.pk,
            "state": _READY,
            "attempt": 0,
            "put_off": 0,
            "not_before": _plain(now),
            "valid_until": _plain(valid_until),
            "trouble": "",
        },
    )


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
        f"(SELECT count(*) FROM {table} c WHERE c.account_id = h.account_id AND c.state = %s), "
        f"EXISTS (SELECT 1 FROM {_table(OptOut)} o "
        "WHERE o.account_id = h.account_id AND o.until IS NULL) "
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


def hold(*, batch_id: int, sender_id: int, account_id: int) -> bool:
    """Keep others from cancelling, withdrawing and suspending until the transaction ends.

    Those lock the batch, or the sender's or account's key, and then set what a claim must see.
    Many may hold the same rows at once: claims of one batch do not wait for each other. Tells
    whether the cancellation of the batch was requested.
    """
    is_cancelled = f"SELECT cancel_requested FROM {_table(Batch)} WHERE id = %s"  # noqa: S608 (constants)
    if not bulk.is_postgresql():  # there a transaction that writes is alone
        return bool(_rows(is_cancelled, batch_id)[0][0])
    one = "SELECT 1 FROM {} WHERE id = %s FOR {};"
    locks = (
        one.format(_table(Batch), "SHARE"),
        one.format(_table(Sender), "KEY SHARE"),
        one.format(_table(SmsAccount), "KEY SHARE"),
    )
    # Read behind the locks: each statement sees what was committed before it.
    found = _rows(f"{''.join(locks)} {is_cancelled}", batch_id, sender_id, account_id, batch_id)
    return bool(found[0][0])


def lock_batch(*, batch_id: int) -> tuple[str, int]:
    """Lock a batch against everybody who holds or locks it; give its state and its revision."""
    lock = "FOR NO KEY UPDATE" if bulk.is_postgresql() else ""
    [(state, revision_id)] = _rows(
        f"SELECT state, revision_id FROM {_table(Batch)} WHERE id = %s {lock}",  # noqa: S608 (constants)
        batch_id,
    )
    return state, revision_id


def has_open(*, batch_id: int) -> bool:
    """Tell whether a hand-over of a batch waits or is with the carrier."""
    return bool(
        _rows(
            f"SELECT 1 FROM {_table(HandOver)} WHERE batch_id = %s AND state IN (%s, %s) LIMIT 1",  # noqa: S608 (constants)
            batch_id, *OPEN,
        )
    )  # fmt: skip


def mark_left(*, batch_id: int, revision_id: int) -> None:
    """Mark a locked batch that leaves as LEFT if none of its hand-overs is open, and what follows.

    Each statement sees what was committed before it: of two that answer the last hand-overs, the
    second sees the first.
    """
    is_open = f"SELECT 1 FROM {_table(HandOver)} WHERE batch_id = %s AND state IN (%s, %s)"  # noqa: S608 (constants)
    left = (
        f"UPDATE {_table(Batch)} SET state = %s "  # noqa: S608 (constants)
        f"WHERE id = %s AND state = %s AND NOT EXISTS ({is_open})"
    )
    values = (BatchState.LEFT.value, batch_id, BatchState.LEAVING.value, batch_id, *OPEN)
    bulk.execute_all(statements=[(left, values), *_end_of(revision_id)])


def mark_through(*, revision_id: int) -> None:
    """Mark a revision as LEFT or CANCELLED if none of its batches is left to leave."""
    bulk.execute_all(statements=_end_of(revision_id))


def _end_of(revision_id: int) -> list[tuple[str, tuple[Any, ...]]]:
    table = _table(Revision)
    # Read behind the lock: of two that finish the last batches, the second sees the first.
    lock = f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE"  # noqa: S608 (constants)
    is_open = f"SELECT 1 FROM {_table(Batch)} WHERE revision_id = %s AND state IN (%s, %s)"  # noqa: S608 (constants)
    end = (
        f"UPDATE {table} SET state = CASE state WHEN %s THEN %s ELSE %s END, leaves_at = NULL "  # noqa: S608 (constants)
        f"WHERE id = %s AND state IN (%s, %s) AND NOT EXISTS ({is_open})"
    )
    leaving, cancelling = RevisionState.LEAVING.value, RevisionState.CANCELLING.value
    ends = (leaving, RevisionState.LEFT.value, RevisionState.CANCELLED.value)
    batches = (revision_id, BatchState.SCHEDULED.value, BatchState.LEAVING.value)
    return [
        *([(lock, (revision_id,))] if bulk.is_postgresql() else []),
        (end, (*ends, revision_id, leaving, cancelling, *batches)),
    ]


def mark_claimed(
    *, hand_over_id: int, attempt: int, lease_until: datetime, claimed_at: datetime
) -> None:
    """Give a locked hand-over to whoever works under this attempt."""
    _change(
        f"UPDATE {_table(HandOver)} SET state = %s, attempt = %s, lease_until = %s, "  # noqa: S608 (constants)
        "claimed_at = %s, trouble = '' WHERE id = %s AND state = %s",
        _CLAIMED, attempt, lease_until, claimed_at, hand_over_id, _READY,
    )  # fmt: skip


def mark_answered(*, hand_over_id: int, attempt: int, answered_at: datetime) -> Others | None:
    """Note that the carrier answered; tell of the other hand-overs of the batch.

    One that ends at the same time is with the carrier still. None when somebody else has claimed
    it since.
    """
    answered = _rows(
        f"UPDATE {_table(HandOver)} SET state = %s, answered_at = %s, lease_until = NULL, "  # noqa: S608 (constants)
        "trouble = '' WHERE id = %s AND state = %s AND attempt = %s RETURNING ("
        f"SELECT coalesce(max(CASE o.state WHEN %s THEN %s ELSE %s END), %s) "
        f"FROM {_table(HandOver)} o WHERE o.batch_id = {_table(HandOver)}.batch_id "
        f"AND o.id <> {_table(HandOver)}.id AND o.state IN (%s, %s))",
        HandOverState.ANSWERED.value, answered_at, hand_over_id, _CLAIMED, attempt,
        _READY, int(Others.WAIT), int(Others.ARE_WITH_THE_CARRIER), int(Others.ARE_THROUGH),
        *OPEN,
    )  # fmt: skip
    return Others(answered[0][0]) if answered else None


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
