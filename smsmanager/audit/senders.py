"""Senders: what waits is asked for, what is enabled is valid, what was decided was decided once.

Senders that are older than requests have none, so a request is asked for only where one must be.
"""

from django.core.files.storage import storages

from smsmanager.audit.check import Check


def has_its_file(stored_as: str) -> bool:
    """Tell whether the storage has a document."""
    return storages["documents"].exists(stored_as)


CHECKS = (
    Check(
        name="a waiting sender has one open request, any other has none",
        about="sender",
        looks_at="senders_sender",
        offenders="""
            SELECT s.id FROM senders_sender s
            LEFT JOIN senders_senderrequest q ON q.sender_id = s.id AND q.closed_at IS NULL
            GROUP BY s.id, s.state
            HAVING COUNT(q.id) <> CASE WHEN s.state = 'waiting' THEN 1 ELSE 0 END
        """,
    ),
    Check(
        name="an enabled sender has one validity that goes on, any other has none",
        about="sender",
        looks_at="senders_sender",
        # That of a virtual number goes on to the end of its term; upkeep ends it a little later.
        offenders="""
            SELECT s.id FROM senders_sender s
            LEFT JOIN senders_sendervalidity v ON v.sender_id = s.id
                AND (v.until IS NULL OR v.until = s.term_ends_at)
            WHERE s.kind <> 'virtual' OR s.state = 'enabled'
            GROUP BY s.id, s.state
            HAVING COUNT(v.id) <> CASE WHEN s.state = 'enabled' THEN 1 ELSE 0 END
        """,
    ),
    Check(
        name="a request is closed at the moment of its decision",
        about="request",
        looks_at="senders_decision",
        offenders="""
            SELECT q.id FROM senders_decision d JOIN senders_senderrequest q ON q.id = d.request_id
            WHERE q.closed_at IS NULL OR q.closed_at <> d.at
        """,
    ),
    Check(
        name="a request without a decision is open, or was taken back",
        about="request",
        looks_at="senders_senderrequest",
        offenders="""
            SELECT q.id FROM senders_senderrequest q
            JOIN senders_sender s ON s.id = q.sender_id AND s.state <> 'removed'
            LEFT JOIN senders_decision d ON d.request_id = q.id
            WHERE q.closed_at IS NOT NULL AND d.id IS NULL AND NOT EXISTS (
                SELECT 1 FROM senders_senderrequest n
                WHERE n.sender_id = q.sender_id AND n.round > q.round)
        """,
    ),
    Check(
        name="a document has its hash",
        about="document",
        looks_at="senders_senderdocument",
        offenders="SELECT id FROM senders_senderdocument WHERE LENGTH(sha256) <> 64",
    ),
    Check(
        name="a document that was not erased has its file",
        about="document",
        looks_at="senders_senderdocument WHERE erased_at IS NULL",
        offenders="SELECT id, stored_as FROM senders_senderdocument WHERE erased_at IS NULL",
        obeys=has_its_file,
    ),
    Check(
        name="each document whose time is over was erased",
        about="document",
        looks_at="senders_senderdocument WHERE erased_at IS NULL",
        offenders="""
            SELECT d.id FROM senders_senderdocument d
            JOIN senders_senderrequest q ON q.id = d.request_id
            WHERE d.erased_at IS NULL AND q.closed_at < %(kept)s
        """,
    ),
)
