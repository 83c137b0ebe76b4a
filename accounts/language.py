"""The language of pages: the person's choice first, then Django's order of cookie and browser.

LocaleMiddleware knows nobody yet when it chooses; this stands after the one that does. What is
written to a person (e-mails, words made by workers) is in that person's language, whoever asks for
it: `speaking_to`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User

# Seconds: a year.
COOKIE_AGE = 365 * 24 * 3600


class UserLanguageMiddleware:
    """Shows pages in the language that the signed-in person chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep what comes after."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Switch before the page is made; LocaleMiddleware names the language in the answer.

        The cookie is for pages that are made without knowing the person.
        """
        chosen = request.user.language if request.user.is_authenticated else ""
        if not is_offered(chosen):
            return self._get_response(request)
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen
        response = self._get_response(request)
        name = settings.LANGUAGE_COOKIE_NAME
        # A page that changes the choice has set the cookie itself.
        if request.COOKIES.get(name) != chosen and name not in response.cookies:
            response.set_cookie(name, chosen, max_age=COOKIE_AGE, samesite="Lax")
        return response


def is_offered(language: str) -> bool:
    """Tell whether the panel speaks this language."""
    return language in dict(settings.LANGUAGES)


def speaking_to(user: User | None) -> AbstractContextManager[object]:
    """Speak a person's language for a while.

    Who chose none gets the language that is spoken already: the browser's during a request, the
    first of the settings in a worker.
    """
    if user is None or not is_offered(user.language):
        return nullcontext()
    return translation.override(user.language)


def choose(*, user: User, language: str) -> None:
    """Remember the language of a person."""
    User.objects.filter(pk=user.pk).update(language=language)
