"""Runs every check on one snapshot and gives what each found.

Set-based: the database compares, and only the first ids of each check come here. A table that
several checks look at is counted once.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from messaging import receipts
from smsmanager.audit import (
    claims,
    dialect,
    hand_overs,
    leases,
    loading,
    messages,
    money,
    progress,
    replies,
    senders,
    states,
    tenants,
)
from smsmanager.audit.check import Check, Finding

# Ids of offenders that are named for each check.
NAMED = 10

CHECKS: tuple[Check, ...] = (
    *money.CHECKS,
    *loading.CHECKS,
    *messages.CHECKS,
    *states.CHECKS,
    *hand_overs.CHECKS,
    *claims.CHECKS,
    *leases.CHECKS,
    *tenants.CHECKS,
    *progress.CHECKS,
    *replies.CHECKS,
    *senders.CHECKS,
)


def run(*, connection: BaseDatabaseWrapper, now: datetime, overdue: timedelta) -> Iterator[Finding]:
    """Give the finding of each check in turn; what is due for longer than `overdue` is late."""
    words = dialect.words(vendor=connection.vendor)
    moments = {
        "overdue": connection.ops.adapt_datetimefield_value(now - overdue),
        "kept": connection.ops.adapt_datetimefield_value(
            now - timedelta(days=settings.DOCUMENT_DAYS) - overdue
        ),
        "parked": connection.ops.adapt_datetimefield_value(now - receipts.PATIENCE - overdue),
    }
    counted: dict[str, int] = {}
    with connection.cursor() as cursor:
        for check in CHECKS:
            begun = time.monotonic()
            if check.looks_at not in counted:
                cursor.execute(f"SELECT COUNT(*) FROM {check.looks_at}".format_map(words))  # noqa: S608 (constants)
                counted[check.looks_at] = cursor.fetchone()[0]
            violations, first_ids = _offenders(cursor, check, words=words, moments=moments)
            yield Finding(
                name=check.name,
                about=check.about,
                rows=counted[check.looks_at],
                violations=violations,
                first_ids=first_ids,
                seconds=time.monotonic() - begun,
            )


def _offenders(
    cursor: CursorWrapper, check: Check, *, words: dict[str, str], moments: dict[str, Any]
) -> tuple[int, tuple[int, ...]]:
    """Give how many rows break the invariant, and the ids of the first ones."""
    sql = check.offenders.format_map(words)
    if check.obeys is not None:
        cursor.execute(sql, moments)
        obeys = check.obeys
        found = sorted(row[0] for row in cursor if not obeys(*row[1:]))
        return len(found), tuple(found[:NAMED])
    # Materialised: the limit must not lead the planner to search the big table in order of ids.
    cursor.execute(
        f"WITH found AS MATERIALIZED ({sql}) "  # noqa: S608 (constants)
        f"SELECT id, (SELECT COUNT(*) FROM found) FROM found ORDER BY id LIMIT {NAMED}",
        moments,
    )
    rows = cursor.fetchall()
    return (rows[0][1] if rows else 0), tuple(row[0] for row in rows)
