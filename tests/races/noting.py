"""A carrier that honours no references and notes what it was given: what came twice is seen."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from messaging import references
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator import handset
from messaging.carrier.simulator.outcomes import Terms
from messaging.models import Revision

NO_DELAY = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)


class NotingCarrier:
    """A base.Carrier; also looks up the state of the revision at the moment of each call."""

    def __init__(self, *, books: str, now: datetime) -> None:
        """Open the books of a simulated carrier, whose clock stands still."""
        self._inner = InProcessCarrier(
            books=books, terms=NO_DELAY, honours_references=False, clock=lambda: now
        )
        self._lock = threading.Lock()
        self.references: list[str] = []
        self.states: list[str] = []

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        """Note the references and the state of their revision, then accept them."""
        given = [r.reference for r in chunk.recipients]
        [(campaign, number)] = {read[0] for text in given if (read := references.read(text))}
        state = Revision.objects.values_list("state", flat=True).get(
            campaign__uuid=campaign, number=number
        )
        with self._lock:
            self.references += given
            self.states.append(state)
            return self._inner.submit(chunk, deadline=deadline)

    def look_up(self, asked: Sequence[str], *, deadline: float) -> dict[str, base.Answer]:
        """Refuse, as this carrier honours no references."""
        return self._inner.look_up(asked, deadline=deadline)

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        """Name the short numbers of the carrier inside."""
        return self._inner.numbers(deadline=deadline)

    def take_receipts(self) -> list[base.Receipt]:
        """Take the receipts owed."""
        return self._inner.take_receipts()

    def shown_on(self, number: str) -> list[handset.Shown]:
        """Give what a phone shows."""
        return self._inner.shown_on(number)

    def close(self) -> None:
        """Close the books."""
        self._inner.close()
