"""The carrier's desk: submissions and look-ups, whoever brings them.

Takes the bodies of the contract (docs/carrier.md) and gives what is written as JSON in return, so
that the server and a test in the same process say the same. The clock is the carrier's own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from messaging.carrier.simulator import intake, ordinary
from messaging.carrier.simulator.books import Books
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.numbers import POOL
from messaging.carrier.simulator.outcomes import Terms

Clock = Callable[[], datetime]


class ReferencesNotHonoured(Exception):
    """The carrier keeps no references, so it cannot be asked about them."""


class Desk:
    """Answers from the books."""

    def __init__(
        self, *, file: BooksFile, terms: Terms, honours_references: bool, clock: Clock
    ) -> None:
        """Answer from the books of a file, and write into them."""
        self._books = Books(file=file)
        self._terms = terms
        self._honours_references = honours_references
        self._clock = clock

    def submit(self, body: bytes) -> dict[str, Any]:
        """Answer a submission. intake.ChunkRefused, file.Busy."""
        try:
            frame, offered = ordinary.read_chunk(body, terms=self._terms)
        except ordinary.NotOrdinary:
            frame, offered = intake.read_chunk(body, terms=self._terms)
        entries = self._books.accept(
            frame=frame,
            offered=offered,
            honours_references=self._honours_references,
            now=self._clock(),
        )
        return {"answers": entries}

    def look_up(self, body: bytes) -> dict[str, Any]:
        """Answer a look-up. intake.ChunkRefused, ReferencesNotHonoured."""
        references = intake.read_references(body)
        if not self._honours_references:
            raise ReferencesNotHonoured
        return {"answers": self._books.look_up(references=references)}

    def numbers(self) -> dict[str, Any]:
        """Name the short numbers that messages may bear."""
        return {"numbers": list(POOL)}
