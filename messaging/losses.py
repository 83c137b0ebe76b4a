"""Senders lost to what was planned under them: whoever confirmed it gets an e-mail.

What bears a sender that is disabled, removed or at its end is skipped and given back when its
moment comes; enabled again in time, it leaves. Of a withdrawal `senders.review` tells at once. Told
once for each time a sender is lost, whoever runs this and however often.
"""

from datetime import datetime

from django.db.models import Count

from messaging.models import Revision
from senders import notices
from senders.models import SenderState

# Enabled senders are not lost, and of withdrawn ones their owners have heard.
NOT_LOST = (SenderState.ENABLED, SenderState.WITHDRAWN)


def tell(*, now: datetime) -> int:
    """Owe an e-mail to everybody who planned something under a lost sender; give how many."""
    planned = Revision.objects.filter(leaves_at__isnull=False, confirmed_by__isnull=False)
    lost = planned.exclude(sender__state__in=NOT_LOST).order_by("sender", "confirmed_by")
    counted = lost.values_list("sender", "confirmed_by").annotate(count=Count("pk"))
    return sum(
        notices.owe_loss(sender_id=sender_id, to_id=user_id, count=count, now=now)
        for sender_id, user_id, count in list(counted)
    )
