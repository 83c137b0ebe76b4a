"""Claims: that nothing was handed over which might not be, at the moment of its claim.

Senders and suspensions are kept as intervals, so any past moment can be asked about. Whoever ends
one reads the clock, then commits: a claim in between sees the old state and is right. That is what
the tolerance (`claimed_earlier`) is for; it is given only in that direction.
"""

from datetime import UTC, datetime

from messaging import calendar
from smsmanager.audit.check import Check

CLAIMED = "messaging_handover WHERE claimed_at IS NOT NULL"


def within_legal_hours(code: str, claimed_at: datetime) -> bool:
    """Tell whether a calendar was open at a moment; SQLite gives it in UTC without saying so.

    A code that no calendar has is never open.
    """
    if claimed_at.tzinfo is None:
        claimed_at = claimed_at.replace(tzinfo=UTC)
    try:
        return calendar.is_open(code=code, moment=claimed_at)
    except calendar.UnknownCalendar:
        return False


CHECKS = (
    Check(
        name="no batch left before it was confirmed and due",
        about="batch",
        looks_at="messaging_batch WHERE departed_at IS NOT NULL",
        offenders="""
            SELECT b.id FROM messaging_batch b JOIN messaging_revision r ON r.id = b.revision_id
            WHERE b.departed_at < b.not_before OR b.departed_at < r.confirmed_at
               OR b.departed_at < r.due_at
        """,
    ),
    Check(
        name="nothing was claimed before its moment",
        about="hand-over",
        looks_at=CLAIMED,
        # The moment of one that waits or was closed belongs to a later try than the last claim.
        offenders="""
            SELECT h.id FROM messaging_handover h JOIN messaging_batch b ON b.id = h.batch_id
            WHERE h.claimed_at < b.departed_at
               OR (h.state IN ('claimed', 'answered') AND h.claimed_at < h.not_before)
        """,
    ),
    Check(
        name="nothing was claimed after its validity",
        about="hand-over",
        looks_at=CLAIMED,
        offenders="""
            SELECT h.id FROM messaging_handover h
            WHERE h.state IN ('claimed', 'answered') AND {claimed_earlier} >= h.valid_until
        """,
    ),
    Check(
        name="nothing was claimed after its campaign was cancelled",
        about="hand-over",
        looks_at=CLAIMED,
        offenders="""
            WITH cancelled AS MATERIALIZED (
                SELECT r.id, {debit_reference} AS subject FROM messaging_revision r
                JOIN messaging_campaign c ON c.id = r.campaign_id
                WHERE r.state IN ('cancelling', 'cancelled')
            )
            SELECT DISTINCT h.id FROM cancelled r
            JOIN accounts_trailentry t ON t.subject = r.subject AND t.event = 'campaign.cancelled'
            JOIN messaging_batch b ON b.revision_id = r.id
            JOIN messaging_handover h ON h.batch_id = b.id
            WHERE {claimed_earlier} > t.at
        """,
    ),
    Check(
        name="nothing commercial was claimed outside legal hours",
        about="hand-over",
        looks_at="messaging_handover h JOIN messaging_batch b ON b.id = h.batch_id "
        "WHERE h.claimed_at IS NOT NULL AND b.calendar <> ''",
        offenders="""
            SELECT h.id, b.calendar, h.claimed_at FROM messaging_handover h
            JOIN messaging_batch b ON b.id = h.batch_id
            WHERE h.claimed_at IS NOT NULL AND b.calendar <> ''
        """,
        obeys=within_legal_hours,
    ),
    Check(
        name="nothing was claimed for a number that had opted out",
        about="message",
        looks_at="messaging_optout",
        # One that went back after a recovery was claimed more than once, and what the carrier
        # took the first time stays taken: it is judged by the moment its batch left. Its attempts
        # tell: one per claim and per recovery, against those that were put off.
        offenders="""
            SELECT m.id FROM messaging_optout o
            JOIN messaging_message m ON m.recipient = o.phone
            JOIN messaging_batch b ON b.id = m.batch_id AND b.account_id = o.account_id
            JOIN messaging_revision r ON r.id = b.revision_id
            JOIN accounts_smsaccount a ON a.id = o.account_id
            JOIN messaging_handover h ON h.batch_id = b.id
                AND m.id BETWEEN h.first_message_id AND h.last_message_id
            WHERE (r.is_commercial OR NOT a.opted_out_get_transactional)
              AND (m.status IS NULL OR m.status <> {skipped})
              AND {claimed_earlier} >= o.since AND (o.until IS NULL OR h.claimed_at < o.until)
              AND (b.departed_at >= o.since OR h.attempt <= h.put_off
                + CASE WHEN h.state = 'answered' THEN 2 ELSE 1 END)
        """,
    ),
    Check(
        name="nothing was claimed while its sender was not valid",
        about="hand-over",
        looks_at=CLAIMED,
        offenders="""
            SELECT h.id FROM messaging_handover h
            JOIN messaging_batch b ON b.id = h.batch_id
            JOIN messaging_revision r ON r.id = b.revision_id
            WHERE h.claimed_at IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM senders_sendervalidity v
                WHERE v.sender_id = r.sender_id AND v.since <= h.claimed_at
                  AND (v.until IS NULL OR v.until > {claimed_earlier}))
        """,
    ),
    Check(
        name="nothing was claimed while its account was suspended",
        about="hand-over",
        looks_at=CLAIMED,
        offenders="""
            SELECT DISTINCT h.id FROM messaging_handover h
            JOIN accounts_suspension s ON s.account_id = h.account_id
            WHERE s.since <= {claimed_earlier} AND (s.until IS NULL OR s.until > h.claimed_at)
        """,
    ),
)
