"""The rounds of asking for a sender: each is opened once and decided once.

Part of the transactions of `review`, which moves the sender with them. A request is locked before
its sender.
"""

from datetime import datetime, timedelta

from django.db.models import Max

from accounts.models import User
from senders import promise
from senders.models import (
    Decision,
    DecisionReason,
    Origin,
    Outcome,
    Sender,
    SenderRequest,
)


def begin(
    sender: Sender, *, origin: Origin, reason: str, by: User, now: datetime, changes: str = ""
) -> SenderRequest:
    """Open the next round of a sender; a second open one is an IntegrityError."""
    last = SenderRequest.objects.filter(sender=sender).aggregate(last=Max("round"))["last"]
    return SenderRequest.objects.create(
        sender=sender,
        round=(last or 0) + 1,
        origin=origin,
        description=sender.description,
        reason=reason,
        changes=changes,
        asked_by=by,
        requested_at=now,
        promised_at=promise.due_at(now),
    )


def origin_of(sender: Sender) -> Origin:
    """Give where the name came from when it was asked for last."""
    last = SenderRequest.objects.filter(sender=sender).order_by("-round").first()
    return Origin(last.origin) if last else Origin.CUSTOM


def decide(
    sender: Sender,
    *,
    outcome: Outcome,
    reason: DecisionReason,
    text: str,
    by: User | None,
    now: datetime,
) -> None:
    """Close the open request, if there is one, with what was decided. Before the sender moves."""
    waiting = SenderRequest.objects.filter(sender=sender, closed_at__isnull=True)
    if opened := waiting.select_for_update(no_key=True).first():
        waiting.filter(pk=opened.pk).update(closed_at=now)
        worked = promise.working_time(since=opened.requested_at, until=now)
        Decision.objects.create(
            request=opened,
            by=by,
            at=now,
            outcome=outcome,
            reason=reason,
            text=text,
            worked_seconds=worked // timedelta(seconds=1),
        )
