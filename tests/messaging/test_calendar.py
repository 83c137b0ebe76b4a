"""The legal hours of commercial SMS: clocks, Sundays, public holidays, zones, and local times."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import calendar

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = date(2027, 6, 8)
CODES = [
    "FR",
    "FR-AM",
    "GP",
    "RE",
    "NC",
    "PF",
    "IT",
    "RU",
    "KI",
    "AU",
    "CL",
    "NP",
    "US",
    "US:America/New_York",
    "US:America/Chicago,America/Denver",
    "CA:America/St_Johns",
]


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def noon(day: str, zone: str) -> datetime:
    return at(f"{day}T12:00", zone)


def code(e164: str, country: str) -> str:
    return calendar.code_for(e164=e164, country=country, alsace_moselle=False)


# Hours and days


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        pytest.param("07:59:59", False, id="the second before opening"),
        pytest.param("07:59:59.999999", False, id="the last instant before opening"),
        pytest.param("08:00:00", True, id="opening"),
        pytest.param("19:58:59", True, id="the last whole second"),
        pytest.param("19:58:59.999999", True, id="the last instant"),
        pytest.param("19:59:00", False, id="hand-over closes a minute early"),
        pytest.param("20:00:00", False, id="the end the law sets"),
        pytest.param("00:00:00", False, id="midnight"),
    ],
)
def test_hand_over_is_open_from_eight_until_a_minute_before_twenty(
    clock: str, expected: bool
) -> None:
    moment = datetime.combine(TUESDAY, time.fromisoformat(clock), PARIS)

    assert calendar.is_open(code="FR", moment=moment) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2027-06-05", True, id="Saturday"),
        pytest.param("2027-06-06", False, id="Sunday"),
        pytest.param("2027-06-07", True, id="Monday"),
    ],
)
def test_sunday_is_closed_and_saturday_is_not(day: str, expected: bool) -> None:
    assert calendar.is_open(code="FR", moment=noon(day, "Europe/Paris")) is expected


@pytest.mark.parametrize(
    ("day", "following"),
    [
        pytest.param("2027-01-01", "2027-01-02", id="New Year's Day"),
        pytest.param("2027-03-29", "2027-03-30", id="Easter Monday, the day after the clocks"),
        pytest.param("2027-05-01", "2027-05-03", id="Labour Day, a Saturday"),
        pytest.param("2027-05-08", "2027-05-10", id="Victory Day, a Saturday"),
        pytest.param("2027-05-06", "2027-05-07", id="Ascension"),
        pytest.param("2027-05-17", "2027-05-18", id="Whit Monday"),
        pytest.param("2027-07-14", "2027-07-15", id="Bastille Day"),
        pytest.param("2027-08-15", "2027-08-16", id="Assumption, a Sunday"),
        pytest.param("2027-11-01", "2027-11-02", id="All Saints, the day after the clocks"),
        pytest.param("2027-11-11", "2027-11-12", id="Armistice"),
        pytest.param("2027-12-25", "2027-12-27", id="Christmas, a Saturday"),
    ],
)
def test_each_french_holiday_of_2027_waits_for_the_next_working_day(
    day: str, following: str
) -> None:
    moment = noon(day, "Europe/Paris")

    assert not calendar.is_open(code="FR", moment=moment)
    assert calendar.next_opening(code="FR", moment=moment) == at(
        f"{following}T08:00", "Europe/Paris"
    )


def test_france_has_eleven_closed_days_beside_sundays_in_2027_less_those_on_sundays() -> None:
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]

    closed = [
        day
        for day in days
        if day.weekday() != 6
        and not calendar.is_open(code="FR", moment=datetime.combine(day, time(12), PARIS))
    ]

    assert len(closed) == 10


@pytest.mark.parametrize(
    ("key", "zone", "day", "expected"),
    [
        pytest.param("FR", "Europe/Paris", "2027-03-26", True, id="Good Friday in France"),
        pytest.param("FR-AM", "Europe/Paris", "2027-03-26", False, id="Good Friday in Alsace"),
        pytest.param("FR", "Europe/Paris", "2028-12-26", True, id="26 December in France"),
        pytest.param("FR-AM", "Europe/Paris", "2028-12-26", False, id="26 December in Alsace"),
        pytest.param("FR-AM", "Europe/Paris", "2027-07-14", False, id="14 July in Alsace"),
        pytest.param("RE", "Indian/Reunion", "2027-12-20", False, id="abolition in Réunion"),
        pytest.param("FR", "Europe/Paris", "2027-12-20", True, id="the same day in Paris"),
        pytest.param("YT", "Indian/Mayotte", "2027-04-27", False, id="abolition in Mayotte"),
        pytest.param("MQ", "America/Martinique", "2028-05-22", False, id="abolition, Martinique"),
        pytest.param("GF", "America/Cayenne", "2027-06-10", False, id="abolition in Guyane"),
        pytest.param("GP", "America/Guadeloupe", "2027-05-27", False, id="abolition, Guadeloupe"),
        pytest.param("GP", "America/Guadeloupe", "2027-05-28", False, id="Saint-Martin, same +590"),
        pytest.param("GP", "America/Guadeloupe", "2027-10-09", False, id="Saint-Barth, same +590"),
        pytest.param("MF", "America/Marigot", "2027-05-28", False, id="abolition, Saint-Martin"),
        pytest.param("BL", "America/St_Barthelemy", "2027-10-09", False, id="abolition, St-Barth"),
        pytest.param("NC", "Pacific/Noumea", "2027-09-24", False, id="citizenship, New Caledonia"),
        pytest.param("PF", "Pacific/Tahiti", "2027-03-05", False, id="missionaries, Polynesia"),
        pytest.param("WF", "Pacific/Wallis", "2027-07-29", False, id="territory day, Wallis"),
        pytest.param("PM", "America/Miquelon", "2027-07-14", False, id="14 July in Miquelon"),
        pytest.param("TF", "Indian/Kerguelen", "2027-07-14", False, id="14 July in Kerguelen"),
        pytest.param("IT", "Europe/Rome", "2027-06-02", False, id="Republic Day in Italy"),
        pytest.param("IT", "Europe/Rome", "2027-07-14", True, id="14 July in Italy"),
        pytest.param("US", "America/Chicago", "2027-07-05", False, id="an observed 4 July"),
    ],
)
def test_holidays_are_those_of_the_recipient_s_own_place(
    key: str, zone: str, day: str, expected: bool
) -> None:
    assert calendar.is_open(code=key, moment=at(f"{day}T15:00", zone)) is expected


def test_alsace_moselle_rests_from_good_friday_to_easter_monday_but_on_saturday() -> None:
    friday = noon("2027-03-26", "Europe/Paris")
    saturday_evening = at("2027-03-27T20:30", "Europe/Paris")

    assert calendar.next_opening(code="FR-AM", moment=friday) == at(
        "2027-03-27T08:00", "Europe/Paris"
    )
    assert calendar.next_opening(code="FR-AM", moment=saturday_evening) == at(
        "2027-03-30T08:00", "Europe/Paris"
    )


# Zones


@pytest.mark.parametrize(
    ("e164", "country", "opens"),
    [
        pytest.param("+33612345678", "FR", "2027-06-08T06:00", id="France"),
        pytest.param("+262692123456", "RE", "2027-06-08T04:00", id="Réunion, four hours ahead"),
        pytest.param("+590690001234", "GP", "2027-06-08T12:00", id="Guadeloupe"),
        pytest.param("+594694201234", "GF", "2027-06-08T11:00", id="Guyane"),
        pytest.param("+508551234", "PM", "2027-06-08T10:00", id="Miquelon in summer"),
        pytest.param("+687751234", "NC", "2027-06-08T21:00", id="New Caledonia, already Wednesday"),
        pytest.param("+68987123456", "PF", "2027-06-08T18:00", id="Polynesia, its three clocks"),
        pytest.param("+9779841234567", "NP", "2027-06-08T02:15", id="Nepal, quarters of an hour"),
        pytest.param("+64211234567", "NZ", "2027-06-08T20:00", id="New Zealand with Chatham"),
        pytest.param("+12125550123", "US", "2027-06-08T12:00", id="New York"),
        pytest.param("+18085550123", "US", "2027-06-08T18:00", id="Hawaii"),
        pytest.param("+16025550123", "US", "2027-06-08T15:00", id="Arizona, no summer time"),
        pytest.param("+5511961234567", "BR", "2027-06-08T11:00", id="São Paulo"),
        pytest.param("+526641234567", "MX", "2027-06-08T15:00", id="Tijuana"),
        pytest.param("+213551234567", "DZ", "2027-06-08T07:00", id="Algeria, not as Paris"),
        pytest.param("+383431234567", "XK", "2027-06-08T06:00", id="Kosovo, not in the table"),
        pytest.param("+24740123", "AC", "2027-06-08T08:00", id="Ascension, without holidays"),
    ],
)
def test_a_number_is_reached_at_eight_by_its_own_clock(e164: str, country: str, opens: str) -> None:
    key = code(e164, country)
    moment = datetime.fromisoformat(opens).replace(tzinfo=UTC)

    assert calendar.is_open(code=key, moment=moment)
    assert not calendar.is_open(code=key, moment=moment - timedelta(seconds=1))


def test_a_country_of_eleven_clocks_is_open_only_when_all_of_them_are() -> None:
    # Kaliningrad opens at 06:00 UTC, when Kamchatka has 18:00 and closes at 19:59.
    opening = calendar.next_opening(code="RU", moment=datetime(2027, 6, 8, tzinfo=UTC))

    assert opening == datetime(2027, 6, 8, 6, tzinfo=UTC)
    assert calendar.closing(code="RU", moment=opening) == datetime(2027, 6, 8, 7, 59, tzinfo=UTC)


def test_clocks_on_both_sides_of_sunday_wait_for_a_day_that_is_worked_in_all() -> None:
    # Kiribati keeps +12, +13 and +14: Monday at 08:00 in Tarawa is Monday at 10:00 in Kiritimati.
    saturday_night = datetime(2027, 6, 5, 9, tzinfo=UTC)

    opening = calendar.next_opening(code="KI", moment=saturday_night)

    assert opening == at("2027-06-07T08:00", "Pacific/Tarawa")
    assert calendar.closing(code="KI", moment=opening) == at(
        "2027-06-07T19:59", "Pacific/Kiritimati"
    )


def test_zones_that_are_never_open_together_follow_the_first_of_the_country() -> None:
    # The stations of Antarctica keep the clocks of all continents.
    tuesday = at("2027-06-08T08:00", "Antarctica/McMurdo")

    assert calendar.is_open(code="AQ", moment=tuesday)
    assert not calendar.is_open(code="AQ", moment=tuesday - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("country", "zones"),
    [
        pytest.param("US", ["America/New_York", "America/Adak", "Pacific/Honolulu"], id="USA"),
        pytest.param("CA", ["America/St_Johns", "America/Vancouver"], id="Canada"),
        pytest.param("RU", ["Europe/Kaliningrad", "Asia/Kamchatka"], id="Russia"),
        pytest.param("AU", ["Australia/Lord_Howe", "Australia/Perth"], id="Australia"),
        pytest.param("KI", ["Pacific/Tarawa", "Pacific/Kiritimati"], id="Kiribati"),
        pytest.param("PF", ["Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"], id="Tahiti"),
        pytest.param("CL", ["America/Punta_Arenas", "Pacific/Easter"], id="Chile, Easter Island"),
        pytest.param("ES", ["Europe/Madrid", "Atlantic/Canary"], id="Spain and the Canaries"),
        pytest.param("PT", ["Europe/Lisbon", "Atlantic/Azores"], id="Portugal and the Azores"),
    ],
)
def test_a_country_of_several_clocks_opens_and_closes_within_all_of_them(
    country: str, zones: list[str]
) -> None:
    moment = calendar.closing(code=country, moment=datetime(2027, 1, 1, tzinfo=UTC))
    while moment < datetime(2028, 1, 1, tzinfo=UTC):
        opening = calendar.next_opening(code=country, moment=moment)
        moment = calendar.closing(code=country, moment=opening)
        last = moment - timedelta(seconds=1)

        assert max(opening.astimezone(ZoneInfo(zone)).time() for zone in zones) < time(19, 59)
        assert min(opening.astimezone(ZoneInfo(zone)).time() for zone in zones) == time(8)
        assert max(last.astimezone(ZoneInfo(zone)).time() for zone in zones) == time(19, 58, 59)


def test_no_country_of_the_numbering_plan_stays_closed_for_three_weeks() -> None:
    weeks = [datetime(2027, 1, 3, tzinfo=UTC) + timedelta(weeks=n) for n in range(104)]

    closed = {
        (country, week)
        for country in phonenumbers.SUPPORTED_REGIONS
        for week in weeks
        if calendar.next_opening(code=country, moment=week) - week > timedelta(weeks=2)
    }

    assert closed == set()


# Codes


@pytest.mark.parametrize(
    ("e164", "country", "expected"),
    [
        pytest.param("+33612345678", "FR", "FR", id="one zone is the country"),
        pytest.param("+262692123456", "RE", "RE", id="overseas"),
        pytest.param("+12125550123", "US", "US:America/New_York", id="an area code"),
        pytest.param("+13175550123", "US", "US:America/New_York", id="Indiana keeps the same time"),
        pytest.param("+18505550123", "US", "US:America/Chicago,America/New_York", id="two zones"),
        pytest.param("+18005550123", "US", "US", id="toll-free tells nothing"),
        pytest.param("+16135550123", "CA", "CA:America/Toronto", id="Ottawa"),
        pytest.param("+18671234567", "CA", "CA", id="too many zones for a name"),
        pytest.param("+18095550123", "DO", "DO", id="one zone under the same calling code"),
        pytest.param("+79161234567", "RU", "RU", id="a Russian mobile may be anywhere"),
        pytest.param("+77011234567", "KZ", "KZ", id="Kazakhstan"),
        pytest.param("+61412345678", "AU", "AU", id="an Australian mobile may be anywhere"),
        pytest.param("+8613123456789", "CN", "CN", id="China has one legal time"),
        pytest.param("+1", "US", "US", id="no digits left to look at"),
    ],
)
def test_a_code_names_the_zones_that_the_number_may_lie_in(
    e164: str, country: str, expected: str
) -> None:
    assert code(e164, country) == expected


@pytest.mark.parametrize(
    ("e164", "country", "expected"),
    [
        pytest.param("+33612345678", "FR", "FR-AM", id="metropolitan France"),
        pytest.param("+262692123456", "RE", "RE", id="Réunion"),
        pytest.param("+393471234567", "IT", "IT", id="Italy"),
        pytest.param("+12125550123", "US", "US:America/New_York", id="New York"),
    ],
)
def test_the_option_for_alsace_moselle_concerns_metropolitan_numbers_alone(
    e164: str, country: str, expected: str
) -> None:
    assert calendar.code_for(e164=e164, country=country, alsace_moselle=True) == expected


@pytest.mark.parametrize(
    "country",
    [
        pytest.param("001", id="international networks"),
        pytest.param("ZZ", id="no such country"),
        pytest.param("fr", id="small letters"),
        pytest.param("", id="empty"),
        pytest.param("FR\x00", id="NUL"),
        pytest.param("\ud800", id="lone surrogate"),
    ],
)
def test_a_country_without_a_clock_has_no_code(country: str) -> None:
    with pytest.raises(calendar.UnknownCalendar) as refusal:
        code("+33612345678", country)

    assert refusal.value.code == country


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("ZZ", id="no such country"),
        pytest.param("FR-XX", id="no such region"),
        pytest.param("US:", id="no zone"),
        pytest.param("US:Europe/Paris", id="a zone of another country"),
        pytest.param("US:America/New_York,", id="a trailing comma"),
        pytest.param("FR-AM:Europe/Paris", id="a region with a zone"),
        pytest.param("US:../../etc/passwd", id="a path"),
        pytest.param("FR\x00", id="NUL"),
        pytest.param("\ud800", id="lone surrogate"),
    ],
)
def test_an_unknown_code_is_refused(key: str) -> None:
    for question in (calendar.is_open, calendar.next_opening, calendar.closing):
        with pytest.raises(calendar.UnknownCalendar):
            question(code=key, moment=noon("2027-06-08", "Europe/Paris"))


def test_a_moment_without_a_zone_is_refused() -> None:
    for question in (calendar.is_open, calendar.next_opening, calendar.closing):
        with pytest.raises(ValueError, match="without a zone"):
            question(code="FR", moment=datetime(2027, 6, 8, 12))  # noqa: DTZ001 - the case itself


@settings(max_examples=300, deadline=None)
@given(
    country=st.sampled_from(["US", "CA", "MX", "BR"]),
    digits=st.text(alphabet="0123456789", max_size=14),
)
def test_every_code_is_short_ascii_and_known(country: str, digits: str) -> None:
    calling = {"US": "1", "CA": "1", "MX": "52", "BR": "55"}[country]

    key = code(f"+{calling}{digits}", country)

    assert len(key) <= 64
    assert re.fullmatch(r"[A-Z]{2}(:[A-Za-z_/,-]+)?", key)
    calendar.next_opening(code=key, moment=noon("2027-06-08", "UTC"))


# Openings and closings


def test_an_open_moment_is_its_own_next_opening_in_utc() -> None:
    moment = noon("2027-06-08", "Europe/Paris")

    opening = calendar.next_opening(code="FR", moment=moment)

    assert opening == moment
    assert opening.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        pytest.param("2027-06-08T07:00", "2027-06-08T08:00", id="early: the same morning"),
        pytest.param("2027-06-08T19:59", "2027-06-09T08:00", id="late: the next morning"),
        pytest.param("2027-06-05T21:00", "2027-06-07T08:00", id="Saturday evening: Monday"),
        pytest.param("2027-03-27T20:00", "2027-03-30T08:00", id="Easter and spring: Tuesday"),
        pytest.param("2027-10-30T20:00", "2027-11-02T08:00", id="autumn and All Saints: Tuesday"),
        pytest.param("2027-12-31T20:00", "2028-01-03T08:00", id="New Year on a Saturday: Monday"),
        pytest.param("2027-12-24T20:00", "2027-12-27T08:00", id="Christmas: Monday"),
    ],
)
def test_a_held_message_leaves_at_the_next_opening(moment: str, opens: str) -> None:
    opening = calendar.next_opening(code="FR", moment=at(moment, "Europe/Paris"))

    assert opening == at(opens, "Europe/Paris")


@pytest.mark.parametrize(
    ("moment", "opens", "closes"),
    [
        pytest.param("2027-03-27T12:00", "2027-03-27T07:00", "2027-03-27T18:59", id="winter"),
        pytest.param("2027-03-30T12:00", "2027-03-30T06:00", "2027-03-30T17:59", id="summer"),
        pytest.param("2027-10-30T12:00", "2027-10-30T06:00", "2027-10-30T17:59", id="last summer"),
        pytest.param("2027-11-02T12:00", "2027-11-02T07:00", "2027-11-02T18:59", id="winter again"),
    ],
)
def test_hours_follow_the_clock_and_not_utc(moment: str, opens: str, closes: str) -> None:
    opening, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (opens, closes))

    assert calendar.is_open(code="FR", moment=opening)
    assert not calendar.is_open(code="FR", moment=opening - timedelta(seconds=1))
    assert calendar.closing(code="FR", moment=at(moment, "Europe/Paris")) == end


def test_the_closing_of_a_closed_moment_is_that_of_the_next_opening() -> None:
    sunday = noon("2027-06-06", "Europe/Paris")

    assert calendar.closing(code="FR", moment=sunday) == at("2027-06-07T19:59", "Europe/Paris")


def test_the_zone_of_the_question_does_not_matter() -> None:
    moment = at("2027-06-08T08:00", "Europe/Paris")
    elsewhere = moment.astimezone(timezone(timedelta(hours=-9, minutes=-30)))

    assert calendar.is_open(code="FR", moment=elsewhere)


moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2031, 12, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, PARIS, ZoneInfo("Pacific/Kiritimati")]),
)


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(CODES), moment=moments)
def test_the_next_opening_is_open_not_earlier_and_its_own_next_opening(
    key: str, moment: datetime
) -> None:
    moment = moment.astimezone(UTC)

    opening = calendar.next_opening(code=key, moment=moment)

    assert opening >= moment
    assert calendar.is_open(code=key, moment=opening)
    assert calendar.next_opening(code=key, moment=opening) == opening
    assert calendar.is_open(code=key, moment=moment) is (opening == moment)


@settings(max_examples=100, deadline=None)
@given(key=st.sampled_from(CODES), moment=moments, parts=st.integers(min_value=2, max_value=200))
def test_nothing_is_open_between_a_moment_and_its_next_opening(
    key: str, moment: datetime, parts: int
) -> None:
    moment = moment.astimezone(UTC)
    opening = calendar.next_opening(code=key, moment=moment)

    between = [moment + (opening - moment) * n / parts for n in range(parts)]

    assert not any(calendar.is_open(code=key, moment=m) for m in between if m < opening)


@settings(max_examples=200, deadline=None)
@given(key=st.sampled_from(CODES), moment=moments)
def test_an_opening_lasts_until_its_closing_and_no_longer(key: str, moment: datetime) -> None:
    opening = calendar.next_opening(code=key, moment=moment)

    closing = calendar.closing(code=key, moment=moment)

    assert timedelta() < closing - opening <= timedelta(hours=11, minutes=59)
    assert calendar.is_open(code=key, moment=closing - timedelta(microseconds=1))
    assert not calendar.is_open(code=key, moment=closing)
    assert calendar.is_open(code=key, moment=opening + (closing - opening) / 2)


# Local times


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        pytest.param("2027-06-08T08:00", "Europe/Paris", "2027-06-08T06:00", id="summer"),
        pytest.param("2027-01-08T08:00", "Europe/Paris", "2027-01-08T07:00", id="winter"),
        pytest.param("2027-03-28T01:59", "Europe/Paris", "2027-03-28T00:59", id="before the gap"),
        pytest.param("2027-03-28T03:00", "Europe/Paris", "2027-03-28T01:00", id="after the gap"),
        pytest.param("2027-10-31T01:59", "Europe/Paris", "2027-10-30T23:59", id="before the fold"),
        pytest.param("2027-10-31T03:00", "Europe/Paris", "2027-10-31T02:00", id="after the fold"),
        pytest.param("2027-06-08T08:00", "Asia/Kathmandu", "2027-06-08T02:15", id="odd offset"),
        pytest.param("2027-06-08T08:00", "Pacific/Kiritimati", "2027-06-07T18:00", id="+14"),
    ],
)
def test_a_local_time_is_one_moment(local: str, zone: str, expected: str) -> None:
    moment = calendar.to_utc(local=datetime.fromisoformat(local), zone=zone)

    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("local", "zone", "before", "after"),
    [
        pytest.param(
            "2027-03-28T02:00",
            "Europe/Paris",
            ("2027-03-28T01:59", "2027-03-28T00:59", 60),
            ("2027-03-28T03:00", "2027-03-28T01:00", 120),
            id="the first skipped minute in Paris",
        ),
        pytest.param(
            "2027-03-28T02:59:59.5",
            "Europe/Paris",
            ("2027-03-28T01:59", "2027-03-28T00:59", 60),
            ("2027-03-28T03:00", "2027-03-28T01:00", 120),
            id="the last skipped instant in Paris",
        ),
        pytest.param(
            "2027-10-03T02:15",
            "Australia/Lord_Howe",
            ("2027-10-03T01:59", "2027-10-02T15:29", 630),
            ("2027-10-03T02:30", "2027-10-02T15:30", 660),
            id="half an hour in Lord Howe",
        ),
        pytest.param(
            "2011-12-30T12:00",
            "Pacific/Apia",
            ("2011-12-29T23:59", "2011-12-30T09:59", -600),
            ("2011-12-31T00:00", "2011-12-30T10:00", 840),
            id="the day Samoa skipped",
        ),
    ],
)
def test_a_skipped_time_is_refused_with_the_moments_around_it(
    local: str, zone: str, before: tuple[str, str, int], after: tuple[str, str, int]
) -> None:
    with pytest.raises(calendar.NonexistentTime) as refusal:
        calendar.to_utc(local=datetime.fromisoformat(local), zone=zone)

    assert refusal.value.candidates == (candidate(*before), candidate(*after))
    assert (refusal.value.local, refusal.value.zone) == (datetime.fromisoformat(local), zone)


@pytest.mark.parametrize(
    "local",
    [
        pytest.param("2027-10-31T02:00", id="the first doubled minute"),
        pytest.param("2027-10-31T02:59", id="the last doubled minute"),
    ],
)
def test_a_doubled_time_is_refused_with_both_moments(local: str) -> None:
    naive = datetime.fromisoformat(local)

    with pytest.raises(calendar.AmbiguousTime) as refusal:
        calendar.to_utc(local=naive, zone="Europe/Paris")

    first, second = refusal.value.candidates
    assert first.local == second.local == naive
    assert second.utc - first.utc == timedelta(hours=1)
    assert (first.offset, second.offset) == (timedelta(hours=2), timedelta(hours=1))
    assert first.utc == naive.replace(tzinfo=UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    "zone",
    [
        pytest.param("Mars/Olympus", id="no such zone"),
        pytest.param("Europe", id="a folder"),
        pytest.param("../etc/passwd", id="a path"),
        pytest.param("", id="empty"),
        pytest.param("Europe/Paris\x00", id="NUL"),
        pytest.param("\ud800", id="lone surrogate"),
    ],
)
def test_a_local_time_in_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="unknown zone"):
        calendar.to_utc(local=datetime.fromisoformat("2027-06-08T08:00"), zone=zone)


def test_an_aware_local_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        calendar.to_utc(local=noon("2027-06-08", "UTC"), zone="Europe/Paris")


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        pytest.param("0001-01-01T00:00", "Europe/Paris", id="before the first day"),
        pytest.param("9999-12-31T23:59", "America/New_York", id="after the last day"),
    ],
)
def test_a_time_beyond_the_calendar_is_refused(local: str, zone: str) -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        calendar.to_utc(local=datetime.fromisoformat(local), zone=zone)


@settings(max_examples=300, deadline=None)
@given(
    moment=moments,
    zone=st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"]),
)
def test_what_a_clock_shows_leads_back_to_the_moment_or_offers_it(
    moment: datetime, zone: str
) -> None:
    moment = moment.astimezone(UTC)
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)

    try:
        found = [calendar.to_utc(local=local, zone=zone)]
    except calendar.AmbiguousTime as refusal:
        found = [candidate.utc for candidate in refusal.candidates]

    assert moment in found


def candidate(local: str, utc: str, minutes: int) -> calendar.Candidate:
    return calendar.Candidate(
        local=datetime.fromisoformat(local),
        utc=datetime.fromisoformat(utc).replace(tzinfo=UTC),
        offset=timedelta(minutes=minutes),
    )
