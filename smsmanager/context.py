"""What every page is given: mode and looks, and the account that the page belongs to."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import theme
from replies import received
from senders import news
from smsmanager import health


def panel(request: HttpRequest) -> dict[str, object]:
    """Name the mode, so that the demo's pages can be linked, the account and the rights on it.

    Both come from accounts.access; a page of no account has neither. Whether messages leave late,
    and how many replies and decisions nobody read, is asked only where a template asks.
    """
    rights: frozenset[str] = getattr(request, "may", frozenset())
    account = getattr(request, "account", None)
    return {
        "demo": settings.DEMO,
        "theme": theme.of(request),
        "carrier_is_simulated": settings.ALLOW_SIMULATED_CARRIER,
        "account": account,
        "may_send": "send" in rights,
        "messages_leave_late": lambda: health.messages_leave_late(now=timezone.now()),
        "replies_unseen": cache(lambda: received.unseen(account_id=account.pk) if account else 0),
        "replies_unseen_shown": received.UNSEEN_SHOWN,
        "decisions_unseen": cache(lambda: news.unseen(account_id=account.pk) if account else 0),
    }
