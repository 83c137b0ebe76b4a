"""What every page is given: the mode, and the account that the page belongs to."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from smsmanager import health


def panel(request: HttpRequest) -> dict[str, object]:
    """Name the mode, so that the demo's pages can be linked, the account and the rights on it.

    Both come from accounts.access; a page of no account has neither. Whether messages leave late
    is asked only where a template asks.
    """
    rights: frozenset[str] = getattr(request, "may", frozenset())
    return {
        "demo": settings.DEMO,
        "carrier_is_simulated": settings.ALLOW_SIMULATED_CARRIER,
        "account": getattr(request, "account", None),
        "may_send": "send" in rights,
        "messages_leave_late": lambda: health.messages_leave_late(now=timezone.now()),
    }
