"""The carrier's server as its script has it: in front of the application, and on its wire.

`/v1/script` shows and takes the script. A call with the token takes its turn of the rules; what a
rule does happens before or after the application's own work, which knows nothing of it.
"""

import json
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.task import WSGITask

from messaging.carrier.simulator.intake import read_json
from messaging.carrier.simulator.script import BadScript, Deed, On, Rule, Script, read_rules
from messaging.carrier.simulator.server import (
    Environ,
    StartResponse,
    answer_json,
    has_token,
    read_body,
)

ADDRESS = "/v1/script"
CALLS = {"/v1/messages": On.SUBMIT, "/v1/messages/look-up": On.LOOK_UP}
BODY_LIMIT = 64 * 1024
_HANG_UP = "carrier.hang_up"
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class Scripted:
    """A WSGI application around another."""

    def __init__(self, *, application: Wsgi, script: Script, token: str) -> None:
        """Follow a script that others may change meanwhile."""
        self._application = application
        self._script = script
        self._token = token

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, late, wrongly or not at all."""
        path = environ["PATH_INFO"]
        if not has_token(environ, token=self._token):
            return self._application(environ, start_response)
        if path == ADDRESS:
            return self._show_or_take(environ, start_response)
        on = CALLS.get(path) if environ["REQUEST_METHOD"] == "POST" else None
        rule = self._script.take(on) if on else None
        if rule is None:
            return self._application(environ, start_response)
        early = self._before(rule, environ, start_response)
        if early is not None:
            return early
        return self._after(rule, environ, start_response)

    def _show_or_take(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            try:
                self._script.replace(read_rules(read_json(read_body(environ, limit=BODY_LIMIT))))
            except BadScript as exc:
                error = {"error": {"code": "script", "place": exc.place}}
                return answer_json(start_response, HTTPStatus.UNPROCESSABLE_ENTITY, error)
            except ValueError:
                error = {"error": {"code": "malformed"}}
                return answer_json(start_response, HTTPStatus.BAD_REQUEST, error)
        content = {"rules": [asdict(rule) for rule in self._script.left()]}
        return answer_json(start_response, HTTPStatus.OK, content)

    def _before(
        self, rule: Rule, environ: Environ, start_response: StartResponse
    ) -> list[bytes] | None:
        """Do what is done instead of the work; None when the work is to be done."""
        match rule.do:
            case Deed.REFUSE:
                error = {"error": {"code": "busy", "nothing_accepted": True}}
                return answer_json(start_response, HTTPStatus.SERVICE_UNAVAILABLE, error)
            case Deed.THROTTLE:
                error = {"error": {"code": "throttled", "nothing_accepted": True}}
                pause = ("Retry-After", str(int(rule.seconds)))
                return answer_json(start_response, HTTPStatus.TOO_MANY_REQUESTS, error, pause)
            case Deed.FAIL:
                return answer_json(start_response, HTTPStatus.INTERNAL_SERVER_ERROR, {})
            case Deed.HANG_UP:
                environ[_HANG_UP]()
            case Deed.WAIT:
                self._script.wait(rule.seconds)
        return None

    def _after(
        self, rule: Rule, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Do the work, then spoil the answer."""
        said: list[Any] = []
        body = b"".join(self._application(environ, lambda *args: said.extend(args)))
        match rule.do:
            case Deed.ANSWER_LATE:
                self._script.wait(rule.seconds)
            case Deed.ANSWER_HALF:
                # Its length is announced as it was: the server hangs up in the middle.
                body = body[: len(body) // 2]
            case Deed.FAIL_AFTER:
                return answer_json(start_response, HTTPStatus.INTERNAL_SERVER_ERROR, {})
            case Deed.HANG_UP_AFTER:
                environ[_HANG_UP]()
        start_response(*said)
        return [body]


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that can be reset by what it serves, and is not watched while that writes."""

    def writable(self) -> bool:
        """Tell whether the server's loop is to write: not while the thread that answers does.

        Told yes, it cannot have the lock, and asks again without a pause until that thread is done.
        """
        if self.requests and self.total_outbufs_len <= self.adj.outbuf_high_watermark:
            return bool(self.will_close or self.close_when_flushed)
        return bool(super().writable())

    class task_class(WSGITask):  # type: ignore[misc]  # noqa: N801 (the name waitress looks for)
        """A request that knows its connection."""

        def get_environment(self) -> Environ:
            """Add a way to hang up."""
            environ: Environ = super().get_environment()
            environ[_HANG_UP] = self._hang_up
            return environ

        def _hang_up(self) -> None:
            # No time to linger: closing the socket resets the connection.
            reset = struct.pack("ii", 1, 0)
            self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            raise ClientDisconnected


def read_file(text: str) -> list[Rule]:
    """Read a script from the text of a file. BadScript."""
    try:
        return read_rules(json.loads(text))
    except (ValueError, RecursionError) as exc:
        raise BadScript("JSON") from exc
