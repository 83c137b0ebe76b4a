"""The pump: takes what is due of one feed and pushes it to the feed's door, signed.

At least once: what was pushed is marked only after the door answered 2xx; until then the same batch
is pushed again with growing pauses, under the same webhook-id. A kill loses nothing but time. Logs
name errors and statuses, never a number. Receipts and replies have a pump each: a door that is
closed holds up nothing of the other.
"""

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic

import msgspec
import urllib3
from standardwebhooks import Webhook

from messaging.carrier.simulator.desk import Clock
from messaging.carrier.simulator.feeds import Due, Feed
from messaging.carrier.simulator.file import Busy
from messaging.carrier.simulator.script import Deed, Script

log = logging.getLogger(__name__)

BATCH = 1_000
# Seconds: to connect and between two reads; the pauses after failures; the longest sleep.
TIME_LIMITS = urllib3.Timeout(connect=5.0, read=20.0)
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
LONGEST_SLEEP = 60.0


def sign(
    *, content: dict[str, Any], push_id: str, secret: str, now: datetime
) -> tuple[dict[str, str], bytes]:
    """Give the headers and the body of a push; lists in it may be written already."""
    try:
        body = msgspec.json.encode(content).decode()
    except UnicodeEncodeError:
        # A lone surrogate has an escape in JSON; only what is spoiled on purpose has one.
        body = json.dumps(content, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": push_id,
        "webhook-timestamp": str(int(now.timestamp())),
        # The library takes the hands of the clock for UTC, whatever the zone.
        "webhook-signature": Webhook(secret).sign(push_id, now.astimezone(UTC), body),
    }
    return headers, body.encode()


class Pump(Generic[Due]):
    """What runs between a feed and its door. With no door what is owed waits."""

    def __init__(
        self, *, feed: Feed[Due], book: str, door: str, secret: str, script: Script, clock: Clock
    ) -> None:
        """Get ready; `run` does the work."""
        self._feed = feed
        self._book = book
        self._door = door
        self._secret = secret
        self._script = script
        self._clock = clock
        self._bell = threading.Event()
        self._stopping = threading.Event()

    def ring(self) -> None:
        """Say that something may be due earlier than the pump expects."""
        self._bell.set()

    def stop(self) -> None:
        """Ask `run` to return after the push in progress."""
        self._stopping.set()
        self._bell.set()

    def run(self) -> None:
        """Push until asked to stop."""
        pause = FIRST_PAUSE
        # Without `requests` in between, which takes as long as all else that a push needs.
        with urllib3.PoolManager(retries=False) as session:
            while not self._stopping.is_set():
                if self._go_round(session):
                    pause = FIRST_PAUSE
                else:
                    self._stopping.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)

    def _go_round(self, session: urllib3.PoolManager) -> bool:
        """Push all that is due, then sleep; False when there is reason to pause instead."""
        try:
            while self._door and (owed := self._feed.owed(now=self._clock(), at_most=BATCH)):
                if self._stopping.is_set() or not self._hand_in(session, owed):
                    return False
            self._sleep()
        except (sqlite3.Error, Busy):
            log.exception("the carrier's books cannot be read or written")
            return False
        return True

    def _hand_in(self, session: urllib3.PoolManager, owed: Sequence[Due]) -> bool:
        """Push what is owed and mark it, as the script has it; False when it was not taken."""
        rule = self._script.take(self._feed.on)
        if rule is not None and rule.do is Deed.DELAY:
            until = self._clock() + timedelta(seconds=rule.seconds)
            self._feed.put_off(owed=owed, until=until)
            return True
        if not self._push(session, owed, do=rule.do if rule else Deed.BEHAVE):
            return False
        self._feed.mark_taken(owed=owed, now=self._clock())
        return True

    def _push(self, session: urllib3.PoolManager, owed: Sequence[Due], *, do: Deed) -> bool:
        """Push, once or as often as the script spoils it; all of it must be taken."""
        written = self._feed.written(owed)
        # The same rows have the same id, also after a restart.
        ids = ",".join(str(each) for each in self._feed.ids(owed))
        push_id = f"{self._book}-{hashlib.blake2b(ids.encode(), digest_size=12).hexdigest()}"
        if do is Deed.BEHAVE:
            return self._post(session, written, push_id=push_id)
        return all(
            self._post(session, spoiled, push_id=f"{push_id}-{at}")
            for at, spoiled in enumerate(self._feed.distort(msgspec.json.decode(written), do=do))
        )

    def _post(
        self, session: urllib3.PoolManager, rows: list[Any] | msgspec.Raw, *, push_id: str
    ) -> bool:
        name = self._feed.name
        headers, body = sign(
            content={name: rows}, push_id=push_id, secret=self._secret, now=self._clock()
        )
        try:
            answer = session.request(
                "POST", self._door, body=body, headers=headers, timeout=TIME_LIMITS, redirect=False
            )
        except urllib3.exceptions.HTTPError as exc:
            log.warning("%s could not be pushed: %s", name, type(exc).__name__)
            return False
        if 200 <= answer.status < 300:
            return True
        log.warning("%s pushed, the door answered %d", name, answer.status)
        return False

    def _sleep(self) -> None:
        """Sleep until the next is due or somebody rings."""
        self._bell.clear()
        due = self._feed.next_due() if self._door else None
        seconds = LONGEST_SLEEP if due is None else (due - self._clock()).total_seconds()
        if seconds > 0 and not self._stopping.is_set():
            self._bell.wait(min(seconds, LONGEST_SLEEP))
