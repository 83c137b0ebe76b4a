"""How moments are written on pages: in the zone that is current, in the reader's language.

The order of day and month is a translatable pattern of Django's date format. The zone's
abbreviation comes from the moment itself: in the hour that exists twice it is all that tells the
two apart, and Django's own date filter leaves it out just then.
"""

from datetime import datetime

from django import template
from django.utils import dateformat, timezone
from django.utils.translation import pgettext

register = template.Library()


@register.filter
def moment(at: datetime) -> str:
    """Sat 21 Nov 2026, 08:00; the page names the zone beside it."""
    day = _written(at, pgettext("date format", "D j M Y"))
    return f"{day}, {_written(at, 'H:i')}"


@register.filter
def dated(at: datetime) -> str:
    """Sat 21 Nov 2026, 08:00 CET: for rows of what is to come."""
    return f"{moment(at)} {_zone(at)}"


@register.filter
def exact_moment(at: datetime) -> str:
    """Sat 21 Nov 2026, 08:00:05 CET."""
    day = _written(at, pgettext("date format", "D j M Y"))
    return f"{day}, {_written(at, 'H:i:s')} {_zone(at)}"


@register.filter
def stamp(at: datetime) -> str:
    """21 Nov 2026, 08:00 CET: for rows of tables."""
    day = _written(at, pgettext("date format", "j M Y"))
    return f"{day}, {_written(at, 'H:i')} {_zone(at)}"


@register.filter
def exact_stamp(at: datetime) -> str:
    """21 Nov 2026, 08:00:05 CET."""
    day = _written(at, pgettext("date format", "j M Y"))
    return f"{day}, {_written(at, 'H:i:s')} {_zone(at)}"


@register.filter
def near_moment(at: datetime) -> str:
    """Sat 21 Nov 08:00: for buttons."""
    day = _written(at, pgettext("date format", "D j M"))
    return f"{day} {_written(at, 'H:i')}"


@register.filter
def zone_of(at: datetime) -> str:
    """CET, UTC+1: which of two equal times is meant."""
    offset = timezone.localtime(at).strftime("%z")
    hours, minutes = offset[:3].replace("+0", "+").replace("-0", "-"), offset[3:]
    return f"{_zone(at)}, UTC{hours}" + ("" if minutes == "00" else f":{minutes}")


def _written(at: datetime, pattern: str) -> str:
    return dateformat.format(timezone.localtime(at), pattern)


def _zone(at: datetime) -> str:
    return timezone.localtime(at).tzname() or ""
