"""States: of a revision, its batches and their hand-overs, which move together.

Cancelling settles hand-over by hand-over: what it has not reached yet is in order; that it comes
to an end is a check of `progress`.
"""

from smsmanager.audit.check import Check

CHECKS = (
    Check(
        name="a revision is confirmed by somebody at some moment, or not at all",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            SELECT id FROM messaging_revision
            WHERE (state IN ({confirmed})) <> (confirmed_at IS NOT NULL)
               OR (state IN ({confirmed})) <> (confirmed_by_id IS NOT NULL)
        """,
    ),
    Check(
        name="a revision has its declaration exactly when it is not commercial",
        about="revision",
        looks_at="messaging_revision",
        offenders="""
            SELECT id FROM messaging_revision
            WHERE is_commercial = (declared_by_id IS NOT NULL)
               OR is_commercial = (declared_at IS NOT NULL)
        """,
    ),
    Check(
        name="a commercial text under a name tells how to opt out",
        about="revision",
        looks_at="messaging_revision WHERE is_commercial",
        offenders="""
            SELECT r.id FROM messaging_revision r JOIN senders_sender s ON s.id = r.sender_id
            WHERE r.is_commercial AND s.kind = 'alpha' AND r.clause = ''
        """,
    ),
    Check(
        name="a commercial batch obeys legal hours",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT b.id FROM messaging_batch b JOIN messaging_revision r ON r.id = b.revision_id
            WHERE r.is_commercial AND b.calendar = ''
        """,
    ),
    Check(
        name="a batch stands where its revision lets it",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT b.id FROM messaging_batch b JOIN messaging_revision r ON r.id = b.revision_id
            WHERE (r.state, b.state) NOT IN (VALUES
                ('quoting', 'loaded'), ('quoted', 'loaded'), ('scheduled', 'scheduled'),
                ('leaving', 'scheduled'), ('leaving', 'leaving'), ('leaving', 'left'),
                ('left', 'left'), ('left', 'cancelled'), ('cancelling', 'leaving'),
                ('cancelling', 'left'), ('cancelling', 'cancelled'), ('cancelled', 'left'),
                ('cancelled', 'cancelled'), ('replaced', 'cancelled'))
        """,
    ),
    Check(
        name="what was replaced gave way to a revision that was confirmed",
        about="revision",
        looks_at="messaging_revision WHERE state = 'replaced'",
        offenders="""
            SELECT o.id FROM messaging_revision o WHERE o.state = 'replaced' AND NOT EXISTS (
                SELECT 1 FROM messaging_revision r
                WHERE r.campaign_id = o.campaign_id AND r.number > o.number
                  AND r.state IN ({confirmed}))
        """,
    ),
    Check(
        name="what is planned is listed by the moment of its first batch",
        about="revision",
        looks_at="messaging_revision WHERE state IN ('scheduled', 'leaving', 'cancelling')",
        offenders="""
            SELECT r.id FROM messaging_revision r
            WHERE (r.state IN ('scheduled', 'leaving', 'cancelling')) <> (r.leaves_at IS NOT NULL)
            UNION ALL
            SELECT r.id FROM messaging_revision r
            JOIN messaging_batch b ON b.revision_id = r.id
            WHERE r.state = 'scheduled'
            GROUP BY r.id, r.leaves_at HAVING MIN(b.not_before) <> r.leaves_at
        """,
    ),
    Check(
        name="a batch has left exactly when it has a moment of leaving",
        about="batch",
        looks_at="messaging_batch",
        offenders="""
            SELECT id FROM messaging_batch
            WHERE (state IN ('leaving', 'left')) <> (departed_at IS NOT NULL)
        """,
    ),
    Check(
        name="a revision is leaving as long as a batch of it is",
        about="revision",
        looks_at="messaging_revision WHERE state = 'leaving'",
        offenders="""
            SELECT r.id FROM messaging_revision r WHERE r.state = 'leaving' AND NOT EXISTS (
                SELECT 1 FROM messaging_batch b
                WHERE b.revision_id = r.id AND b.state IN ('scheduled', 'leaving'))
        """,
    ),
    Check(
        name="a batch is leaving as long as a hand-over of it is open",
        about="batch",
        looks_at="messaging_batch WHERE departed_at IS NOT NULL",
        offenders="""
            SELECT DISTINCT b.id FROM messaging_batch b
            JOIN messaging_handover h ON h.batch_id = b.id AND h.state IN ('ready', 'claimed')
            WHERE b.state = 'left'
        """,
    ),
)
