"""The carrier's desk: submissions and look-ups, whoever brings them.

Takes and gives the JSON of the contract (docs/carrier.md) as Python objects, so that the server
and a test in the same process say the same. The clock is the carrier's own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from messaging.carrier.simulator.books import Books, Entry
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.intake import read_chunk, read_references
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
        self._file = file
        self._books = Books(file=file)
        self._terms = terms
        self._honours_references = honours_references
        self._clock = clock

    def submit(self, content: Any) -> dict[str, Any]:
        """Answer a submission. intake.ChunkRefused, file.Busy."""
        frame, offered = read_chunk(content, terms=self._terms)
        entries = self._books.accept(
            frame=frame,
            offered=offered,
            honours_references=self._honours_references,
            now=self._clock(),
        )
        return {"answers": [self._answer(entry) for entry in entries]}

    def look_up(self, content: Any) -> dict[str, Any]:
        """Answer a look-up. intake.ChunkRefused, ReferencesNotHonoured."""
        references = read_references(content)
        if not self._honours_references:
            raise ReferencesNotHonoured
        entries = self._books.look_up(references=references)
        return {"answers": [self._answer(entry) for entry in entries]}

    def numbers(self) -> dict[str, Any]:
        """Name the short numbers that messages may bear."""
        return {"numbers": list(POOL)}

    def _answer(self, entry: Entry) -> dict[str, Any]:
        if entry.message_id is None:
            return {"reference": entry.reference, "accepted": False, "code": entry.refusal}
        return {
            "reference": entry.reference,
            "accepted": True,
            "id": self._file.carrier_id(entry.message_id),
            "accepted_at": entry.accepted_at,
        }
