"""Revisions and their batches: totals, positions, reserved ids, rows of the sources.

A stale revision was emptied, its totals stay: it is left out where rows are compared.
"""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="a revision totals its batches",
        about="revision",
        looks_at="messaging_revision WHERE state <> 'stale'",
        offenders="""
            SELECT r.id FROM messaging_revision r
            LEFT JOIN messaging_batch b ON b.revision_id = r.id
            WHERE r.state <> 'stale'
            GROUP BY r.id, r.messages, r.parts, r.total_hundredths
            HAVING r.messages <> COALESCE(SUM(b.messages), 0)
                OR r.parts <> COALESCE(SUM(b.parts), 0)
                OR r.total_hundredths <> COALESCE(SUM(b.price_hundredths), 0)
        """,
    ),
    Check(
        name="a batch totals its counters",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT b.id FROM messaging_batch b
            LEFT JOIN messaging_batchcounter n ON n.batch_id = b.id
            GROUP BY b.id, b.messages, b.parts, b.price_hundredths
            HAVING b.messages <> COALESCE(SUM(n.messages), 0)
                OR b.parts <> COALESCE(SUM(n.parts), 0)
                OR b.price_hundredths <> COALESCE(SUM(n.price_hundredths), 0)
        """,
    ),
    Check(
        name="batches of a revision follow each other without gap or overlap",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT id FROM (
                SELECT id, number, first_position,
                    ROW_NUMBER() OVER (PARTITION BY revision_id ORDER BY number) AS place,
                    1 + COALESCE(SUM(messages) OVER (
                        PARTITION BY revision_id ORDER BY number
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ), 0) AS expected
                FROM messaging_batch
            ) b WHERE first_position <> expected OR number <> place
        """,
    ),
    Check(
        name="no two batches share a reserved id",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT id FROM (
                SELECT id, first_message_id + messages AS behind,
                    LEAD(first_message_id) OVER (ORDER BY first_message_id, id) AS following
                FROM messaging_batch
            ) b
            WHERE behind > following OR behind > COALESCE(
                (SELECT i.next FROM messaging_idblock i WHERE i.name = 'message'), 0)
        """,
    ),
    Check(
        name="each row of the recipients became a message, or is counted with those that did not",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            SELECT id FROM messaging_revision
            WHERE messages + refused + duplicates + opted_out <> rows_loaded
               OR (state NOT IN ('quoting', 'stale') AND rows_loaded <> rows_total)
        """,
    ),
    Check(
        name="a revision totals the rows of its sources",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            SELECT r.id FROM messaging_revision r
            LEFT JOIN messaging_recipientsource s ON s.revision_id = r.id
            GROUP BY r.id, r.rows_total HAVING r.rows_total <> COALESCE(SUM(s.rows), 0)
        """,
    ),
    Check(
        name="each refused row is kept",
        about="revision",
        looks_at="messaging_revision WHERE state <> 'stale'",
        offenders="""
            SELECT r.id FROM messaging_revision r
            LEFT JOIN messaging_refusedrow w ON w.revision_id = r.id
            WHERE r.state <> 'stale'
            GROUP BY r.id, r.refused HAVING r.refused <> COUNT(w.id)
        """,
    ),
)
