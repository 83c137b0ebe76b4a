"""The carrier's books: every message it accepted, once.

They lie outside of the platform's database and are the judge of "sent twice" and "lost".
Acceptance and the receipts owed for it (`parcels`) are one transaction, committed before the
answer leaves.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby

from msgspec import UNSET, Struct, UnsetType

from messaging.carrier.simulator.file import BooksFile, stamp
from messaging.carrier.simulator.intake import Frame, Offered
from messaging.carrier.simulator.parcels import Accepted, pack

# What must be the same for a reference to mean the same message.
Content = tuple[str | int, ...]
Known = dict[str, tuple["Entry", Content]]

# What is in conflict undoes the whole submission: undoing one statement is not prepared for.
_INSERT = (
    "INSERT OR ROLLBACK INTO message (class, clause, validity, accepted_at, "
    "id, reference, copy, recipient, text, sender, parts, operator, arrives_at) VALUES "
)
_VALUES = "(?1, ?2, ?3, ?4, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_OF_EACH = 9
# Of the numbers tried, 1 to 500, the fastest: a fifth less than row by row, and between two
# statements another thread may hold us up.
ROWS_AT_ONCE = 50


class Entry(Struct, gc=False):
    """What the books say of a reference, as it is answered: its id, or the code of a refusal."""

    reference: str
    accepted: bool
    id: str | UnsetType = UNSET
    accepted_at: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


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
        # Nearly always all are new: that is tried first, and looking each up saved. What is to be
        # refused meets no conflict, and what stands under its reference comes before that.
        is_refused = any(message.plan.refusal for message in offered)
        with suppress(sqlite3.IntegrityError), self._file.write() as run:
            if not honours_references or not (is_refused or _has_copies(run)):
                return self._enter(
                    run, offered, frame=frame, known=None, honoured=honours_references, now=now
                )
        with self._file.write() as run:
            known = self._known(run, [message.reference for message in offered])
            return self._enter(
                run, offered, frame=frame, known=known, honoured=honours_references, now=now
            )

    def look_up(self, *, references: Sequence[str]) -> list[Entry]:
        """Find what was accepted under references; the others are left out."""
        with self._file.read() as run:
            return [entry for entry, _content_of_it in self._known(run, references).values()]

    def _known(self, run: sqlite3.Connection, references: Sequence[str]) -> Known:
        """Find the first acceptance of each reference, and what it was of."""
        rows = run.execute(
            "SELECT reference, min(id), accepted_at, recipient, text, sender, class, clause, "
            "validity FROM message WHERE reference IN (SELECT value FROM json_each(?)) "
            "GROUP BY reference",
            [json.dumps(list(references))],
        )
        known: Known = {}
        for reference, message_id, accepted_at, *content in rows:
            carrier_id = self._file.carrier_id(message_id)
            entry = Entry(reference, accepted=True, id=carrier_id, accepted_at=accepted_at)
            known[reference] = entry, tuple(content)
        return known

    def _enter(
        self,
        run: sqlite3.Connection,
        offered: Iterable[Offered],
        *,
        frame: Frame,
        known: Known | None,
        honoured: bool,
        now: datetime,
    ) -> list[Entry]:
        """Enter what is new: all, where nothing `known` is given, or IntegrityError."""
        next_id = run.execute("SELECT coalesce(max(id), 0) + 1 FROM message").fetchone()[0]
        accepted_at = stamp(now)
        entries: list[Entry] = []
        new: list[Accepted] = []
        for message in offered:
            entry = None
            if message.plan.refusal or known is not None:
                entry = _standing(message, frame=frame, known=known)
            if entry is None:
                message_id = next_id + len(new)
                carrier_id = self._file.carrier_id(message_id)
                entry = Entry(
                    message.reference, accepted=True, id=carrier_id, accepted_at=accepted_at
                )
                new.append(Accepted(message_id, carrier_id, message))
                if known is not None:
                    known[message.reference] = entry, _content(message, frame=frame)
            entries.append(entry)
        _append(run, new, frame=frame, honoured=honoured, now=now)
        pack(run, new, now=now)
        return entries


def _has_copies(run: sqlite3.Connection) -> bool:
    """Tell whether any was entered without honouring references: no conflict would name those."""
    found = run.execute("SELECT EXISTS (SELECT * FROM message WHERE copy > 0)").fetchone()
    return bool(found[0])


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


def _standing(message: Offered, *, frame: Frame, known: Known | None) -> Entry | None:
    """Tell how a message stands without entering it; None: it is to be entered."""
    code = message.plan.refusal
    if known is not None and message.reference in known:
        entry, first_content = known[message.reference]
        if first_content == _content(message, frame=frame):
            return entry
        code = "reference_reused"
    return Entry(message.reference, accepted=False, code=code) if code else None


def _append(
    run: sqlite3.Connection,
    new: Sequence[Accepted],
    *,
    frame: Frame,
    honoured: bool,
    now: datetime,
) -> None:
    of_all = [frame.message_class, frame.clause, frame.validity, stamp(now)]
    of_each: list[object] = []
    # Most arrive at the same moment, and writing one is slow.
    for plan, accepted in groupby(new, key=lambda each: each.message.plan):
        arrives_at = None if plan.arrives is None else stamp(now + plan.arrives)
        for each in accepted:
            m = each.message
            of_each += each.message_id, m.reference, 0 if honoured else each.message_id
            of_each += m.to, m.text, m.sender, m.parts, m.operator, arrives_at
    for start in range(0, len(of_each), ROWS_AT_ONCE * _OF_EACH):
        part = of_each[start : start + ROWS_AT_ONCE * _OF_EACH]
        rows = len(part) // _OF_EACH
        run.execute(_INSERT + ", ".join([_VALUES] * rows), of_all + part)
