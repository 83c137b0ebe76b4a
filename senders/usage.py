"""When something last left under a sender, to the minute.

Whoever lets messages leave tells; nothing is decided by it, so it is a statement of its own that
holds no other lock and may be lost with the process.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from senders.models import Sender

# A campaign leaves in many batches: the row is written once in this time.
GRAIN = timedelta(minutes=1)


def note(*, sender_id: int, known: datetime | None, now: datetime) -> None:
    """Note that something leaves under a sender now. Outside of any transaction.

    `known` is when it last did, as the caller read it.
    """
    if known is not None and known > now - GRAIN:
        return
    Sender.objects.filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - GRAIN), pk=sender_id
    ).update(last_used_at=now)
