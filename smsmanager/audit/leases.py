"""Leases: whose an answer is, and that nothing was sent that nobody could answer to.

A pair of number and phone is one account's as long as it is held; the database refuses more, and
this proves it once again. Leases are never removed, so every message from a short number still
has the one that it was sent under.
"""

from smsmanager.audit.check import Check

# Messages that a short number was used for, with the moment of the claim they belong to. Another
# worker may have opened the lease, by a clock that is a little ahead.
SENT = """
    SELECT m.id, m.recipient, b.account_id, {claimed_later} AS claimed_at
    FROM messaging_revision r
    JOIN senders_sender s ON s.id = r.sender_id AND s.kind = 'short'
    JOIN messaging_batch b ON b.revision_id = r.id AND b.erased_at IS NULL
    JOIN messaging_handover h ON h.batch_id = b.id AND h.state = 'answered'
    JOIN messaging_message m ON m.id BETWEEN h.first_message_id AND h.last_message_id
    WHERE m.status IS NULL OR m.status NOT IN ({never_sent})
"""

CHECKS = (
    Check(
        name="a number is held for a phone by one lease",
        about="lease",
        looks_at="senders_lease WHERE is_held",
        offenders="""
            SELECT MAX(id) AS id FROM senders_lease WHERE is_held
            GROUP BY number, phone HAVING COUNT(*) > 1
        """,
    ),
    Check(
        name="an account has one open short lease for a phone",
        about="lease",
        looks_at="senders_lease WHERE is_open",
        offenders="""
            SELECT MAX(id) AS id FROM senders_lease WHERE is_open AND kind = 'short'
            GROUP BY account_id, phone HAVING COUNT(*) > 1
        """,
    ),
    Check(
        name="each lease that ended was closed",
        about="lease",
        looks_at="senders_lease WHERE is_open",
        offenders="""
            SELECT id FROM senders_lease WHERE is_open AND expires_at < %(overdue)s
        """,
    ),
    Check(
        name="a lease has the moment of its closing exactly when it is closed",
        about="lease",
        looks_at="senders_lease",
        offenders="""
            SELECT id FROM senders_lease WHERE is_open <> (closed_at IS NULL)
        """,
    ),
    Check(
        name="the number of the STOP clause is lent to nobody",
        about="lease",
        looks_at="senders_lease WHERE kind = 'short'",
        offenders="""
            SELECT id FROM senders_lease WHERE number = '{stop_number}'
        """,
    ),
    Check(
        name="a message from a short number has the lease of its phone",
        about="message",
        looks_at="messaging_revision r JOIN senders_sender s ON s.id = r.sender_id "
        "WHERE s.kind = 'short'",
        offenders=f"""
            SELECT m.id FROM ({SENT}) m WHERE NOT EXISTS (
                SELECT 1 FROM senders_lease l
                WHERE l.phone = m.recipient AND l.account_id = m.account_id
                  AND l.kind = 'short' AND l.opened_at <= m.claimed_at)
        """,  # noqa: S608 (constants)
    ),
    Check(
        name="a short number wrote to metropolitan France only",
        about="message",
        looks_at="messaging_revision r JOIN senders_sender s ON s.id = r.sender_id "
        "WHERE s.kind = 'short'",
        offenders=f"""
            SELECT m.id FROM ({SENT}) m WHERE NOT (
                m.recipient LIKE '+336%%' OR m.recipient LIKE '+337%%')
        """,  # noqa: S608 (constants)
    ),
    Check(
        name="a virtual number is one account's at a time",
        about="sender",
        looks_at="senders_sender WHERE kind = 'virtual'",
        offenders="""
            SELECT s.id FROM senders_sendervalidity v
            JOIN senders_sender s ON s.id = v.sender_id AND s.kind = 'virtual'
            JOIN senders_sender o ON o.name = s.name AND o.id <> s.id AND o.kind = 'virtual'
            JOIN senders_sendervalidity w ON w.sender_id = o.id
                AND w.since < v.until AND v.since < w.until
        """,
    ),
)
