"""The window in which a reply is in time.

An SMS from a short number may be answered for 48 hours, counted from the moment at which the
carrier accepted it and by the carrier's clock; each further SMS under the same lease counts anew.
A thumb may be quicker than our record, so five minutes before the first acceptance are in time
too. Moments are compared, not the hands of clocks: a change of the hour changes nothing. Pure.
"""

from datetime import datetime, timedelta

from senders.window import WINDOW

GRACE = timedelta(minutes=5)


def is_open(*, first_accepted_at: datetime, closes_at: datetime, received_at: datetime) -> bool:
    """Tell whether a reply is in time; the last second counts.

    The first acceptance is that of the first SMS under the lease; see `closes_at` for the end.
    """
    return first_accepted_at - GRACE <= received_at <= closes_at


def closes_at(*, accepted_at: datetime) -> datetime:
    """Tell until when the last SMS from a short number may be answered."""
    return accepted_at + WINDOW
