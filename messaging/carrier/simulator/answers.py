"""What phones send: the SMS that answer those they show, and the time that passed for them.

A phone answers the number that an SMS came from. A name cannot be answered; to the number in its
clause one can send STOP and nothing else. Kept in the books, owed to the platform until it took
them. The moment is the carrier's, or later by what was let pass for the phone.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.carrier.simulator.file import BooksFile, stamp

# What the button of a phone lets pass.
PASSING = timedelta(hours=48)
_NUMBER = re.compile(r"\+?[0-9]{3,15}")
_CLAUSE_NUMBER = re.compile(r"[0-9]{3,8}")
# Characters of replies in one push, however many they are: it stays well below a megabyte.
PUSHED_AT_ONCE = 100_000


class NoSuchMessage(Exception):
    """The phone shows no message with this id."""


class NotAnswerable(Exception):
    """The sender is a name: nothing but STOP, to the number of its clause, finds a way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An SMS that a phone sent."""

    reply_id: int
    phone: str
    number: str
    text: str
    received_at: str


def number_to_answer(*, sender: str) -> str:
    """Give the number that an answer goes to, "" when the sender is a name."""
    return sender if _NUMBER.fullmatch(sender) else ""


def number_to_stop(*, sender: str, clause: str) -> str:
    """Give the number that STOP goes to: the clause's, else the sender's, "" when neither is."""
    found = _CLAUSE_NUMBER.search(clause)
    return found[0] if found else number_to_answer(sender=sender)


class Answers:
    """What phones sent and what of it is owed to the platform."""

    def __init__(self, *, file: BooksFile) -> None:
        """Write into an open file, which serves others too."""
        self._file = file

    def send(
        self,
        *,
        phone: str,
        message_id: int,
        text: str,
        key: str,
        at: datetime | None,
        now: datetime,
    ) -> Sent:
        """Answer an SMS that the phone shows; the same key again is the same SMS.

        `at` is the moment that the carrier is to stamp; None is now, or what was let pass later.
        NoSuchMessage, NotAnswerable, file.Busy.
        """
        with self._file.write() as run:
            number = _number_for(run, phone=phone, message_id=message_id, text=text, now=now)
            received_at = stamp(at or now + _take_ahead(run, phone, key=key))
            run.execute(
                "INSERT INTO reply (key, phone, number, text, received_at, due_at) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                [key, phone, number, text, received_at, stamp(now)],
            )
            return _read(run, "WHERE key = ?", [key])[0]

    def let_pass(self, *, phone: str) -> timedelta:
        """Have the next SMS of a phone stamped later. Asked twice it is no more."""
        with self._file.write() as run:
            run.execute(
                "INSERT INTO phone (number, ahead) VALUES (?, ?) "
                "ON CONFLICT (number) DO UPDATE SET ahead = excluded.ahead",
                [phone, int(PASSING.total_seconds())],
            )
        return PASSING

    def ahead(self, *, phone: str) -> timedelta:
        """Tell by how much the next SMS of a phone is stamped later."""
        with self._file.read() as run:
            return _ahead(run, phone)

    def sent_by(self, *, phone: str, at_most: int) -> list[Sent]:
        """Give what a phone sent, newest first."""
        with self._file.read() as run:
            return _read(run, "WHERE phone = ? ORDER BY id DESC LIMIT ?", [phone, at_most])

    def owed(self, *, now: datetime, at_most: int) -> list[Sent]:
        """Give what is due and nobody took yet, oldest first, up to what one push may hold."""
        with self._file.read() as run:
            found = _read(
                run,
                "WHERE taken_at IS NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?",
                [stamp(now), at_most],
            )
        room = PUSHED_AT_ONCE
        for place, sent in enumerate(found):
            room -= len(sent.text)
            if room < 0:
                return found[: max(place, 1)]
        return found

    def next_due(self) -> datetime | None:
        """Tell when the next one is due, None when none is owed."""
        with self._file.read() as run:
            row = run.execute("SELECT min(due_at) FROM reply WHERE taken_at IS NULL").fetchone()
        return datetime.fromisoformat(row[0]) if row[0] else None

    def mark_taken(self, *, owed: Sequence[Sent], now: datetime) -> None:
        """Note that they were taken: they are not told again."""
        self._note(owed, column="taken_at", moment=now)

    def put_off(self, *, owed: Sequence[Sent], until: datetime) -> None:
        """Push them later."""
        self._note(owed, column="due_at", moment=until)

    def _note(self, owed: Sequence[Sent], *, column: str, moment: datetime) -> None:
        with self._file.write() as run:
            run.execute(
                f"UPDATE reply SET {column} = ? WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608 (ours)
                [stamp(moment), json.dumps([sent.reply_id for sent in owed])],
            )


def _number_for(
    run: sqlite3.Connection, *, phone: str, message_id: int, text: str, now: datetime
) -> str:
    row = run.execute(
        "SELECT sender, clause FROM message WHERE id = ? AND recipient = ? AND arrives_at <= ?",
        [message_id, phone, stamp(now)],
    ).fetchone()
    if row is None:
        raise NoSuchMessage
    number = number_to_answer(sender=row[0])
    if not number and text.strip().upper().startswith("STOP"):
        number = number_to_stop(sender=row[0], clause=row[1])
    if not number:
        raise NotAnswerable
    return number


def _take_ahead(run: sqlite3.Connection, phone: str, *, key: str) -> timedelta:
    """Give what was let pass, once: only the next SMS is stamped later."""
    ahead = _ahead(run, phone)
    if ahead and not _read(run, "WHERE key = ?", [key]):
        run.execute("DELETE FROM phone WHERE number = ?", [phone])
    return ahead


def _ahead(run: sqlite3.Connection, phone: str) -> timedelta:
    row = run.execute("SELECT ahead FROM phone WHERE number = ?", [phone]).fetchone()
    return timedelta(seconds=row[0]) if row else timedelta(0)


def _read(run: sqlite3.Connection, which: str, values: Sequence[object]) -> list[Sent]:
    rows = run.execute(f"SELECT id, phone, number, text, received_at FROM reply {which}", values)  # noqa: S608 (ours)
    return [
        Sent(reply_id=row[0], phone=row[1], number=row[2], text=row[3], received_at=row[4])
        for row in rows
    ]
