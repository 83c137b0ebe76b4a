"""Credits: balances, entries, debits of revisions, refunds of batches.

What a message cost and whether it was refunded is read from the counters of its batch; that these
equal the rows is a check of `messages`.
"""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="a balance is the sum of its entries, and what the last one says",
        about="account",
        looks_at="accounts_smsaccount",
        offenders="""
            SELECT a.id FROM accounts_smsaccount a
            LEFT JOIN (
                SELECT account_id, SUM(amount_hundredths) AS total, MAX(id) AS last_id
                FROM accounts_creditentry GROUP BY account_id
            ) s ON s.account_id = a.id
            LEFT JOIN accounts_creditentry e ON e.id = s.last_id
            WHERE a.balance_hundredths <> COALESCE(s.total, 0)
               OR a.balance_hundredths <> COALESCE(e.balance_after_hundredths, 0)
        """,
    ),
    Check(
        name="each entry says the sum of all up to it",
        about="entry",
        looks_at="accounts_creditentry",
        offenders="""
            SELECT id FROM (
                SELECT id, balance_after_hundredths, SUM(amount_hundredths) OVER (
                    PARTITION BY account_id ORDER BY id ROWS UNBOUNDED PRECEDING
                ) AS running
                FROM accounts_creditentry
            ) e WHERE balance_after_hundredths <> running
        """,
    ),
    Check(
        name="no balance was ever below zero",
        about="entry",
        looks_at="accounts_creditentry",
        offenders="SELECT id FROM accounts_creditentry WHERE balance_after_hundredths < 0",
    ),
    Check(
        name="a confirmed revision was debited once, its whole price",
        about="revision",
        looks_at="messaging_revision WHERE state IN ({confirmed})",
        offenders="""
            SELECT r.id FROM messaging_revision r
            JOIN messaging_campaign c ON c.id = r.campaign_id
            LEFT JOIN accounts_creditentry e ON e.account_id = r.account_id
                AND e.kind = 'campaign' AND e.reference = {debit_reference}
            WHERE r.state IN ({confirmed})
            GROUP BY r.id, r.total_hundredths
            HAVING COUNT(e.id) <> 1 OR SUM(-e.amount_hundredths) <> r.total_hundredths
        """,
    ),
    Check(
        name="a debit is that of a confirmed revision of its account",
        about="entry",
        looks_at="accounts_creditentry WHERE kind = 'campaign'",
        offenders="""
            WITH known AS MATERIALIZED (
                SELECT r.account_id, {debit_reference} AS reference FROM messaging_revision r
                JOIN messaging_campaign c ON c.id = r.campaign_id
                WHERE r.state IN ({confirmed})
            )
            SELECT e.id FROM accounts_creditentry e
            LEFT JOIN known k ON k.account_id = e.account_id AND k.reference = e.reference
            WHERE e.kind = 'campaign' AND k.reference IS NULL
        """,
    ),
    Check(
        name="a revision is given back no more than it was debited",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            WITH f AS MATERIALIZED {refunds}
            SELECT r.id FROM messaging_revision r
            JOIN messaging_batch b ON b.revision_id = r.id
            JOIN f ON f.batch_id = b.id
            GROUP BY r.id, r.state, r.total_hundredths
            HAVING SUM(f.amount_hundredths) >
                CASE WHEN r.state IN ({confirmed}) THEN r.total_hundredths ELSE 0 END
        """,
    ),
    Check(
        name="a batch was given back the prices of its refunded messages, or all if it never left",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            WITH given AS MATERIALIZED (
                SELECT batch_id, SUM(amount_hundredths) AS total FROM {refunds} f GROUP BY batch_id
            ), owed AS MATERIALIZED (
                SELECT batch_id, SUM(price_hundredths) AS total FROM messaging_batchcounter
                WHERE status >= {refunded} GROUP BY batch_id
            )
            SELECT b.id FROM messaging_batch b
            LEFT JOIN given g ON g.batch_id = b.id
            LEFT JOIN owed o ON o.batch_id = b.id
            WHERE COALESCE(g.total, 0) <> CASE WHEN b.state = 'cancelled'
                THEN b.price_hundredths ELSE COALESCE(o.total, 0) END
        """,
    ),
    Check(
        name="refunds of a batch are numbered from 1 without a gap",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            WITH given AS MATERIALIZED (
                SELECT batch_id, COUNT(*) AS entries, COUNT(DISTINCT number) AS numbers,
                    MIN(number) AS first_number, MAX(number) AS last_number
                FROM {refunds} f GROUP BY batch_id
            )
            SELECT b.id FROM messaging_batch b LEFT JOIN given g ON g.batch_id = b.id
            WHERE COALESCE(g.entries, 0) <> b.refunds OR COALESCE(g.last_number, 0) <> b.refunds
               OR g.numbers <> g.entries OR g.first_number < 1
        """,
    ),
    Check(
        name="a refund is that of a batch of its account",
        about="entry",
        looks_at="accounts_creditentry WHERE kind = 'refund'",
        offenders="""
            SELECT f.id FROM {refunds} f
            LEFT JOIN messaging_batch b ON b.id = f.batch_id AND b.account_id = f.account_id
            WHERE b.id IS NULL
        """,
    ),
)
