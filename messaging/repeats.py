"""Whether a quote says again what the account confirmed lately, to the same recipients.

Asked about in the review, because it is mostly a second press on another day's form, and sometimes
meant. Recipients are the same when the frozen rows are: nothing is parsed or counted. Reads only.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from messaging import campaigns
from messaging.models import Revision, RevisionState, SourceChunk

WITHIN = timedelta(hours=24)
# What was called off did not reach anybody, or not all.
CALLED_OFF = (RevisionState.CANCELLING, RevisionState.CANCELLED)
STANDS = [state for state in campaigns.CONFIRMED if state not in CALLED_OFF]


def lately(*, revision: Revision, now: datetime) -> Revision | None:
    """Find the last campaign of the account, confirmed within 24 hours, that this one repeats."""
    candidates = (
        Revision.objects.select_related("campaign", "account")
        .filter(
            account_id=revision.account_id,
            confirmed_at__gt=now - WITHIN,
            rows_total=revision.rows_total,
            rows_total__gt=1,
            text=revision.text,
            state__in=STANDS,
        )
        .exclude(campaign_id=revision.campaign_id)
    )
    found = candidates.order_by("-confirmed_at", "-pk")
    return next((each for each in found if _has_the_rows_of(each, revision)), None)


def _has_the_rows_of(earlier: Revision, revision: Revision) -> bool:
    """Compare chunk by chunk in the database: a list may have a million rows."""
    theirs = SourceChunk.objects.filter(
        source__revision=earlier,
        first_position=OuterRef("first_position"),
        content=OuterRef("content"),
    )
    mine = SourceChunk.objects.filter(source__revision=revision)
    return not mine.exclude(Exists(theirs)).exists()
