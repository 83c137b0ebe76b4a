"""Hand-overs: of which batch, over which ids, in which state."""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="only a batch that left has hand-overs",
        about="hand-over",
        looks_at="messaging_handover",
        offenders="""
            SELECT h.id FROM messaging_handover h JOIN messaging_batch b ON b.id = h.batch_id
            WHERE b.departed_at IS NULL
        """,
    ),
    Check(
        name="the hand-overs of a batch hold each of its messages once",
        about="batch",
        looks_at="messaging_batch WHERE state IN ('leaving', 'left')",
        offenders="""
            SELECT b.id FROM messaging_batch b
            LEFT JOIN (
                SELECT batch_id, first_message_id, last_message_id,
                    LAG(last_message_id) OVER (
                        PARTITION BY batch_id ORDER BY first_message_id
                    ) AS before_id
                FROM messaging_handover
            ) h ON h.batch_id = b.id
            WHERE b.state IN ('leaving', 'left')
            GROUP BY b.id, b.first_message_id, b.messages
            HAVING COALESCE(MAX(h.last_message_id), 0) <> b.first_message_id + b.messages - 1
                OR SUM(CASE WHEN h.first_message_id = COALESCE(
                    h.before_id + 1, b.first_message_id) AND h.last_message_id >= h.first_message_id
                    THEN 0 ELSE 1 END) > 0
        """,
    ),
    Check(
        name="a hand-over that was taken has the moment of its claim",
        about="hand-over",
        looks_at="messaging_handover",
        offenders="""
            SELECT id FROM messaging_handover
            WHERE (state IN ('claimed', 'answered') AND (claimed_at IS NULL OR attempt = 0))
               OR (state = 'claimed') <> (lease_until IS NOT NULL)
        """,
    ),
)
