"""HTTP requests that know whether anything was written, and that end by the clock.

A time limit of `requests` is per read, so a server that drips bytes could hold a call for ever;
and its exceptions do not always tell a request that never left from one that did. One `Call`
per request answers both: its connections refuse a first write after the deadline, note it, and
their socket is shut down when the time is over. Looking up a name and a TLS handshake have limits
of their own and may outlast the deadline; then nothing is written. It knows nothing of carriers.
"""

import socket
import threading
import time
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_thread = threading.local()


class TooLate(OSError):
    """The deadline passed before the request was written."""


class Call:
    """One request of this thread, from the connection to the end of the answer's body."""

    def __init__(self, *, seconds: float) -> None:
        """Start the clock."""
        self.written = False
        self._ends = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(seconds, 0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Call":
        """Become the call that this thread's connections report to."""
        _thread.call = self
        self._timer.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the timer and let the socket go."""
        self._timer.cancel()
        with self._lock:
            self._socket = None
        _thread.call = None

    def seconds_left(self) -> float:
        """Tell the time left, never less than a millisecond (0 would mean no limit)."""
        return max(self._ends - time.monotonic(), 0.001)

    def about_to_write(self, connected: socket.socket) -> None:
        """Refuse a first write after the deadline; from here on the outcome is in doubt."""
        if not self.written and time.monotonic() >= self._ends:
            raise TooLate
        self.written = True
        with self._lock:
            self._socket = connected

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):  # it was closed in this very moment
                    # The plain socket's method: the TLS one must not run beside a reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Reporting(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _thread.call.about_to_write(self.sock)
        super().send(data)


class _ReportingTLS(_Reporting, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Reporting


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _ReportingTLS


class ReportingAdapter(HTTPAdapter):
    """An adapter for `requests` whose connections report to the thread's Call."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have the pools make reporting connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}
