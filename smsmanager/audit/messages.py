"""Messages: the rows themselves, against batches and counters. These read the big table.

The rows of an erased batch say nothing any more; its counters speak for them.
"""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="counters are the numbers of rows",
        about="batch",
        looks_at="messaging_message",
        offenders="""
            SELECT DISTINCT batch_id AS id FROM (
                SELECT batch_id, status, country, operator, messages, parts, price_hundredths
                FROM messaging_batchcounter
                UNION ALL
                SELECT batch_id, COALESCE(status, 0), country, operator,
                    -COUNT(*), -SUM(parts), -SUM(price_hundredths)
                FROM messaging_message GROUP BY batch_id, status, country, operator
            ) n
            WHERE batch_id NOT IN (SELECT id FROM messaging_batch WHERE erased_at IS NOT NULL)
            GROUP BY batch_id, status, country, operator
            HAVING SUM(messages) <> 0 OR SUM(parts) <> 0 OR SUM(price_hundredths) <> 0
        """,
    ),
    Check(
        name="a message lies within the ids of its batch",
        about="message",
        looks_at="messaging_message",
        offenders="""
            SELECT m.id FROM messaging_message m LEFT JOIN messaging_batch b ON b.id = m.batch_id
            WHERE b.id IS NULL OR m.id < b.first_message_id
               OR m.id >= b.first_message_id + b.messages
        """,
    ),
    Check(
        name="a recipient gets a revision once",
        about="message",
        looks_at="messaging_message",
        offenders="""
            SELECT MAX(m.id) AS id FROM messaging_message m
            JOIN messaging_batch b ON b.id = m.batch_id
            WHERE b.erased_at IS NULL
            GROUP BY b.revision_id, m.recipient HAVING COUNT(*) > 1
        """,
    ),
    Check(
        name="nothing came of a message before its batch left",
        about="batch",
        looks_at="messaging_batch WHERE departed_at IS NULL",
        offenders="""
            SELECT DISTINCT b.id FROM messaging_batch b
            JOIN messaging_batchcounter n ON n.batch_id = b.id
            WHERE b.departed_at IS NULL AND n.status <> 0 AND n.messages <> 0
        """,
    ),
    Check(
        name="each message of a closed hand-over says why",
        about="message",
        looks_at="messaging_handover WHERE state = 'closed'",
        offenders="""
            SELECT m.id FROM messaging_handover h JOIN messaging_message m
                ON m.batch_id = h.batch_id
                AND m.id BETWEEN h.first_message_id AND h.last_message_id
            WHERE h.state = 'closed' AND m.status IS NULL
        """,
    ),
)
