"""The simulated carrier over HTTP: a plain WSGI application of eight addresses.

A bearer token opens all but /healthz. What the desk refuses is worded as the contract has it
(docs/carrier.md); an error nobody foresaw is a 500, which leaves the caller in doubt, as it
must. Nothing of a request is logged.
"""

import hmac
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from messaging.carrier.simulator.answers import NoSuchMessage, NotAnswerable
from messaging.carrier.simulator.desk import Desk, ReferencesNotHonoured
from messaging.carrier.simulator.file import BooksFile, Busy
from messaging.carrier.simulator.intake import ChunkRefused, read_json
from messaging.carrier.simulator.phones import BadAnswer, Phones

# 500 personalised texts of 255 parts would be more; a chunk of ordinary ones is 100 KB.
BODY_LIMIT = 8 * 1024 * 1024
_HANDSET = "/v1/handset"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class _Answer(Exception):
    """An answer other than 200."""

    def __init__(self, status: HTTPStatus, **error: Any) -> None:
        super().__init__(status)
        self.status = status
        self.content = {"error": error}


class Application:
    """The WSGI application. `accepted` is called after each chunk that may owe receipts."""

    def __init__(
        self,
        *,
        desk: Desk,
        phones: Phones,
        file: BooksFile,
        token: str,
        accepted: Callable[[], None],
    ) -> None:
        """Serve from one desk, its books and the phones beside it."""
        self._desk = desk
        self._phones = phones
        self._file = file
        self._token = token
        self._accepted = accepted

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request in JSON."""
        status = HTTPStatus.OK
        try:
            content = self._answer(environ)
        except _Answer as answer:
            status, content = answer.status, answer.content
        return answer_json(start_response, status, content)

    def _answer(self, environ: Environ) -> dict[str, Any]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/healthz":
            return self._health()
        if not has_token(environ, token=self._token):
            raise _Answer(HTTPStatus.UNAUTHORIZED, code="token")
        match method, path:
            case "POST", "/v1/messages":
                answers = self._from_desk(self._desk.submit, environ)
                self._accepted()
                return answers
            case "POST", "/v1/messages/look-up":
                return self._from_desk(self._desk.look_up, environ)
            case "GET", "/v1/numbers":
                return self._desk.numbers()
            case "GET", _ if path == _HANDSET:
                return self._phones.latest()
            case _, _ if path.startswith(f"{_HANDSET}/"):
                return self._phone(environ, *path.removeprefix(f"{_HANDSET}/").split("/"))
        raise _Answer(HTTPStatus.NOT_FOUND, code="address")

    def _from_desk(
        self, ask: Callable[[bytes], dict[str, Any]], environ: Environ
    ) -> dict[str, Any]:
        try:
            return ask(_read_body(environ))
        except ChunkRefused as exc:
            raise _Answer(HTTPStatus(exc.status), code=exc.code) from exc
        except ReferencesNotHonoured as exc:
            raise _Answer(HTTPStatus.NOT_IMPLEMENTED, code="references") from exc
        except Busy as exc:
            raise _Answer(
                HTTPStatus.SERVICE_UNAVAILABLE, code="busy", nothing_accepted=True
            ) from exc

    def _phone(self, environ: Environ, number: str, *rest: str) -> dict[str, Any]:
        try:
            match environ["REQUEST_METHOD"], rest:
                case "GET", ():
                    return self._phones.show(number)
                case "POST", ("replies",):
                    return self._phones.answer(number, _read_json(environ))
                case "POST", ("later",):
                    return self._phones.let_pass(number)
        except BadAnswer as exc:
            raise _Answer(HTTPStatus.UNPROCESSABLE_ENTITY, code=exc.field) from exc
        except NoSuchMessage as exc:
            raise _Answer(HTTPStatus.NOT_FOUND, code="message") from exc
        except NotAnswerable as exc:
            raise _Answer(HTTPStatus.CONFLICT, code="not_answerable") from exc
        except Busy as exc:
            raise _Answer(HTTPStatus.SERVICE_UNAVAILABLE, code="busy") from exc
        raise _Answer(HTTPStatus.NOT_FOUND, code="address")

    def _health(self) -> dict[str, Any]:
        with self._file.read() as run:
            run.execute("SELECT count(*) FROM book")
        return {"status": "ok"}


def _read_body(environ: Environ) -> bytes:
    try:
        return read_body(environ, limit=BODY_LIMIT)
    except TooLarge as exc:
        raise _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too_large") from exc
    except ValueError as exc:
        raise _Answer(HTTPStatus.BAD_REQUEST, code="malformed") from exc


def _read_json(environ: Environ) -> Any:
    try:
        return read_json(_read_body(environ))
    except ValueError as exc:
        raise _Answer(HTTPStatus.BAD_REQUEST, code="malformed") from exc


class TooLarge(ValueError):
    """The body is longer than it may be."""


def has_token(environ: Environ, *, token: str) -> bool:
    """Tell whether a request shows the token."""
    given = environ.get("HTTP_AUTHORIZATION", "").encode(errors="replace")
    return hmac.compare_digest(given, f"Bearer {token}".encode())


def read_body(environ: Environ, *, limit: int) -> bytes:
    """Read the body of a request. TooLarge, ValueError."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > limit:
        raise TooLarge
    body: bytes = environ["wsgi.input"].read(length)
    return body


def answer_json(
    start_response: StartResponse, status: HTTPStatus, content: Any, *headers: tuple[str, str]
) -> list[bytes]:
    """Answer in JSON."""
    body = msgspec.json.encode(content)
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers],
    )
    return [body]
