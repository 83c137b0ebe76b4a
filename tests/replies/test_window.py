"""The 48 hours: to the last second, also across the changes of the hour."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from replies import window

PARIS = ZoneInfo("Europe/Paris")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ACCEPTED = {
    "an ordinary day": datetime(2027, 3, 10, 9, 0, tzinfo=PARIS),
    "the clocks go forward": datetime(2027, 3, 27, 9, 0, tzinfo=PARIS),
    "the hour that does not exist follows": datetime(2027, 3, 28, 1, 59, 59, tzinfo=PARIS),
    "the clocks go back": datetime(2027, 10, 30, 9, 0, tzinfo=PARIS),
    "the hour that exists twice, first": datetime(2027, 10, 31, 2, 30, tzinfo=PARIS),
    "the hour that exists twice, again": datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=PARIS),
    "the turn of the year": datetime(2027, 12, 31, 23, 59, 59, tzinfo=PARIS),
}
AFTER = {
    "a second before": (-SECOND, True),
    "at once": (timedelta(0), True),
    "47:59:59": (timedelta(hours=47, minutes=59, seconds=59), True),
    "48:00:00": (timedelta(hours=48), True),
    "48:00:01": (timedelta(hours=48, seconds=1), False),
    "a microsecond late": (timedelta(hours=48, microseconds=1), False),
    "five minutes before": (-5 * MINUTE, True),
    "a second more": (-5 * MINUTE - SECOND, False),
}


def in_utc(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo("UTC"))


@pytest.mark.parametrize("accepted", ACCEPTED.values(), ids=ACCEPTED.keys())
@pytest.mark.parametrize(("after", "is_open"), AFTER.values(), ids=AFTER.keys())
def test_a_reply_is_in_time_for_48_hours(
    accepted: datetime, after: timedelta, is_open: bool
) -> None:
    at = in_utc(accepted)
    end = window.closes_at(accepted_at=at)
    found = window.is_open(first_accepted_at=at, closes_at=end, received_at=at + after)
    assert found is is_open


@pytest.mark.parametrize("accepted", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_the_end_is_48_hours_of_time_later_whatever_clocks_on_walls_do(accepted: datetime) -> None:
    end = window.closes_at(accepted_at=in_utc(accepted))
    assert end.timestamp() - accepted.timestamp() == 48 * 3600


def test_across_a_change_of_the_hour_the_wall_shows_an_hour_more_or_less() -> None:
    spring, autumn = (
        window.closes_at(accepted_at=in_utc(ACCEPTED[name])).astimezone(PARIS)
        for name in ("the clocks go forward", "the clocks go back")
    )
    assert (spring.day, spring.hour) == (29, 10)
    assert (autumn.day, autumn.hour) == (1, 8)


def test_each_further_sms_counts_anew() -> None:
    first = in_utc(ACCEPTED["an ordinary day"])
    last = first + timedelta(hours=40)
    end = window.closes_at(accepted_at=last)
    for after, is_open in ((48, True), (88, True), (89, False)):
        received = first + timedelta(hours=after)
        found = window.is_open(first_accepted_at=first, closes_at=end, received_at=received)
        assert found is is_open
