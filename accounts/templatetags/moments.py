"""How moments are written on pages: in the zone that is current, in the reader's language.

The order of day and month is a translatable pattern of Django's date format. The zone's
abbreviation comes from the moment itself: in the hour that exists twice it is all that tells the
two apart, and Django's own date filter leaves it out just then.
"""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from django import template
from django.utils import dateformat, timezone
from django.utils.translation import get_language, pgettext

register = template.Library()

# Where days and months are written small; Django's Italian has "Dom" for a day.
SMALL = ("fr", "it")


@register.filter
def moment(at: datetime) -> str:
    """Sat 21 Nov 2026, 08:00; the page names the zone beside it."""
    return _written(at, pgettext("date format", "D j M Y"), ", H:i")


@register.filter
def dated(at: datetime) -> str:
    """Sat 21 Nov 2026, 08:00 CET: for rows of what is to come."""
    return _written(at, pgettext("date format", "D j M Y"), ", H:i", zone=" %Z")


@register.filter
def exact_moment(at: datetime) -> str:
    """Sat 21 Nov 2026, 08:00:05 CET."""
    return _written(at, pgettext("date format", "D j M Y"), ", H:i:s", zone=" %Z")


@register.filter
def stamp(at: datetime) -> str:
    """21 Nov 2026, 08:00 CET: for rows of tables."""
    return _written(at, pgettext("date format", "j M Y"), ", H:i", zone=" %Z")


@register.filter
def exact_stamp(at: datetime) -> str:
    """21 Nov 2026, 08:00:05 CET."""
    return _written(at, pgettext("date format", "j M Y"), ", H:i:s", zone=" %Z")


@register.filter
def near_moment(at: datetime) -> str:
    """Sat 21 Nov 08:00: for buttons."""
    return _written(at, pgettext("date format", "D j M"), " H:i")


@register.filter
def day(on: date) -> str:
    """21 Nov 2026: a day of the calendar, which has no zone."""
    return _small(dateformat.format(on, pgettext("date format", "j M Y")))


@register.filter
def near_day(on: date) -> str:
    """21 Nov: under a chart."""
    return _small(dateformat.format(on, pgettext("date format", "j M")))


@register.filter
def zone_of(at: datetime) -> str:
    """CET, UTC+1: which of two equal times is meant."""
    local = timezone.localtime(at)
    offset = local.strftime("%z")
    hours, minutes = offset[:3].replace("+0", "+").replace("-0", "-"), offset[3:]
    return f"{local:%Z}, UTC{hours}" + ("" if minutes == "00" else f":{minutes}")


@register.filter
def iso(at: datetime) -> str:
    """2026-11-21T08:00:05+01:00: for the attribute of <time>."""
    return at.astimezone(timezone.get_current_timezone()).isoformat(timespec="seconds")


def _written(at: datetime, day: str, clock: str, *, zone: str = "") -> str:
    current, language = timezone.get_current_timezone(), get_language()
    return _formatted(at.astimezone(UTC), day + clock, zone, current, language)


@lru_cache(maxsize=4096)
def _formatted(at: datetime, pattern: str, zone: str, current: tzinfo, language: str | None) -> str:
    """Write a moment given in UTC; remembered, because the messages of a campaign share theirs."""
    local = at.astimezone(current)
    return _small(dateformat.format(local, pattern), language) + local.strftime(zone)


def _small(written: str, language: str | None = None) -> str:
    return written.lower() if (language or get_language()) in SMALL else written
