"""The time zones an account may choose: the places named after a city, sorted.

An account has one zone and every time it is shown carries it. Names come from the time zone
database that the system or the tzdata package brings.
"""

import zoneinfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

AREAS = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
ZONES = tuple(sorted(z for z in zoneinfo.available_timezones() if z.partition("/")[0] in AREAS))


def validate_zone(name: str) -> None:
    """Refuse a name that is no place of the time zone database."""
    if name not in ZONES:
        raise ValidationError(
            _("%(name)s is no time zone, write for example Europe/Paris."),
            code="zone",
            params={"name": name},
        )
