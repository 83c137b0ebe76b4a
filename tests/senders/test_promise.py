"""The promised moment of a decision: two working days of twelve hours, by the clocks of Paris."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders import promise

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


ASKED = {
    "Monday morning": ("2027-06-07T10:00", "2027-06-09T10:00"),
    "Friday": ("2027-06-04T19:59:59", "2027-06-08T19:59:59"),
    "at opening, which ends with the day": ("2027-06-07T08:00", "2027-06-08T20:00"),
    "a second after opening": ("2027-06-07T08:00:01", "2027-06-09T08:00:01"),
    "at closing": ("2027-06-07T20:00", "2027-06-09T20:00"),
    "in the evening": ("2027-06-07T22:15", "2027-06-09T20:00"),
    "in the small hours": ("2027-06-08T03:00", "2027-06-09T20:00"),
    "on a Saturday": ("2027-06-05T12:00", "2027-06-08T20:00"),
    "late on a Sunday": ("2027-06-06T23:59", "2027-06-08T20:00"),
    "Thursday before Easter Monday": ("2027-03-25T10:00", "2027-03-30T10:00"),
    "Good Friday is worked": ("2027-03-26T10:00", "2027-03-31T10:00"),
    "on Easter Monday": ("2027-03-29T10:00", "2027-03-31T20:00"),
    "Whit Monday": ("2027-05-14T10:00", "2027-05-19T10:00"),
    "the turn of the year": ("2026-12-31T10:00", "2027-01-05T10:00"),
    "1 January": ("2027-01-01T10:00", "2027-01-05T20:00"),
    "1 and 8 May on Saturdays": ("2027-04-30T10:00", "2027-05-04T10:00"),
    "14 July in the middle of the week": ("2027-07-13T10:00", "2027-07-16T10:00"),
    "the clocks go forward": ("2027-03-26T19:00", "2027-03-31T19:00"),
    "the clocks go back": ("2027-10-29T10:00", "2027-11-03T10:00"),
    "the hour that exists twice": ("2027-10-31T02:30", "2027-11-03T20:00"),
}


@pytest.mark.parametrize(("asked", "due"), ASKED.values(), ids=ASKED.keys())
def test_a_decision_is_promised_after_two_working_days(asked: str, due: str) -> None:
    assert promise.due_at(paris(asked)) == paris(due)


def test_both_times_of_the_hour_that_exists_twice_are_promised_alike() -> None:
    first, second = (datetime(2028, 10, 29, 2, 30, fold=n, tzinfo=PARIS) for n in (0, 1))
    assert promise.due_at(first) == promise.due_at(second) == paris("2028-10-31T20:00")


def test_the_zone_of_whoever_asks_changes_nothing() -> None:
    there = datetime(2027, 6, 7, 17, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert promise.due_at(there) == promise.due_at(paris("2027-06-07T10:00"))
    assert promise.due_at(there).tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        promise.due_at(datetime(2027, 6, 7, 10))  # noqa: DTZ001 (what is tested)


WORKED = {
    "an hour": ("2027-06-07T10:00", "2027-06-07T11:00", 1),
    "before opening": ("2027-06-07T06:00", "2027-06-07T09:00", 1),
    "after closing": ("2027-06-07T19:00", "2027-06-07T23:00", 1),
    "over a night": ("2027-06-07T19:00", "2027-06-08T09:00", 2),
    "into a weekend": ("2027-06-04T10:00", "2027-06-05T10:00", 10),
    "within a weekend": ("2027-06-05T10:00", "2027-06-06T10:00", 0),
    "out of a weekend": ("2027-06-05T10:00", "2027-06-07T10:00", 2),
    "over a weekend of 49 hours": ("2027-10-29T19:00", "2027-11-02T09:00", 2),
    "nothing": ("2027-06-07T10:00", "2027-06-07T10:00", 0),
    "backwards": ("2027-06-08T10:00", "2027-06-07T10:00", 0),
    "backwards within a day": ("2027-06-07T11:00", "2027-06-07T10:00", 0),
}


@pytest.mark.parametrize(("since", "until", "hours"), WORKED.values(), ids=WORKED.keys())
def test_only_hours_in_which_staff_work_count(since: str, until: str, hours: int) -> None:
    assert promise.working_time(since=paris(since), until=paris(until)) == hours * HOUR


moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2031, 12, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
lengths = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=12))


@given(moments)
def test_the_promise_ends_while_staff_work(asked_at: datetime) -> None:
    due = promise.due_at(asked_at).astimezone(PARIS)
    assert due.weekday() < 5
    assert promise.OPENS < due.time() <= promise.CLOSES
    assert due.date() not in {date(due.year, 12, 25), date(due.year, 1, 1), date(due.year, 5, 1)}


@given(moments)
def test_the_promise_is_two_working_days_long(asked_at: datetime) -> None:
    due = promise.due_at(asked_at)
    assert promise.working_time(since=asked_at, until=due) == 2 * promise.WORKING_DAY
    before = due - timedelta(microseconds=1)
    assert promise.working_time(since=asked_at, until=before) < 2 * promise.WORKING_DAY


@given(moments, lengths)
def test_who_asks_later_is_never_promised_an_earlier_moment(
    asked_at: datetime, later: timedelta
) -> None:
    assert promise.due_at(asked_at) <= promise.due_at(asked_at + later)


@given(moments, lengths, lengths)
def test_working_time_adds_up(since: datetime, first: timedelta, second: timedelta) -> None:
    middle, until = since + first, since + first + second
    whole = promise.working_time(since=since, until=until)
    parts = (
        promise.working_time(since=since, until=middle),
        promise.working_time(since=middle, until=until),
    )
    assert whole == sum(parts, timedelta())
    assert timedelta() <= whole <= until - since
