"""The window in which a reply is in time.

An SMS from a short number may be answered for 48 hours, counted from the moment at which the
carrier accepted it and by the carrier's clock; each further SMS under the same lease counts anew.
A thumb may be quicker than our record, so five minutes before the first acceptance are in time
too. Moments are compared, not the hands of clocks: a change of the hour changes nothing. Pure.
"""

from datetime import datetime, timedelta

WINDOW = timedelta(hours=48)
GRACE = timedelta(minutes=5)


def is_open(*, first_accepted_at: datetime, accepted_at: datetime, received_at: datetime) -> bool:
    """Tell whether a reply is in time; the last second counts.

    `accepted_at` is that of the last SMS, `first_accepted_at` of the first under the lease.
    """
    return first_accepted_at - GRACE <= received_at <= ends_at(accepted_at=accepted_at)


def ends_at(*, accepted_at: datetime) -> datetime:
    """Tell until when the last SMS may be answered."""
    return accepted_at + WINDOW
