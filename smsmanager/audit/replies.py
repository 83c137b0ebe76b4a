"""Replies: in time or not, charged once or not at all, and what each STOP did.

A lease knows its first and its last acceptance. Its end only moves on, so what was taken in must
lie within it today; what was refused must not, unless a later message moved the end afterwards.
"""

from datetime import UTC, datetime

from replies import window
from senders.models import LeaseKind
from smsmanager.audit.check import Check


def _in_utc(moment: datetime) -> datetime:
    """SQLite gives moments in UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def came_in_time(
    received_at: datetime,
    kind: str,
    first_accepted_at: datetime | None,
    accepted_at: datetime | None,
    expires_at: datetime,
) -> bool:
    """Tell whether a reply lies within the window of its lease."""
    if first_accepted_at is None or accepted_at is None:
        return False
    end = window.closes_at(accepted_at=_in_utc(accepted_at))
    return window.is_open(
        first_accepted_at=_in_utc(first_accepted_at),
        closes_at=_in_utc(expires_at) if kind == LeaseKind.VIRTUAL else end,
        received_at=_in_utc(received_at),
    )


def was_refused_rightly(
    decided_at: datetime,
    received_at: datetime,
    kind: str,
    first_accepted_at: datetime | None,
    accepted_at: datetime | None,
    expires_at: datetime,
) -> bool:
    """Tell whether a refused reply was not in time, by what had been accepted by then."""
    if accepted_at is not None and accepted_at > decided_at:
        return True
    return not came_in_time(received_at, kind, first_accepted_at, accepted_at, expires_at)


CHECKS = (
    Check(
        name="each reply that was taken in came in time",
        about="reply",
        looks_at="replies_reply WHERE state IN ('open', 'locked')",
        offenders="""
            SELECT p.id, p.received_at, l.kind, l.first_accepted_at, l.accepted_at, l.expires_at
            FROM replies_reply p JOIN senders_lease l ON l.id = p.lease_id
            WHERE p.state IN ('open', 'locked')
        """,
        obeys=came_in_time,
    ),
    Check(
        name="no reply was refused that came in time",
        about="reply",
        looks_at="replies_reply WHERE state = 'refused'",
        # One whose message was confirmed too late waited as long as it might.
        offenders="""
            SELECT p.id, p.decided_at, p.received_at,
                l.kind, l.first_accepted_at, l.accepted_at, l.expires_at
            FROM replies_reply p
            JOIN senders_lease l ON l.number = p.number AND l.phone = p.phone AND l.is_held
                AND l.opened_at <= p.decided_at
            WHERE p.state = 'refused' AND p.refusal NOT IN ('unconfirmed', 'not_metropolitan')
        """,
        obeys=was_refused_rightly,
    ),
    Check(
        name="an open reply was debited once, a credit for each part and one at least",
        about="reply",
        looks_at="replies_reply WHERE state = 'open'",
        offenders="""
            SELECT p.id FROM replies_reply p
            LEFT JOIN accounts_creditentry e ON e.account_id = p.account_id
                AND e.kind = 'reply' AND e.reference = {reply_reference}
            WHERE p.state = 'open'
            GROUP BY p.id, p.parts, p.price_hundredths
            HAVING COUNT(e.id) <> 1 OR SUM(-e.amount_hundredths) <> p.price_hundredths
                OR p.price_hundredths <> 100 * CASE WHEN p.parts = 0 THEN 1 ELSE p.parts END
        """,
    ),
    Check(
        name="a debit for a reply is that of an open reply of its account",
        about="entry",
        looks_at="accounts_creditentry WHERE kind = 'reply'",
        offenders="""
            WITH known AS MATERIALIZED (
                SELECT p.account_id, {reply_reference} AS reference FROM replies_reply p
                WHERE p.state = 'open'
            )
            SELECT e.id FROM accounts_creditentry e
            LEFT JOIN known k ON k.account_id = e.account_id AND k.reference = e.reference
            WHERE e.kind = 'reply' AND k.reference IS NULL
        """,
    ),
    Check(
        name="what waits, was refused or said STOP has no price",
        about="reply",
        looks_at="replies_reply WHERE state IN ('waiting', 'refused', 'stopped')",
        offenders="""
            SELECT id FROM replies_reply
            WHERE state IN ('waiting', 'refused', 'stopped') AND price_hundredths <> 0
        """,
    ),
    Check(
        name="each STOP opted its phone out",
        about="reply",
        looks_at="replies_reply WHERE state = 'stopped'",
        offenders="""
            SELECT p.id FROM replies_reply p
            WHERE p.state = 'stopped' AND p.erased_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM messaging_optout o
                WHERE o.phone = p.phone AND o.since <= p.decided_at
                  AND (o.until IS NULL OR o.until >= p.decided_at)
                  AND (p.account_id IS NULL OR o.account_id = p.account_id))
        """,
    ),
    Check(
        name="a reply belongs to the account of its lease, and to its number and phone",
        about="reply",
        looks_at="replies_reply WHERE lease_id IS NOT NULL",
        offenders="""
            SELECT p.id FROM replies_reply p JOIN senders_lease l ON l.id = p.lease_id
            WHERE p.account_id IS NULL OR p.account_id <> l.account_id
               OR (p.erased_at IS NULL AND (p.number <> l.number OR p.phone <> l.phone))
        """,
    ),
    Check(
        name="each reply that is due was judged",
        about="reply",
        looks_at="replies_reply WHERE state = 'waiting'",
        offenders="""
            SELECT id FROM replies_reply WHERE state = 'waiting' AND not_before < %(overdue)s
        """,
    ),
    Check(
        name="each locked reply that the balance reaches was opened",
        about="reply",
        looks_at="replies_reply WHERE state = 'locked'",
        # Only the oldest of an account, and not while the credit is new.
        offenders="""
            SELECT p.id FROM replies_reply p JOIN accounts_smsaccount a ON a.id = p.account_id
            WHERE p.state = 'locked' AND p.price_hundredths <= a.balance_hundredths
              AND p.decided_at < %(overdue)s
              AND NOT EXISTS (
                SELECT 1 FROM replies_reply q
                WHERE q.account_id = p.account_id AND q.state = 'locked'
                  AND (q.received_at < p.received_at
                    OR (q.received_at = p.received_at AND q.id < p.id)))
              AND NOT EXISTS (
                SELECT 1 FROM accounts_creditentry e
                WHERE e.account_id = p.account_id AND e.amount_hundredths > 0
                  AND e.created_at >= %(overdue)s)
        """,
    ),
)
