"""By when staff promise to decide on a sender, over the hours in which they work.

They work from 8:00 to 20:00 in Paris, Monday to Friday but for public holidays; a working day has
12 such hours. A decision takes one to two working days, so the promise is over after 24 hours of
work. A promise that is over with the day ends at 20:00, not at 8:00 of the next one. Pure.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts import publicholidays

ZONE = ZoneInfo("Europe/Paris")
OPENS = time(8)
CLOSES = time(20)
WORKING_DAY = timedelta(hours=12)
PROMISED = 2 * WORKING_DAY

_DAY = timedelta(days=1)
_SATURDAY = 5


def due_at(asked_at: datetime) -> datetime:
    """Give the last moment, in UTC, at which a decision on what was asked is in time."""
    moment, left = _local(asked_at), PROMISED
    while (rest := _rest_of_day(moment)) < left:
        left -= rest
        moment = _opening_after(moment.date())
    return (max(moment, _at(moment.date(), OPENS)) + left).astimezone(UTC)


def working_time(*, since: datetime, until: datetime) -> timedelta:
    """Give the time staff worked between two moments; nothing if the second comes first."""
    moment, end = _local(since), _local(until)
    worked = timedelta()
    while moment.date() < end.date():
        worked += _rest_of_day(moment)
        moment = _opening_after(moment.date())
    if moment >= end:
        return worked
    return worked + _rest_of_day(moment) - _rest_of_day(end)


def _local(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(ZONE)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, ZONE)


def _works_on(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in publicholidays.in_year("FR", None, day.year)


def _rest_of_day(moment: datetime) -> timedelta:
    """Give the working time that a day still has; clocks never change while staff work."""
    day = moment.date()
    if not _works_on(day):
        return timedelta()
    return max(timedelta(), _at(day, CLOSES) - max(moment, _at(day, OPENS)))


def _opening_after(day: date) -> datetime:
    day += _DAY
    while not _works_on(day):
        day += _DAY
    return _at(day, OPENS)
