"""The pump: takes the receipts that are due and pushes them to the platform's door, signed.

At least once: a receipt is marked only after the door answered 2xx; until then the same batch is
pushed again with growing pauses, under the same webhook-id. A kill loses nothing but time. Logs
name counts and statuses, never a number.
"""

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests
from standardwebhooks import Webhook

from messaging.carrier.simulator.books import Books, Owed
from messaging.carrier.simulator.desk import Clock, carrier_id
from messaging.carrier.simulator.file import Busy
from messaging.carrier.simulator.script import On, Script, distort

log = logging.getLogger(__name__)

BATCH = 1_000
# Seconds: to connect and between two reads; the pauses after failures; the longest sleep.
TIME_LIMITS = (5.0, 20.0)
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
LONGEST_SLEEP = 60.0


def receipts_body(*, owed: Sequence[Owed], book: str) -> dict[str, Any]:
    """Write receipts the way the door reads them."""
    return {
        "receipts": [
            {
                "id": carrier_id(book=book, message_id=o.message_id),
                "reference": o.reference,
                "state": o.state,
                "code": o.code,
                "billed": bool(o.billed),
                "operator": o.operator,
                "at": o.at,
            }
            for o in owed
        ]
    }


def sign(
    *, content: dict[str, Any], push_id: str, secret: str, now: datetime
) -> tuple[dict[str, str], bytes]:
    """Give the headers and the body of a push."""
    body = json.dumps(content, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": push_id,
        "webhook-timestamp": str(int(now.timestamp())),
        # The library takes the hands of the clock for UTC, whatever the zone.
        "webhook-signature": Webhook(secret).sign(push_id, now.astimezone(UTC), body),
    }
    return headers, body.encode()


class Pump:
    """What runs between the books and the door."""

    def __init__(
        self, *, books: Books, book: str, door: str, secret: str, script: Script, clock: Clock
    ) -> None:
        """Get ready; `run` does the work."""
        self._books = books
        self._book = book
        self._door = door
        self._secret = secret
        self._script = script
        self._clock = clock
        self._bell = threading.Event()
        self._stopping = threading.Event()

    def ring(self) -> None:
        """Say that there may be receipts due earlier than the pump expects."""
        self._bell.set()

    def stop(self) -> None:
        """Ask `run` to return after the push in progress."""
        self._stopping.set()
        self._bell.set()

    def run(self) -> None:
        """Push until asked to stop."""
        pause = FIRST_PAUSE
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopping.is_set():
                if self._go_round(session):
                    pause = FIRST_PAUSE
                else:
                    self._stopping.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)

    def _go_round(self, session: requests.Session) -> bool:
        """Push all that is due, then sleep; False when there is reason to pause instead."""
        try:
            while owed := self._books.owed(now=self._clock(), at_most=BATCH):
                if self._stopping.is_set() or not self._push(session, owed):
                    return False
                self._books.mark_taken(owed=owed, now=self._clock())
            self._sleep()
        except (sqlite3.Error, Busy):
            log.exception("the carrier's books cannot be read or written")
            return False
        return True

    def _push(self, session: requests.Session, owed: Sequence[Owed]) -> bool:
        """Push receipts, or what the script makes of them; all of it must be taken."""
        content = receipts_body(owed=owed, book=self._book)
        # The same receipts have the same id, also after a restart.
        ids = ",".join(str(o.receipt_id) for o in owed)
        push_id = f"{self._book}-{hashlib.blake2b(ids.encode(), digest_size=12).hexdigest()}"
        rule = self._script.take(On.PUSH)
        if rule is None:
            return self._post(session, content, push_id=push_id)
        return all(
            self._post(session, {"receipts": rows}, push_id=f"{push_id}-{at}")
            for at, rows in enumerate(distort(content["receipts"], do=rule.do))
        )

    def _post(self, session: requests.Session, content: dict[str, Any], *, push_id: str) -> bool:
        headers, body = sign(
            content=content, push_id=push_id, secret=self._secret, now=self._clock()
        )
        try:
            answer = session.post(
                self._door, data=body, headers=headers, timeout=TIME_LIMITS, allow_redirects=False
            )
        except requests.RequestException as exc:
            log.warning(
                "%d receipts could not be pushed: %s", len(content["receipts"]), type(exc).__name__
            )
            return False
        if 200 <= answer.status_code < 300:
            return True
        log.warning(
            "%d receipts pushed, the door answered %d", len(content["receipts"]), answer.status_code
        )
        return False

    def _sleep(self) -> None:
        """Sleep until the next receipt is due or somebody rings."""
        self._bell.clear()
        due = self._books.next_due()
        seconds = LONGEST_SLEEP if due is None else (due - self._clock()).total_seconds()
        if seconds > 0 and not self._stopping.is_set():
            self._bell.wait(min(seconds, LONGEST_SLEEP))
