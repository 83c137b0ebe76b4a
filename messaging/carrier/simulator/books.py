"""The carrier's books: every message it accepted, once, and the receipts it owes for it.

They lie outside of the platform's database and are the judge of "sent twice" and "lost".
Acceptance and receipts are one transaction, on the disk before the answer leaves. A receipt is
marked only after somebody took it, so it may be told twice and is never lost.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from messaging.carrier.simulator.file import BooksFile, stamp
from messaging.carrier.simulator.intake import Frame, Offered

# What must be the same for a reference to mean the same message.
Content = tuple[str, str, str, str, str, int]


class Entry(NamedTuple):
    """What the books say of a reference; `refusal` is a code, "" for an acceptance."""

    reference: str
    message_id: int | None
    accepted_at: str
    refusal: str


class Owed(NamedTuple):
    """A receipt to be told."""

    receipt_id: int
    message_id: int
    reference: str
    state: str
    code: str
    # 0 or 1, as SQLite has it.
    billed: int
    operator: str
    at: str


class Books:
    """What was accepted and what is owed for it."""

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
            new: list[tuple[int, Offered]] = []
            for message in offered:
                entry = _standing(message, frame=frame, known=known.get(message.reference))
                if entry is None:
                    entry = Entry(message.reference, next_id + len(new), accepted_at, "")
                    new.append((next_id + len(new), message))
                    if honours_references:
                        known[message.reference] = entry, _content(message, frame=frame)
                answers.append(entry)
            _append(run, frame=frame, new=new, honoured=honours_references, now=now)
        return answers

    def look_up(self, *, references: Sequence[str]) -> list[Entry]:
        """Find what was accepted under references; the others are left out."""
        with self._file.read() as run:
            return [entry for entry, _content_of_it in _known(run, references).values()]

    def owed(self, *, now: datetime, at_most: int) -> list[Owed]:
        """Give the receipts that are due and that nobody took yet, oldest first."""
        with self._file.read() as run:
            rows = run.execute(
                "SELECT r.id, r.message_id, m.reference, r.state, r.code, r.billed, m.operator, "
                "r.at FROM receipt r JOIN message m ON m.id = r.message_id "
                "WHERE r.taken_at IS NULL AND r.due_at <= ? ORDER BY r.due_at, r.id LIMIT ?",
                [stamp(now), at_most],
            ).fetchall()
        return [Owed(*row) for row in rows]

    def next_due(self) -> datetime | None:
        """Tell when the next receipt is due, None when none is owed."""
        with self._file.read() as run:
            row = run.execute("SELECT min(due_at) FROM receipt WHERE taken_at IS NULL").fetchone()
        return datetime.fromisoformat(row[0]) if row[0] else None

    def mark_taken(self, *, owed: Sequence[Owed], now: datetime) -> None:
        """Note that receipts were taken: they are not told again."""
        self._note(owed, column="taken_at", moment=now)

    def put_off(self, *, owed: Sequence[Owed], until: datetime) -> None:
        """Tell receipts later."""
        self._note(owed, column="due_at", moment=until)

    def _note(self, owed: Sequence[Owed], *, column: str, moment: datetime) -> None:
        with self._file.write() as run:
            run.execute(
                f"UPDATE receipt SET {column} = ? WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608 (ours)
                [stamp(moment), json.dumps([o.receipt_id for o in owed])],
            )


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
    message: Offered, *, frame: Frame, known: tuple[Entry, Content] | None
) -> Entry | None:
    """Tell how a message stands without entering it; None: it is to be entered."""
    code = message.plan.refusal
    if known is not None:
        entry, content = known
        if content == _content(message, frame=frame):
            return entry
        code = "reference_reused"
    if not code:
        return None
    return Entry(message.reference, None, "", code)


def _append(
    run: sqlite3.Connection,
    *,
    frame: Frame,
    new: Sequence[tuple[int, Offered]],
    honoured: bool,
    now: datetime,
) -> None:
    # Arrival, receipt and push are mostly the same moment, and writing one is slow.
    after = cache(lambda delay: stamp(now + delay))
    run.executemany(
        "INSERT INTO message (id, reference, copy, recipient, text, sender, class, clause, "
        "validity, parts, operator, accepted_at, arrives_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                message_id,
                o.reference,
                0 if honoured else message_id,
                *_content(o, frame=frame),
                o.parts,
                o.operator,
                after(timedelta(0)),
                None if o.plan.arrives is None else after(o.plan.arrives),
            )
            for message_id, o in new
        ],
    )
    run.executemany(
        "INSERT INTO receipt (message_id, kind, state, code, billed, at, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (message_id, r.kind, r.state, r.code, r.billed, after(r.at), after(r.due))
            for message_id, o in new
            for r in o.plan.receipts
        ],
    )
