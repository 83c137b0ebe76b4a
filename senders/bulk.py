"""Many leases at once: the only module of senders that knows which database it talks to.

Each statement is a transaction of its own and locks the leases of its phones in their order, so
that two with the same phones wait for each other and never in a circle; two statements in one
transaction would break the order (measured: deadlocks by the dozen). Phones are selected with
`= ANY(array)`: a join with `unnest` gets bad plans on tables without statistics. The words
`is_open AND kind = 'short'` lead to a partial index, and so does `is_held`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts import retrying
from senders.models import Lease, LeaseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A message that the carrier accepted from a lent number, by the carrier's clock."""

    number: str
    phone: str
    message_id: int
    accepted_at: datetime


_OPEN_ON_POSTGRESQL = """
    SELECT l.phone, l.expires_at <= %(now)s OR NOT EXISTS (
        SELECT 1 FROM senders_shortnumber n WHERE n.number = l.number AND n.is_active)
    FROM senders_lease l
    WHERE l.phone = ANY(%(phones)s) AND l.account_id = %(account)s
      AND l.is_open AND l.kind = 'short'
"""
_OPEN_ON_SQLITE = """
    SELECT l.phone, l.expires_at <= %(now)s OR NOT EXISTS (
        SELECT 1 FROM senders_shortnumber n WHERE n.number = l.number AND n.is_active)
    FROM senders_lease l
    WHERE l.phone IN (SELECT value FROM json_each(%(phones)s)) AND l.account_id = %(account)s
      AND l.is_open AND l.kind = 'short'
"""


def open_leases(*, account_id: int, phones: Sequence[str], now: datetime) -> dict[str, bool]:
    """Give the phones with an open short lease of an account, and whether it is over."""
    given = {"account": account_id, "phones": _list(phones), "now": _moment(now)}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ON_POSTGRESQL if _is_postgresql() else _OPEN_ON_SQLITE, given)
        return {phone: bool(is_over) for phone, is_over in cursor.fetchall()}


# A lease of a number that left the pool is over: the carrier would refuse it for ever.
_CLOSE_ON_POSTGRESQL = """
    WITH ended AS MATERIALIZED (
        SELECT l.id FROM senders_lease l
        WHERE l.phone = ANY(%(phones)s) AND l.account_id = %(account)s
          AND l.is_open AND l.kind = 'short' AND (l.expires_at <= %(now)s OR NOT EXISTS (
            SELECT 1 FROM senders_shortnumber n WHERE n.number = l.number AND n.is_active))
        ORDER BY l.phone, l.id FOR NO KEY UPDATE OF l
    )
    UPDATE senders_lease AS l SET is_open = false, closed_at = %(now)s
    FROM ended WHERE l.id = ended.id
"""
_CLOSE_ON_SQLITE = """
    UPDATE senders_lease AS l SET is_open = false, closed_at = %(now)s
    WHERE l.phone IN (SELECT value FROM json_each(%(phones)s)) AND l.account_id = %(account)s
      AND l.is_open AND l.kind = 'short' AND (l.expires_at <= %(now)s OR NOT EXISTS (
        SELECT 1 FROM senders_shortnumber n WHERE n.number = l.number AND n.is_active))
"""


@retrying.on_deadlock
def close_ended(*, account_id: int, phones: Sequence[str], now: datetime) -> None:
    """Close the open short leases of an account to these phones that are over."""
    given = {"account": account_id, "phones": _list(phones), "now": _moment(now)}
    sql = _CLOSE_ON_POSTGRESQL if _is_postgresql() else _CLOSE_ON_SQLITE
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql, given)


_EXTEND_ON_POSTGRESQL = """
    WITH mine AS MATERIALIZED (
        SELECT l.id FROM senders_lease l
        WHERE l.phone = ANY(%(phones)s) AND l.account_id = %(account)s
          AND l.is_open AND l.kind = 'short'
        ORDER BY l.phone, l.id FOR NO KEY UPDATE
    )
    UPDATE senders_lease AS l SET expires_at = GREATEST(l.expires_at, %(until)s)
    FROM mine WHERE l.id = mine.id RETURNING l.phone, l.number
"""
_EXTEND_ON_SQLITE = """
    UPDATE senders_lease AS l SET expires_at = max(l.expires_at, %(until)s)
    WHERE l.phone IN (SELECT value FROM json_each(%(phones)s)) AND l.account_id = %(account)s
      AND l.is_open AND l.kind = 'short' RETURNING phone, number
"""


@retrying.on_deadlock
def extend(*, account_id: int, phones: Sequence[str], until: datetime) -> dict[str, str]:
    """Keep the open short leases of an account to these phones open; give number by phone."""
    if not phones:
        return {}
    given = {"account": account_id, "phones": _list(phones), "until": _moment(until)}
    return _numbers(_EXTEND_ON_POSTGRESQL if _is_postgresql() else _EXTEND_ON_SQLITE, given)


_REOPEN_ON_POSTGRESQL = """
    WITH mine AS MATERIALIZED (
        SELECT l.id FROM senders_lease l
        WHERE l.phone = ANY(%(phones)s) AND l.number = %(number)s AND l.is_held
          AND l.account_id = %(account)s
        ORDER BY l.phone, l.id FOR NO KEY UPDATE
    )
    UPDATE senders_lease AS l SET is_open = true, closed_at = NULL, expires_at = %(until)s
    FROM mine WHERE l.id = mine.id RETURNING l.phone, l.number
"""
_REOPEN_ON_SQLITE = """
    UPDATE senders_lease AS l SET is_open = true, closed_at = NULL, expires_at = %(until)s
    WHERE l.phone IN (SELECT value FROM json_each(%(phones)s)) AND l.number = %(number)s
      AND l.is_held AND l.account_id = %(account)s RETURNING phone, number
"""


@retrying.on_deadlock
def reopen(
    *, account_id: int, number: str, phones: Sequence[str], until: datetime
) -> dict[str, str]:
    """Open the leases of a virtual number that its account holds; give number by phone."""
    given = {
        "account": account_id,
        "number": number,
        "phones": _list(phones),
        "until": _moment(until),
    }
    return _numbers(_REOPEN_ON_POSTGRESQL if _is_postgresql() else _REOPEN_ON_SQLITE, given)


_TAKE_ON_POSTGRESQL = """
    INSERT INTO senders_lease
        (account_id, kind, is_open, is_held, opened_at, expires_at, phone, number)
    SELECT %(account)s, %(kind)s, true, true, %(opened)s, %(expires)s, u.phone, u.number
    FROM unnest(%(phones)s, %(numbers)s) AS u(phone, number) ORDER BY u.phone
    ON CONFLICT DO NOTHING RETURNING phone, number
"""
_TAKE_ON_SQLITE = """
    INSERT INTO senders_lease
        (account_id, kind, is_open, is_held, opened_at, expires_at, phone, number)
    SELECT %(account)s, %(kind)s, true, true, %(opened)s, %(expires)s, key, value
    FROM json_each(%(drawn)s) WHERE true ORDER BY key
    ON CONFLICT DO NOTHING RETURNING phone, number
"""


@retrying.on_deadlock
def take(
    *,
    account_id: int,
    kind: LeaseKind,
    drawn: Mapping[str, str],
    opened_at: datetime,
    expires_at: datetime,
) -> dict[str, str]:
    """Lend to each phone the number drawn for it, and give those that could be lent.

    Left out are the pairs held already, and phones with an open short lease of the account.
    """
    if not drawn:
        return {}
    given = {
        "account": account_id,
        "kind": kind.value,
        "opened": _moment(opened_at),
        "expires": _moment(expires_at),
    }
    if _is_postgresql():
        given |= {"phones": list(drawn), "numbers": list(drawn.values())}
        return _numbers(_TAKE_ON_POSTGRESQL, given)
    return _numbers(_TAKE_ON_SQLITE, given | {"drawn": json.dumps(dict(drawn))})


def held_numbers(*, phones: Sequence[str]) -> dict[str, set[str]]:
    """Give the short numbers held for each of the phones, whoever holds them."""
    # One query for each of the two indexes that begin with the phone.
    opened = Lease.objects.filter(phone__in=phones, is_open=True, kind=LeaseKind.SHORT)
    closed = Lease.objects.filter(phone__in=phones, is_open=False, is_held=True)
    held: dict[str, set[str]] = {phone: set() for phone in phones}
    for leases in (opened, closed):
        for phone, number in leases.values_list("phone", "number"):
            held[phone].add(number)
    return held


# Lateral, so that the unique index is asked row by row, whatever the statistics say.
_ACCEPT_ON_POSTGRESQL = """
    WITH told AS MATERIALIZED (
        SELECT l.id, u.message_id, u.at, u.at + %s AS until
        FROM unnest(%s, %s, %s, %s) AS u(number, phone, message_id, at)
        CROSS JOIN LATERAL (
            SELECT id FROM senders_lease WHERE number = u.number AND phone = u.phone AND is_held
              AND account_id = %s FOR NO KEY UPDATE
        ) AS l
    )
    UPDATE senders_lease AS l SET
        message_id = CASE WHEN l.accepted_at > told.at THEN l.message_id ELSE told.message_id END,
        accepted_at = GREATEST(l.accepted_at, told.at),
        first_accepted_at = LEAST(l.first_accepted_at, told.at),
        expires_at = CASE WHEN l.kind = 'short' THEN GREATEST(l.expires_at, told.until)
            ELSE l.expires_at END
    FROM told WHERE l.id = told.id
"""
_ACCEPT_ON_SQLITE = """
    UPDATE senders_lease AS l SET
        message_id = CASE WHEN l.accepted_at > told.at THEN l.message_id ELSE told.message_id END,
        accepted_at = max(coalesce(l.accepted_at, told.at), told.at),
        first_accepted_at = min(coalesce(l.first_accepted_at, told.at), told.at),
        expires_at = CASE WHEN l.kind = 'short' THEN max(l.expires_at, told.until)
            ELSE l.expires_at END
    FROM (
        SELECT json_extract(value, '$[0]') AS number, json_extract(value, '$[1]') AS phone,
            json_extract(value, '$[2]') AS message_id, json_extract(value, '$[3]') AS at,
            json_extract(value, '$[4]') AS until
        FROM json_each(%s)
    ) AS told
    WHERE l.number = told.number AND l.phone = told.phone AND l.is_held AND l.account_id = %s
"""


def accept(*, account_id: int, acceptances: Sequence[Acceptance], window: timedelta) -> None:
    """Note the last message of each lease, and keep the short ones open for a window after it.

    Part of the caller's transaction. Give each pair of number and phone once.
    """
    if not acceptances:
        return
    told = sorted(acceptances, key=lambda a: a.phone)
    if _is_postgresql():
        columns: list[list[Any]] = [
            [a.number for a in told],
            [a.phone for a in told],
            [a.message_id for a in told],
            [a.accepted_at for a in told],
        ]
        given: list[Any] = [window, *columns, account_id]
        sql = _ACCEPT_ON_POSTGRESQL
    else:
        rows = [
            (
                a.number,
                a.phone,
                a.message_id,
                *map(_moment, (a.accepted_at, a.accepted_at + window)),
            )
            for a in told
        ]
        given = [json.dumps(rows), account_id]
        sql = _ACCEPT_ON_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(sql, given)


def _numbers(sql: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Run a statement of its own that gives number by phone."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql, given)
        return dict(cursor.fetchall())


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _list(values: Sequence[str]) -> Any:
    return list(values) if _is_postgresql() else json.dumps(list(values))


def _moment(moment: datetime) -> Any:
    # On SQLite as Django writes moments there: UTC, no zone.
    return connection.ops.adapt_datetimefield_value(moment)
