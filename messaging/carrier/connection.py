"""HTTP requests that know whether anything was written, and that end by the clock.

A time limit of a socket is per read, so a server that drips bytes could hold a call for ever; and
exceptions do not always tell a request that never left from one that did. One `Call` per request
answers both: it notes the first write and refuses it after the deadline, and every wait of its
socket gets only the time that is left. Looking up a name and a TLS handshake have limits of their
own and may outlast the deadline; then nothing is written. It knows nothing of carriers.
"""

import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from typing import Any
from urllib.parse import SplitResult, urlsplit

# A server that cannot be reached in this time is not reachable (seconds).
CONNECT_LIMIT = 5.0
# What a request that was not answered ends with; a name that is none is a UnicodeError.
NOT_ANSWERED = (HTTPException, OSError, UnicodeError)


class TooLate(TimeoutError):
    """The deadline passed."""


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
        with closing(kind(address.hostname or "", address.port, call=self)) as line:
            # Who hangs up in the middle may have answered before: a wrong token, a body too large.
            with suppress(BrokenPipeError):
                line.request(method, address.path + path, body, headers)
            with line.getresponse() as response:
                return Reply(
                    status=response.status,
                    headers=response.headers,
                    body=_read_body(response, at_most=answer_limit),
                )

    def seconds_left(self) -> float:
        """Give the time that is left. TooLate."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TooLate
        return left


def _read_body(response: HTTPResponse, *, at_most: int) -> bytes | None:
    """Read the body whole or not at all; the status alone may still say enough."""
    try:
        body = response.read(at_most + 1)
    except (HTTPException, OSError, ValueError):  # the last by a chunk of negative length
        return None
    # What is left of the announced length did not come.
    return None if response.length or len(body) > at_most else body


class _Timed:
    """What a connection uses of a socket, each wait within the time that is left of a call."""

    def __init__(self, connected: socket.socket, *, call: Call) -> None:
        self._socket, self._call = connected, call
        self.close = connected.close

    def sendall(self, content: bytes) -> None:
        self._socket.settimeout(self._call.seconds_left())
        # From here on the outcome is in doubt.
        self._call.written = True
        self._socket.sendall(content)

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(_Received(self._socket, call=self._call))


class _Received(RawIOBase):
    """The bytes that come in; the socket stays open for them when its connection is closed."""

    def __init__(self, connected: socket.socket, *, call: Call) -> None:
        self._socket, self._call = connected, call
        self._bytes = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._call.seconds_left())
        return self._bytes.readinto(buffer)

    def close(self) -> None:
        self._bytes.close()
        super().close()


class _Reporting(HTTPConnection):
    """A connection that tells its call when it writes."""

    def __init__(self, host: str, port: int | None, *, call: Call) -> None:
        super().__init__(host, port, timeout=min(CONNECT_LIMIT, call.seconds_left()))
        self._call = call

    def connect(self) -> None:
        super().connect()
        self.sock = _Timed(self.sock, call=self._call)


class _ReportingTLS(_Reporting, HTTPSConnection):
    """The same over TLS; certificates are those the machine trusts."""
