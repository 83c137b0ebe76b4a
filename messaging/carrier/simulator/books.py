"""The carrier's books: every message it accepted, once.

They lie outside of the platform's database and are the judge of "sent twice" and "lost".
Acceptance and the receipts owed for it (`parcels`) are one transaction, committed before the
answer leaves.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from messaging.carrier.simulator.file import BooksFile, stamp
from messaging.carrier.simulator.intake import Frame, Offered
from messaging.carrier.simulator.outcomes import Plan
from messaging.carrier.simulator.parcels import Accepted, pack

# What must be the same for a reference to mean the same message.
Content = tuple[str, str, str, str, str, int]


class Entry(NamedTuple):
    """What the books say of a reference; `refusal` is a code, "" for an acceptance."""

    reference: str
    message_id: int | None
    accepted_at: str
    refusal: str


class Books:
    """What was accepted."""

    def __init__(self, *, file: BooksFile) -> None:
        """Write into an open file, which may serve others too."""
        self._file = file

    def accept(
        self, *, frame: Frame, offered: Sequence[Offered], honours_references: bool, now: datetime
    ) -> list[Entry]:
        """Enter what is not refused, and say of each message how it stands. Busy.

        A known reference with the same content is answered as the first time; with another
        content it is refused and the first stands. When references are not honoured, each is
        entered as if it were new.
        """
        accepted_at = stamp(now)
        with self._file.write() as run:
            known = _known(run, [o.reference for o in offered]) if honours_references else {}
            next_id = run.execute("SELECT coalesce(max(id), 0) + 1 FROM message").fetchone()[0]
            answers: list[Entry] = []
            new: list[tuple[int, Offered, Content]] = []
            for message in offered:
                content = _content(message, frame=frame)
                entry = _standing(message, content, known=known.get(message.reference))
                if entry is None:
                    entry = Entry(message.reference, next_id + len(new), accepted_at, "")
                    new.append((next_id + len(new), message, content))
                    if honours_references:
                        known[message.reference] = entry, content
                answers.append(entry)
            _append(run, new=new, honoured=honours_references, now=now)
            owed = [Accepted(self._file.carrier_id(i), *_told(o)) for i, o, _content in new]
            pack(run, owed, now=now)
        return answers

    def look_up(self, *, references: Sequence[str]) -> list[Entry]:
        """Find what was accepted under references; the others are left out."""
        with self._file.read() as run:
            return [entry for entry, _content_of_it in _known(run, references).values()]


def _known(run: sqlite3.Connection, references: Sequence[str]) -> dict[str, tuple[Entry, Content]]:
    """Find the first acceptance of each reference, and what it was of."""
    rows = run.execute(
        "SELECT reference, min(id), accepted_at, recipient, text, sender, class, clause, validity "
        "FROM message WHERE reference IN (SELECT value FROM json_each(?)) GROUP BY reference",
        [json.dumps(list(references))],
    )
    return {row[0]: (Entry(row[0], row[1], row[2], ""), row[3:]) for row in rows}


def _content(message: Offered, *, frame: Frame) -> Content:
    """Give what `_known` finds once the message is entered."""
    return (
        message.to,
        message.text,
        message.sender,
        frame.message_class,
        frame.clause,
        frame.validity,
    )


def _standing(
    message: Offered, content: Content, *, known: tuple[Entry, Content] | None
) -> Entry | None:
    """Tell how a message stands without entering it; None: it is to be entered."""
    code = message.plan.refusal
    if known is not None:
        entry, first_content = known
        if first_content == content:
            return entry
        code = "reference_reused"
    return Entry(message.reference, None, "", code) if code else None


def _told(message: Offered) -> tuple[str, str, Plan]:
    return message.reference, message.operator, message.plan


def _append(
    run: sqlite3.Connection,
    *,
    new: Sequence[tuple[int, Offered, Content]],
    honoured: bool,
    now: datetime,
) -> None:
    # Most arrive at the same moment, and writing one is slow.
    after = cache(lambda delay: stamp(now + delay))
    accepted_at = stamp(now)
    run.executemany(
        "INSERT INTO message (id, reference, copy, recipient, text, sender, class, clause, "
        "validity, parts, operator, accepted_at, arrives_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                message_id,
                o.reference,
                0 if honoured else message_id,
                *content,
                o.parts,
                o.operator,
                accepted_at,
                None if o.plan.arrives is None else after(o.plan.arrives),
            )
            for message_id, o, content in new
        ],
    )
