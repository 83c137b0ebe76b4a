"""Addresses that no browser makes: refused at the door, before any page looks at them.

PostgreSQL takes no NUL in a text, so a filter that passes one on would end as a server error. Our
own pages say so beside the field; the admin site's filters look at nothing, so they are guarded.
"""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse


class WellFormedAddressMiddleware:
    """Answers 400 to a NUL in a path, or in a query of the admin site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next in line."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass a well-formed request on."""
        if "\0" in request.path or (_holds_nul(request.GET) and _is_of_admin(request)):
            raise BadRequest("NUL in the address")
        return self._get_response(request)


def _is_of_admin(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:index"))


def _holds_nul(query: QueryDict) -> bool:
    return any("\0" in text for key, values in query.lists() for text in (key, *values))
