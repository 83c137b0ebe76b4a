"""The cache of several processes: Redis, and while that is away what each process knows itself.

Limits on signing in and codes that were used once lie in the cache: losing it must neither keep
people out nor let guessing go on. So whatever a process writes it keeps a copy of; while Redis is
away it goes on from there, counting alone, and what Redis missed is told it when it is back. An
outage is logged, and noticed once: then Redis is left alone for a moment, so that nobody waits.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.stdlib.get_logger(__name__)

Answer = TypeVar("Answer")
Key = tuple[str, int | None]

# Seconds: for one question, and without questions after one that was not answered.
TIME_LIMIT = 1.0
PAUSE = 5.0
# Copies that a process keeps, and keys that it knows Redis to have missed.
MOST = 10_000
_ABSENT = object()


class Away(Exception):
    """Redis does not answer."""


class Missed(NamedTuple):
    """What Redis was not told of a key: that it is gone, or that it was written until a moment."""

    is_gone: bool
    expires: float | None


class Outage:
    """What the threads of a process know of one server."""

    def __init__(self) -> None:
        """Expect the best."""
        self.lock = threading.Lock()
        # When the server may be asked again; 0 while it answers.
        self.ends = 0.0
        self.missed: dict[Key, Missed] = {}

    def note(self, key: Key, *, expires: float | None = None, is_gone: bool = False) -> None:
        """Remember that the server missed a write; of too many the oldest is forgotten."""
        with self.lock:
            self.missed.pop(key, None)
            if len(self.missed) >= MOST:
                self.missed.pop(next(iter(self.missed)))
            self.missed[key] = Missed(is_gone=is_gone, expires=expires)


_outages: dict[str, Outage] = {}


class Cache(BaseCache):
    """Redis at `server`, with a copy in the process; each thread has one of these."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """Connect to nothing yet."""
        super().__init__(params)
        limits = {"socket_connect_timeout": TIME_LIMIT, "socket_timeout": TIME_LIMIT}
        self._shared = RedisCache(server, {**params, "OPTIONS": limits})
        self._own = LocMemCache(f"copy of {server}", {**params, "OPTIONS": {"MAX_ENTRIES": MOST}})
        self._outage = _outages.setdefault(server, Outage())

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Read; from the copy while Redis is away."""
        try:
            return self._ask(lambda: self._shared.get(key, default, version))
        except Away:
            return self._own.get(key, default, version)

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Write, into the copy too."""
        self._own.set(key, value, timeout, version)
        try:
            self._ask(lambda: self._shared.set(key, value, timeout, version))
        except Away:
            self._outage.note((key, version), expires=self.get_backend_timeout(timeout))

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Write if it is not there; True if it was not."""
        try:
            is_new = self._ask(lambda: self._shared.add(key, value, timeout, version))
        except Away:
            is_new = self._own.add(key, value, timeout, version)
            if is_new:
                self._outage.note((key, version), expires=self.get_backend_timeout(timeout))
        else:
            if is_new:
                self._own.set(key, value, timeout, version)
        return bool(is_new)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Change when it expires; True if it was there."""
        was_there = self._own.touch(key, timeout, version)
        try:
            return self._ask(lambda: self._shared.touch(key, timeout, version))
        except Away:
            self._outage.note((key, version), expires=self.get_backend_timeout(timeout))
            return was_there

    def delete(self, key: str, version: int | None = None) -> bool:
        """Remove; True if it was there."""
        was_there = self._own.delete(key, version)
        try:
            return self._ask(lambda: self._shared.delete(key, version))
        except Away:
            self._outage.note((key, version), is_gone=True)
            return was_there

    def clear(self) -> None:
        """Forget everything, here and in Redis if it is there."""
        self._own.clear()
        with self._outage.lock:
            self._outage.missed.clear()
        try:
            self._ask(self._shared.clear)
        except Away:
            log.warning("cache.not_cleared")

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Have Redis answer, once it knows what it missed. Away."""
        outage = self._outage
        if time.monotonic() < outage.ends:
            raise Away
        try:
            self._tell_what_was_missed()
            answer = question()
        except RedisError as error:
            outage.ends = time.monotonic() + PAUSE
            log.warning("cache.away", error=type(error).__name__)
            raise Away from error
        if outage.ends:
            outage.ends = 0.0
            log.warning("cache.back")
        return answer

    def _tell_what_was_missed(self) -> None:
        """Write what the copy holds of it; each is struck off once Redis has it."""
        told = self._outage.missed
        for key, missed in list(told.items()):
            self._tell(key, missed)
            with self._outage.lock:
                # Unless it was missed once more since.
                if told.get(key) is missed:
                    del told[key]

    def _tell(self, key: Key, missed: Missed) -> None:
        name, version = key
        if missed.is_gone:
            self._shared.delete(name, version)
            return
        value = self._own.get(name, _ABSENT, version)
        left = None if missed.expires is None else round(missed.expires - time.time())
        if value is not _ABSENT and (left is None or left > 0):
            self._shared.set(name, value, left, version)
