"""Progress: everything due has left, and what the carrier told has been acted upon.

A row that is due is picked up within seconds; one that is due for longer than the tolerated time
(`%(overdue)s` is that long ago) waits for a worker that does not come, or is lost.
"""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="each batch that is due has left",
        about="batch",
        looks_at="messaging_batch WHERE state = 'scheduled'",
        offenders="""
            SELECT id FROM messaging_batch
            WHERE state = 'scheduled' AND (not_before IS NULL OR not_before < %(overdue)s)
        """,
    ),
    Check(
        name="each hand-over that is due was claimed",
        about="hand-over",
        looks_at="messaging_handover WHERE state = 'ready'",
        offenders="""
            SELECT id FROM messaging_handover WHERE state = 'ready' AND not_before < %(overdue)s
        """,
    ),
    Check(
        name="each claim whose lease ended was recovered",
        about="hand-over",
        looks_at="messaging_handover WHERE state = 'claimed'",
        offenders="""
            SELECT id FROM messaging_handover WHERE state = 'claimed' AND lease_until < %(overdue)s
        """,
    ),
    Check(
        name="each batch that is through has left",
        about="batch",
        looks_at="messaging_batch WHERE state = 'leaving'",
        offenders="""
            SELECT b.id FROM messaging_batch b
            WHERE b.state = 'leaving' AND NOT b.cancel_requested AND NOT EXISTS (
                SELECT 1 FROM messaging_handover h WHERE h.batch_id = b.id
                    AND (h.state IN ('ready', 'claimed') OR h.answered_at >= %(overdue)s))
        """,
    ),
    Check(
        name="each quote that was begun goes on",
        about="revision",
        looks_at="messaging_revision WHERE state = 'quoting'",
        offenders="""
            SELECT id FROM messaging_revision
            WHERE state = 'quoting' AND (loaded_at IS NULL OR loaded_at < %(overdue)s)
        """,
    ),
    Check(
        name="each cancellation came to its end",
        about="revision",
        looks_at="messaging_revision WHERE state = 'cancelling'",
        offenders="""
            SELECT DISTINCT r.id FROM messaging_revision r
            JOIN messaging_campaign c ON c.id = r.campaign_id
            JOIN accounts_trailentry t
                ON t.subject = {debit_reference} AND t.event = 'campaign.cancelled'
            WHERE r.state = 'cancelling' AND t.at < %(overdue)s AND NOT EXISTS (
                SELECT 1 FROM messaging_batch b JOIN messaging_handover h ON h.batch_id = b.id
                WHERE b.revision_id = r.id AND h.state = 'claimed')
        """,
    ),
    Check(
        name="each push of receipts was applied",
        about="push of receipts",
        looks_at="messaging_receiptpush",
        offenders="SELECT id FROM messaging_receiptpush WHERE received_at < %(overdue)s",
    ),
    Check(
        name="each parked receipt that is due was tried again",
        about="receipt",
        looks_at="messaging_receipt WHERE outcome = 'waiting'",
        offenders="""
            SELECT id FROM messaging_receipt WHERE outcome = 'waiting' AND not_before < %(overdue)s
        """,
    ),
    Check(
        name="no receipt waits for its message longer than 72 hours",
        about="receipt",
        looks_at="messaging_receipt WHERE outcome = 'waiting'",
        offenders="""
            SELECT id FROM messaging_receipt WHERE outcome = 'waiting' AND received_at < %(parked)s
        """,
    ),
)
