"""Addresses that no browser makes: refused at the door, before any page looks at them.

PostgreSQL takes no NUL in a text, so a filter that passes one on would end as a server error.
Forms refuse it field by field, with words; in an address nobody can have typed it by mistake.
"""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse


class WellFormedAddressMiddleware:
    """Answers 400 to a NUL in the path or the query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next in line."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass a well-formed request on."""
        if "\0" in request.path or any(
            "\0" in text for key, values in request.GET.lists() for text in (key, *values)
        ):
            raise BadRequest("NUL in the address")
        return self._get_response(request)
