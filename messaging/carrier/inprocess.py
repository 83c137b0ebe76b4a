"""The simulated carrier without HTTP: for tests, and wherever a second program would be too much.

What is said still goes through the JSON of the contract, so a chunk that the real server would
refuse is refused here. Receipts wait until they are taken; the clock is the caller's.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from messaging.carrier import base, door, fields, replies, wire
from messaging.carrier.simulator import handset, intake
from messaging.carrier.simulator.answers import Answers
from messaging.carrier.simulator.desk import Clock, Desk, ReferencesNotHonoured
from messaging.carrier.simulator.feeds import Due, Feed, Receipts, Replies
from messaging.carrier.simulator.file import BooksFile, Busy
from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.parcels import Parcels


class InProcessCarrier:
    """A base.Carrier whose other end is in this process; deadlines are never missed."""

    def __init__(
        self, *, books: Path | str, terms: Terms, honours_references: bool, clock: Clock
    ) -> None:
        """Open the books; ":memory:" lives as long as this object."""
        self._clock = clock
        self._file = BooksFile(path=books)
        self._receipts = Receipts(parcels=Parcels(file=self._file))
        self._answers = Answers(file=self._file)
        self._replies = Replies(answers=self._answers, book=self._file.name)
        self._desk = Desk(
            file=self._file,
            terms=terms,
            honours_references=honours_references,
            clock=clock,
        )

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        """Hand over a chunk; see base.Carrier."""
        asked = [recipient.reference for recipient in chunk.recipients]
        try:
            said = self._desk.submit(wire.chunk_as_json(chunk))
        except intake.ChunkRefused as exc:
            raise base.ChunkRefused(base.Refusal(exc.code)) from exc
        except Busy as exc:
            raise base.Unavailable("busy") from exc
        answers = _answers(said, asked=asked)
        return [answers[reference] for reference in asked]

    def look_up(self, references: Sequence[str], *, deadline: float) -> dict[str, base.Answer]:
        """Ask about references; see base.Carrier."""
        found: dict[str, base.Answer] = {}
        for start in range(0, len(references), base.CHUNK_LIMIT):
            asked = list(references[start : start + base.CHUNK_LIMIT])
            try:
                said = self._desk.look_up(msgspec.json.encode({"references": asked}))
            except (intake.ChunkRefused, ReferencesNotHonoured) as exc:
                raise base.OutcomeUnknown("references") from exc
            found |= _answers(said, asked=asked)
        return found

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        """Give the simulated carrier's short numbers; see base.Carrier."""
        return wire.read_numbers(msgspec.json.encode(self._desk.numbers()))

    def take_receipts(self) -> list[base.Receipt]:
        """Take the receipts that are due by the clock, oldest first; each is given once."""
        rows = self._take(self._receipts, at_most=door.RECEIPTS_LIMIT)
        now = self._clock()
        return [door.read_receipt(row, now=now) for row in rows]

    def take_replies(self) -> list[base.Reply]:
        """Take what phones answered, oldest first; each is given once."""
        rows = self._take(self._replies, at_most=replies.REPLIES_LIMIT)
        now = self._clock()
        return [replies.read_reply(row, carrier="simulated", now=now) for row in rows]

    def answer(self, number: str, *, text: str) -> None:
        """Have a phone answer the newest SMS that it shows. answers.NotAnswerable."""
        self._answers.send(
            phone=number,
            message_id=self.shown_on(number)[0].message_id,
            text=text,
            key=uuid.uuid4().hex,
            at=None,
            now=self._clock(),
        )

    def let_pass(self, number: str) -> None:
        """Let 48 hours pass for a phone: what it sends next is stamped so much later."""
        self._answers.let_pass(phone=number)

    def _take(self, feed: Feed[Due], *, at_most: int) -> list[dict[str, Any]]:
        now = self._clock()
        owed = feed.owed(now=now, at_most=at_most)
        feed.mark_taken(owed=owed, now=now)
        rows: list[dict[str, Any]] = msgspec.json.decode(feed.written(owed))
        return rows

    def shown_on(self, number: str) -> list[handset.Shown]:
        """Give what a phone shows by now, newest first."""
        return handset.shown_on(
            file=self._file, number=number, now=self._clock(), at_most=base.CHUNK_LIMIT
        )

    def close(self) -> None:
        """Let the books go."""
        self._file.close()


def _answers(said: Any, *, asked: Sequence[str]) -> dict[str, base.Answer]:
    try:
        return wire.read_answers(msgspec.json.encode(said), asked=asked)
    except fields.BadField as exc:
        raise base.OutcomeUnknown(exc.name) from exc
