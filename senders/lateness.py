"""Missed promises: each is reported once, in the log and by an e-mail to those who decide."""

from datetime import datetime

import structlog
from django.db import transaction

from accounts import retrying
from senders import notices
from senders.models import SenderRequest

log = structlog.stdlib.get_logger(__name__)

# Reported in one run.
GROUP = 500


@retrying.on_deadlock
def report(*, now: datetime) -> int:
    """Report what waits beyond its promise and was not reported yet; give how many."""
    missed = SenderRequest.objects.filter(
        closed_at__isnull=True, missed_at__isnull=True, promised_at__lte=now
    )
    with transaction.atomic():
        # Whoever comes second finds them marked.
        found = [
            request
            for request in missed.select_related("sender__account").order_by("promised_at")[:GROUP]
            if missed.filter(pk=request.pk).update(missed_at=now)
        ]
        if found:
            notices.owe_late(count=len(found), now=now)
    for request in found:
        log.warning("request.late", request=str(request.uuid), account=request.sender.account.name)
    return len(found)
