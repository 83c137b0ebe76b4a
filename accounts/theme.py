"""Light or dark: the system's choice, unless somebody chose otherwise on this device.

A cookie and no column: the same person may want it dark on the phone and light at the desk.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "theme"
CHOICES = ("light", "dark")
KEPT_SECONDS = 365 * 24 * 3600


def of(request: HttpRequest) -> str:
    """Give what was chosen, "" for the system's choice."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in CHOICES else ""


def keep(response: HttpResponse, *, chosen: str) -> None:
    """Remember a choice; anything but one is none."""
    if chosen not in CHOICES:
        response.delete_cookie(COOKIE)
        return
    response.set_cookie(
        COOKIE,
        chosen,
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
