"""Moments on pages: in the current zone, with its name even in the hour that exists twice."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from accounts.templatetags import moments

PARIS = ZoneInfo("Europe/Paris")
FIRST = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
SECOND = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        pytest.param(FIRST, "Europe/Paris", "CEST, UTC+2", id="the first of two equal hours"),
        pytest.param(SECOND, "Europe/Paris", "CET, UTC+1", id="the second"),
        pytest.param(FIRST, "Asia/Kolkata", "IST, UTC+5:30", id="half an hour"),
        pytest.param(FIRST, "America/Montevideo", "-03, UTC-3", id="behind"),
        pytest.param(FIRST, "Indian/Maldives", "+05, UTC+5", id="a zone without a name"),
    ],
)
def test_the_zone_tells_equal_times_apart(at: datetime, zone: str, expected: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert moments.zone_of(at) == expected


def test_every_form_is_in_the_current_zone() -> None:
    with timezone.override(PARIS), translation.override("en"):
        assert moments.moment(SECOND) == "Sun 31 Oct 2027, 02:30"
        assert moments.exact_moment(SECOND) == "Sun 31 Oct 2027, 02:30:00 CET"
        assert moments.stamp(FIRST) == "31 Oct 2027, 02:30 CEST"
        assert moments.exact_stamp(FIRST) == "31 Oct 2027, 02:30:00 CEST"
        assert moments.near_moment(FIRST) == "Sun 31 Oct 02:30"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Tue 2 Mar 2027"), ("fr", "mar 2 mars 2027"), ("it", "mar 2 mar 2027")],
)
def test_days_and_months_are_written_as_the_language_does(language: str, expected: str) -> None:
    with timezone.override(PARIS), translation.override(language):
        at = datetime(2027, 3, 2, 12, tzinfo=UTC)
        assert moments.moment(at) == f"{expected}, 13:00"
        assert moments.dated(at) == f"{expected}, 13:00 CET"


@pytest.mark.parametrize(
    ("language", "day", "near"),
    [
        ("en", "2 Mar 2027", "2 Mar"),
        ("fr", "2 mars 2027", "2 mars"),
        ("it", "2 mar 2027", "2 mar"),
    ],
)
def test_a_day_has_no_zone_and_is_written_alike(language: str, day: str, near: str) -> None:
    with translation.override(language):
        assert moments.day(date(2027, 3, 2)) == day
        assert moments.near_day(date(2027, 3, 2)) == near
