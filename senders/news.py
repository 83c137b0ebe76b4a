"""What staff decided and nobody of the account who may ask for senders has looked at yet.

Kept on the request: the decision itself is never changed. What the platform enables at once is no
news, because whoever asked has just been told.
"""

from datetime import datetime

from django.db.models import QuerySet

from senders.models import SenderRequest


def unseen(*, account_id: int) -> int:
    """Count the decisions nobody looked at; asked for by every page of the account."""
    return _unseen(account_id).count()


def see(*, account_id: int, now: datetime) -> None:
    """Note that they were looked at; harmless twice. Mostly there are none: nothing is written."""
    if unseen(account_id=account_id):
        _unseen(account_id).update(seen_at=now)


def _unseen(account_id: int) -> QuerySet[SenderRequest]:
    return SenderRequest.objects.filter(
        sender__account=account_id,
        closed_at__isnull=False,
        seen_at__isnull=True,
        decision__by__isnull=False,
    )
