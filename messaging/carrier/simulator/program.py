"""The simulated carrier as a program: server, books and pumps, started and stopped together.

Runs as `manage.py carrier`, as a part of the one-process demo, and in tests. The socket is bound
when `start` returns; after `stop` nothing of it is left but the books. A part that ends by itself
ends `wait`: half a carrier must not look like a whole one.
"""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from waitress.server import create_server

from messaging.carrier.simulator.answers import Answers
from messaging.carrier.simulator.desk import Clock, Desk
from messaging.carrier.simulator.feeds import Due, Feed, Receipts, Replies
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.parcels import Parcels
from messaging.carrier.simulator.phones import Phones
from messaging.carrier.simulator.pump import Pump
from messaging.carrier.simulator.script import Rule, Script
from messaging.carrier.simulator.scripted import Channel, Scripted
from messaging.carrier.simulator.server import BODY_LIMIT, Application

log = logging.getLogger(__name__)

THREADS = 4
# A chunk of 500 is some 100 KB: read in one piece it wakes the server's loop once, not 13 times.
RECEIVED_AT_ONCE = 256 * 1024
# To finish what is being answered or pushed, before it is left to its fate (seconds).
STOP_LIMIT = 5.0


def utc_now() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the carrier lives and how it behaves."""

    books: Path
    door: str
    door_secret: str
    token: str
    terms: Terms
    honours_references: bool
    # Empty: what phones answer waits in the books.
    reply_door: str = ""


class Simulator:
    """The carrier, from `start` to `stop`; once."""

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        """Open the books; nothing runs yet. sqlite3.Error when there can be none."""
        file = self._file = BooksFile(path=settings.books)
        self._script = Script()
        desk = Desk(
            file=file,
            terms=settings.terms,
            honours_references=settings.honours_references,
            clock=clock,
        )
        answers = Answers(file=file)
        receipts = self._pump_of(
            Receipts(parcels=Parcels(file=file)),
            door=settings.door,
            secret=settings.door_secret,
            clock=clock,
        )
        replies = self._pump_of(
            Replies(answers=answers, book=file.name),
            door=settings.reply_door,
            secret=settings.door_secret,
            clock=clock,
        )
        self._pumps = (receipts, replies)
        self._application = Scripted(
            application=Application(
                desk=desk,
                phones=Phones(file=file, answers=answers, clock=clock, answered=replies.ring),
                file=file,
                token=settings.token,
                accepted=receipts.ring,
            ),
            script=self._script,
            token=settings.token,
        )
        self._over = threading.Event()
        self._stopping = threading.Lock()
        self._server: Any = None
        self._threads: list[threading.Thread] = []

    def follow(self, rules: Sequence[Rule]) -> None:
        """Misbehave by these rules from now on; none is to behave."""
        self._script.replace(rules)

    def start(self, *, host: str, port: int) -> str:
        """Listen and begin to push; give the address. Port 0 is any free one.

        OSError when the port is taken.
        """
        # Bound here: waitress would leave its threads behind when the port is taken.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
        self._server = create_server(
            self._application,
            sockets=[listening],
            threads=THREADS,
            max_request_body_size=BODY_LIMIT,
            recv_bytes=RECEIVED_AT_ONCE,
        )
        self._server.channel_class = Channel
        parts = [("server", self._server.run), *(("pump", pump.run) for pump in self._pumps)]
        for name, run in parts:
            thread = threading.Thread(
                target=self._run, args=(run,), name=f"carrier {name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        return f"http://{shown}:{self._server.effective_port}"

    def wait(self) -> None:
        """Return once a part is over, asked or not; then `stop` clears up the rest."""
        self._over.wait()

    def stop(self) -> None:
        """Finish what is in progress, within limits, and let everything go. Twice is harmless."""
        with self._stopping:
            self._script.end()
            for pump in self._pumps:
                pump.stop()
            if self._threads:
                self._server.accepting = False
                self._server.task_dispatcher.shutdown(timeout=STOP_LIMIT)
                # Woken by somebody else, the loop may hang up before it is woken for that.
                with suppress(OSError):
                    self._server.trigger.pull_trigger(self._hang_up)
            while self._threads:
                self._threads.pop().join(STOP_LIMIT)
            self._file.close()
            self._over.set()

    def _pump_of(self, feed: Feed[Due], *, door: str, secret: str, clock: Clock) -> Pump[Due]:
        return Pump(
            feed=feed,
            book=self._file.name,
            door=door,
            secret=secret,
            script=self._script,
            clock=clock,
        )

    def _run(self, part: Callable[[], object]) -> None:
        try:
            part()
        except Exception:
            log.exception("a part of the carrier failed")
        finally:
            self._over.set()

    def _hang_up(self) -> None:
        """End the server's loop, which lasts as long as one caller keeps a connection open."""
        for channel in list(self._server.active_channels.values()):
            channel.close_when_flushed = True
        self._server.close()
