"""Tenants: what belongs together belongs to one account.

That of credit entries is a matter of `money`: a debit or refund names a revision or batch of its
own account.
"""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="a revision belongs to the account of its campaign",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            SELECT r.id FROM messaging_revision r JOIN messaging_campaign c ON c.id = r.campaign_id
            WHERE r.account_id <> c.account_id
        """,
    ),
    Check(
        name="a revision bears a sender of its account",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            SELECT r.id FROM messaging_revision r JOIN senders_sender s ON s.id = r.sender_id
            WHERE r.account_id <> s.account_id
        """,
    ),
    Check(
        name="a batch belongs to the account of its revision",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT b.id FROM messaging_batch b JOIN messaging_revision r ON r.id = b.revision_id
            WHERE b.account_id <> r.account_id
        """,
    ),
    Check(
        name="a lease belongs to an account",
        about="lease",
        looks_at="senders_lease",
        offenders="""
            SELECT l.id FROM senders_lease l
            LEFT JOIN accounts_smsaccount a ON a.id = l.account_id WHERE a.id IS NULL
        """,
    ),
    Check(
        name="a hand-over belongs to the account of its batch",
        about="hand-over",
        looks_at="messaging_handover",
        offenders="""
            SELECT h.id FROM messaging_handover h JOIN messaging_batch b ON b.id = h.batch_id
            WHERE h.account_id <> b.account_id
        """,
    ),
)
