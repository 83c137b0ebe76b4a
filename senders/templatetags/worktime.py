"""How stretches of working time are written on pages of staff."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

register = template.Library()

_MINUTE = timedelta(minutes=1)


@register.filter
def worked(length: timedelta) -> str:
    """5 h 20 min, whichever its sign; a stretch that was begun counts as its first minute."""
    minutes = max(1, abs(length) // _MINUTE)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
