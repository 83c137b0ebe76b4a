"""HTTP requests that know whether anything was written, and that end by the clock.

A time limit of a socket is per read, so a server that drips bytes could hold a call for ever; and
exceptions do not always tell a request that never left from one that did. One `Call` per request
answers both: its connection refuses a first write after the deadline, notes it, and is shut down
when the time is over. Looking up a name and a TLS handshake have limits of their own and may
outlast the deadline; then nothing is written. It knows nothing of carriers.
"""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

# A server that cannot be reached in this time is not reachable (seconds).
CONNECT_LIMIT = 5.0
# What a request that was not answered ends with; a name that is none is a UnicodeError.
NOT_ANSWERED = (HTTPException, OSError, UnicodeError)


class TooLate(OSError):
    """The deadline passed before the request was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; `body` is None when it did not come whole or was too long."""

    status: int
    headers: HTTPMessage
    body: bytes | None


def split(url: str) -> SplitResult:
    """Take an address apart. ValueError when nothing can be asked there."""
    address = urlsplit(url.rstrip("/"))
    if address.scheme not in {"http", "https"} or not address.hostname or address.port == 0:
        raise ValueError("not an address of HTTP")
    return address


class Call:
    """One request, from the connection to the end of the answer's body."""

    def __init__(self, *, seconds: float) -> None:
        """Start the clock."""
        self.written = False
        self._ends = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(seconds, 0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Call":
        """Let the time run."""
        self._timer.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the timer and let the socket go."""
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def ask(
        self,
        method: str,
        address: SplitResult,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        answer_limit: int,
    ) -> Reply:
        """Ask, on a connection of this call alone, and read the answer. NOT_ANSWERED.

        Without the machine's proxies; no redirect is followed.
        """
        kind = _ReportingTLS if address.scheme == "https" else _Reporting
        limit = self._seconds_left()
        with closing(kind(address.hostname or "", address.port, limit=limit, call=self)) as line:
            # Who hangs up in the middle may have answered before: a wrong token, a body too large.
            with suppress(BrokenPipeError):
                line.request(method, address.path + path, body, headers)
            with line.getresponse() as response:
                return Reply(
                    status=response.status,
                    headers=response.headers,
                    body=_read_body(response, at_most=answer_limit),
                )

    def about_to_write(self, connected: socket.socket) -> None:
        """Refuse a first write after the deadline; from here on the outcome is in doubt."""
        if not self.written and time.monotonic() >= self._ends:
            raise TooLate
        self.written = True
        with self._lock:
            self._socket = connected

    def _seconds_left(self) -> float:
        """Tell the time left, never less than a millisecond (0 would mean no limit)."""
        return max(self._ends - time.monotonic(), 0.001)

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):  # it was closed in this very moment
                    # The plain socket's method: the TLS one must not run beside a reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _read_body(response: HTTPResponse, *, at_most: int) -> bytes | None:
    """Read the body whole or not at all; the status alone may still say enough."""
    try:
        body = response.read(at_most + 1)
    except (HTTPException, OSError, ValueError):  # the last by a chunk of negative length
        return None
    # What is left of the announced length did not come.
    return None if response.length or len(body) > at_most else body


class _Reporting(HTTPConnection):
    """A connection that tells its call when it writes."""

    def __init__(self, host: str, port: int | None, *, limit: float, call: Call) -> None:
        super().__init__(host, port, timeout=min(CONNECT_LIMIT, limit))
        self._call = call
        self._limit = limit

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._limit)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self._call.about_to_write(self.sock)
        super().send(data)


class _ReportingTLS(_Reporting, HTTPSConnection):
    """The same over TLS; certificates are those the machine trusts."""
