"""When a sender may be used: asked when messages are confirmed and handed over."""

from datetime import datetime

from accounts import intervals
from accounts.intervals import Interval
from senders.models import SenderValidity


def is_valid(*, sender_id: int, now: datetime) -> bool:
    """Tell whether the sender may be used at this moment."""
    [holds] = intervals.cover([interval(sender_id=sender_id)], at=now)
    return holds


def interval(*, sender_id: int) -> Interval:
    """Give what holds while the sender may be used."""
    return Interval(SenderValidity, "sender_id", sender_id)
