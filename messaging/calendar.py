"""The legal hours of commercial SMS, and the door through which a local time becomes a moment.

Open: from 08:00 until 19:59:00, Monday to Saturday, not on a public holiday, by the recipient's own
clock. A number that may lie in several zones is reached when all of them are open. A calendar is
named by a short code that a batch keeps; every rule here is a function of that code and a moment.
Clocks come from the tz database, public holidays from `accounts.publicholidays`, area codes from
`phonenumbers`.
Pure: no database, no clock is read, nothing of the framework.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

from phonenumbers.tzdata import TIMEZONE_DATA

from accounts import publicholidays

OPENS = time(8)
# The law says before 20:00: the last minute is left to the carrier.
CLOSES = time(19, 59)
ALSACE_MOSELLE = "FR-AM"
MAX_CODE = 64

_DAY = timedelta(days=1)
_SUNDAY = 6
# No calendar stays closed longer than 11 days (Russia in January); beyond this it never opens.
_HORIZON = timedelta(days=60)
# Where a mobile number carries an area code: digits of the calling code and of the area code.
# Elsewhere the data says more than a number can tell (every Russian mobile in Moscow), so the
# whole country counts.
_AREA_CODES = {"US": (1, 3), "CA": (1, 3), "MX": (2, 3), "BR": (2, 2)}
# Countries of the numbering plan that the tz database lists under a neighbour.
_HELENA = ("Atlantic/St_Helena",)
_UNLISTED = {"AC": _HELENA, "TA": _HELENA, "XK": ("Europe/Belgrade",)}
# Clocks that the tz database records beside the country's one legal time.
_NOT_LEGAL_TIME = frozenset({"Asia/Urumqi", "Europe/Simferopol"})
# Whose public holidays close a calendar, where it is not just the country's: a mobile number
# does not tell Alsace from Moselle, nor Guadeloupe from the islands that share +590 with it.
# The library knows every country but two islands.
_PLACES: Mapping[str, tuple[tuple[str, str | None], ...]] = {
    ALSACE_MOSELLE: (("FR", "6AE"), ("FR", "57")),
    "GP": (("GP", None), ("BL", None), ("MF", None)),
    "AC": (),
    "TA": (),
}
# Zones are told apart by their clocks on these days: the tz database tabulates until 2037.
_COMPARED = tuple(datetime(2026, 1, 1, 12, tzinfo=UTC) + _DAY * n for n in range(12 * 365))
# Zones must have an hour in common in winter and in summer.
_SEASONS = (datetime(2027, 1, 11, tzinfo=UTC), datetime(2027, 7, 12, tzinfo=UTC))


class UnknownCalendar(ValueError):
    """No calendar has this code, or no zone is known for this country."""

    def __init__(self, *, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A moment to offer: the naive local time, the same in UTC, and the offset between them."""

    local: datetime
    utc: datetime
    offset: timedelta


class ClockChange(ValueError):
    """A local time that is not one moment; `candidates` are the two nearest that are."""

    def __init__(self, *, local: datetime, zone: str, candidates: tuple[Candidate, Candidate]):
        super().__init__(local.isoformat(), zone)
        self.local = local
        self.zone = zone
        self.candidates = candidates


class AmbiguousTime(ClockChange):
    """The clocks show this time twice; the candidates are the first and the second."""


class NonexistentTime(ClockChange):
    """The clocks skip this time; the candidates are the last minute before and the first after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calendar:
    zones: tuple[ZoneInfo, ...]
    places: tuple[tuple[str, str | None], ...]

    def works_on(self, day: date) -> bool:
        return day.weekday() != _SUNDAY and not any(
            day in publicholidays.in_year(country, subdivision, day.year)
            for country, subdivision in self.places
        )

    def opening(self, *, zone: ZoneInfo, moment: datetime) -> datetime:
        """Return when one zone is open next, `moment` itself if it is now."""
        local = moment.astimezone(zone)
        day, clock = local.date(), local.time()
        if OPENS <= clock < CLOSES and self.works_on(day):
            return moment
        if clock >= OPENS:
            day += _DAY
        while not self.works_on(day):
            day += _DAY
        return datetime.combine(day, OPENS, zone).astimezone(UTC)


def code_for(*, e164: str, country: str, alsace_moselle: bool) -> str:
    """Return the code of the calendar that a recipient obeys: ASCII, at most 64 characters.

    The same rules give the same code. A country alone means all of its zones; "US:" and names
    mean those an area code may lie in. `alsace_moselle` concerns metropolitan French numbers
    alone. UnknownCalendar for a country that has no clock (satellite and international networks).
    """
    if country in _AREA_CODES:
        return _code_of_area(country, e164[1 : 1 + sum(_AREA_CODES[country])])
    if country not in _ZONES:
        raise UnknownCalendar(code=country)
    return ALSACE_MOSELLE if alsace_moselle and country == "FR" else country


def is_open(*, code: str, moment: datetime) -> bool:
    """Tell whether a commercial message may be handed over at this moment."""
    calendar, moment = _calendar(code), _utc(moment)
    return all(calendar.opening(zone=zone, moment=moment) == moment for zone in calendar.zones)


def next_opening(*, code: str, moment: datetime) -> datetime:
    """Return the first moment, in UTC, from `moment` on at which hand-over may begin.

    The search always ends; LookupError for a calendar that stays closed for two months.
    """
    opening = _first_common(calendar=_calendar(code), moment=_utc(moment))
    if opening is None:
        raise LookupError(code)
    return opening


def closing(*, code: str, moment: datetime) -> datetime:
    """Return when the opening that holds `moment` ends, in UTC; when closed, the next one's end.

    Hand-over must begin before it: the result itself is no longer open.
    """
    opening = next_opening(code=code, moment=moment)
    return min(
        datetime.combine(opening.astimezone(zone).date(), CLOSES, zone).astimezone(UTC)
        for zone in _calendar(code).zones
    )


def to_utc(*, local: datetime, zone: str) -> datetime:
    """Return the moment that a naive local time means in a zone.

    Raises AmbiguousTime or NonexistentTime, with the two nearest moments to offer, when the
    clocks change; a plain ValueError for an aware time, an unknown zone, or the calendar's ends.
    """
    if local.tzinfo is not None:
        raise ValueError("a local time has no zone of its own")
    clock = _clock(zone)
    try:
        first, second = (local.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
    if first == second:
        return first
    if first < second:
        both = _candidate(first, clock), _candidate(second, clock)
        raise AmbiguousTime(local=local, zone=zone, candidates=both)
    change = _clock_change(zone=clock, before=second, after=first)
    around = _candidate(change - timedelta(minutes=1), clock), _candidate(change, clock)
    raise NonexistentTime(local=local, zone=zone, candidates=around)


def _first_common(*, calendar: _Calendar, moment: datetime) -> datetime | None:
    """Return the first moment at which all zones are open.

    Nothing is open before the latest of the zones' own next openings: jump there until all agree.
    """
    limit = moment + _HORIZON
    while moment <= limit:
        latest = max(calendar.opening(zone=zone, moment=moment) for zone in calendar.zones)
        if latest == moment:
            return moment
        moment = latest
    return None


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def _clock(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("an unknown zone") from error


def _candidate(moment: datetime, zone: ZoneInfo) -> Candidate:
    local = moment.astimezone(zone)
    naive = local.replace(tzinfo=None, fold=0)
    return Candidate(local=naive, utc=moment, offset=naive - moment.replace(tzinfo=None))


def _clock_change(*, zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second between two moments at which the offset changes."""
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    old = before.astimezone(zone).utcoffset()
    while (gap := after - before) > timedelta(seconds=1):
        middle = before + timedelta(seconds=gap // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _listed_zones() -> dict[str, tuple[str, ...]]:
    zones: dict[str, tuple[str, ...]] = {}
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="ascii")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _coordinates, zone = line.split("\t")[:3]
            if zone not in _NOT_LEGAL_TIME:
                zones[country] = (*zones.get(country, ()), zone)
    return zones | _UNLISTED


_ZONES = _listed_zones()


@lru_cache(maxsize=512)
def _rules(zone: str) -> tuple[tuple[datetime, timedelta | None], ...]:
    """Return the offsets of a zone with the day each begins: equal for zones that agree."""
    clock = ZoneInfo(zone)
    offsets = [(day, day.astimezone(clock).utcoffset()) for day in _COMPARED]
    return (offsets[0], *(new for old, new in pairwise(offsets) if old[1] != new[1]))


@lru_cache(maxsize=512)
def _distinct(country: str) -> dict[object, str]:
    """Return one zone of a country for each set of rules, the first that the tz table lists."""
    zones: dict[object, str] = {}
    for zone in _ZONES[country]:
        zones.setdefault(_rules(zone), zone)
    return zones


@lru_cache(maxsize=32_768)
def _code_of_area(country: str, prefix: str) -> str:
    """Return the code for the first digits of a number: every zone known beneath them counts.

    The whole country when they tell nothing, when the data names a zone that is not the country's,
    and when the code would grow too long.
    """
    lengths = range(_AREA_CODES[country][0] + 1, len(prefix) + 1)
    around = [TIMEZONE_DATA[prefix[:n]] for n in lengths if prefix[:n] in TIMEZONE_DATA][-1:]
    within = [zones for digits, zones in TIMEZONE_DATA.items() if digits.startswith(prefix)]
    known = _distinct(country)
    names = sorted({known.get(_rules(name), "") for zones in around + within for name in zones})
    code = f"{country}:{','.join(names)}"
    useless = not names or "" in names or len(names) == len(known)
    return country if useless or len(code) > MAX_CODE else code


@lru_cache(maxsize=1024)
def _calendar(code: str) -> _Calendar:
    """Return the rules behind a code.

    Zones without a common hour obey the first that the tz table lists for the country. No country
    of the numbering plan is so wide today, which is why there is no table of capitals.
    """
    head, colon, names = code.partition(":")
    country = "FR" if code == ALSACE_MOSELLE else head
    if country not in _ZONES:
        raise UnknownCalendar(code=code)
    zones = names.split(",") if colon else list(_distinct(country).values())
    if not set(zones) <= set(_ZONES[country]):
        raise UnknownCalendar(code=code)
    places = _PLACES.get(head, ((country, None),))
    calendar = _Calendar(zones=tuple(map(ZoneInfo, zones)), places=places)
    if all(_first_common(calendar=calendar, moment=season) for season in _SEASONS):
        return calendar
    return replace(calendar, zones=calendar.zones[:1])
