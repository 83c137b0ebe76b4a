"""What is answered when something of ours fails: honestly, and without asking the database again.

A database that is away comes back: people get a page in their language, programs one line, and a
fragment leaves the page that asked for it alone. All are told when to try again. Anything else that
nobody foresaw is Django's page for errors of ours.
"""

import sys
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

RETRY_AFTER_SECONDS = 10
# Classes of PostgreSQL's errors: no connection, not enough of something (connections, disk), a
# server that stops or starts. A statement that took too long (57014) is a fault of ours.
_AWAY = ("08", "53", "57P")
# The same on SQLite, by name: locked for longer than the time limit, or its disk is in trouble.
_AWAY_ON_SQLITE = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR")


def is_away(error: BaseException | None) -> bool:
    """Tell whether an error means that the database is away, not that a question was wrong."""
    if isinstance(error, InterfaceError):
        return True
    # The bare kind is what a server that dies in the middle of its answer leaves.
    if not (isinstance(error, OperationalError) or type(error) is DatabaseError):
        return False
    cause = error.__cause__
    name = getattr(cause, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_AWAY_ON_SQLITE)
    code = getattr(cause, "pgcode", None)
    # The driver's error without a code: there was no server to give one.
    return str(code).startswith(_AWAY) if code else cause is not None


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an exception that nobody caught, wherever it was raised: 503 or 500."""
    if not is_away(sys.exception()):
        return defaults.server_error(request)
    response = _put_off(request)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def _put_off(request: HttpRequest) -> HttpResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    # Every browser asks for a page by name; a carrier, a script and htmx take anything.
    if "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers:
        return render(None, "503.html", {"may_follow": request.method == "GET"}, status=status)
    return HttpResponse("try again\n", status=status, content_type="text/plain; charset=utf-8")
