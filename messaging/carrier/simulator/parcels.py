"""Parcels: receipts of one submission that are due together, written once the way they are pushed.

A receipt is a row of a parcel and nothing else, so that what a million of them cost is a few
thousand rows. A parcel is marked only after somebody took it: it may be told twice and is never
lost.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice
from sqlite3 import Connection
from typing import NamedTuple

import msgspec
from msgspec import Struct

from messaging.carrier.simulator.file import BooksFile, stamp
from messaging.carrier.simulator.intake import Offered

# The most receipts of a parcel.
LARGEST = 500
# Receipts are due at the next full step after their moment, so that neighbours share a parcel.
STEP = timedelta(milliseconds=100)


class Row(Struct, gc=False):
    """A receipt the way the door reads it."""

    id: str
    reference: str
    state: str
    code: str
    billed: bool
    operator: str
    at: str


class Accepted(Struct, gc=False):
    """A message that was entered, with its numbers."""

    message_id: int
    carrier_id: str
    message: Offered


class Parcel(NamedTuple):
    """Receipts to be told: a JSON list."""

    parcel_id: int
    receipts: int
    content: bytes


class Parcels:
    """What is owed of receipts."""

    def __init__(self, *, file: BooksFile) -> None:
        """Read and mark in an open file."""
        self._file = file

    def owed(self, *, now: datetime, at_most: int) -> list[Parcel]:
        """Give parcels that are due and that nobody took yet, oldest first.

        They hold `at_most` receipts in all, unless the first has more.
        """
        with self._file.read() as run:
            # Read no further than they fit: thousands may be due while the door is slow.
            due = run.execute(
                "SELECT id, receipts FROM parcel WHERE taken_at IS NULL AND due_at <= ? "
                "ORDER BY due_at, id",
                [stamp(now)],
            )
            return [
                Parcel(parcel_id, receipts, *self._content(run, parcel_id))
                for parcel_id, receipts in _fitting(due, at_most=at_most)
            ]

    def next_due(self) -> datetime | None:
        """Tell when the next parcel is due, None when none is owed."""
        with self._file.read() as run:
            row = run.execute("SELECT min(due_at) FROM parcel WHERE taken_at IS NULL").fetchone()
        return datetime.fromisoformat(row[0]) if row[0] else None

    def mark_taken(self, *, owed: Sequence[Parcel], now: datetime) -> None:
        """Note that parcels were taken: they are not told again."""
        self._note(owed, column="taken_at", moment=now)

    def put_off(self, *, owed: Sequence[Parcel], until: datetime) -> None:
        """Tell parcels later."""
        self._note(owed, column="due_at", moment=until)

    def _content(self, run: Connection, parcel_id: int) -> tuple[bytes]:
        [row] = run.execute("SELECT content FROM parcel_content WHERE parcel_id = ?", [parcel_id])
        content: tuple[bytes] = row
        return content

    def _note(self, owed: Sequence[Parcel], *, column: str, moment: datetime) -> None:
        with self._file.write() as run:
            run.execute(
                f"UPDATE parcel SET {column} = ? WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608 (ours)
                [stamp(moment), json.dumps([parcel.parcel_id for parcel in owed])],
            )


def pack(run: Connection, accepted: Iterable[Accepted], *, now: datetime) -> None:
    """Enter all receipts that are owed for what was accepted now."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    # Many have the same moment, and writing one is slow.
    for plan, group in groupby(accepted, key=lambda each: each.message.plan):
        told = list(group)
        for r in plan.receipts:
            at = stamp(now + r.at)
            rows[stamp(now + -(-r.due // STEP) * STEP)] += [
                Row(
                    each.carrier_id,
                    each.message.reference,
                    r.state,
                    r.code,
                    r.billed,
                    each.message.operator,
                    at,
                )
                for each in told
            ]
    for due_at, found in rows.items():
        for part in _parts(found):
            parcel = run.execute(
                "INSERT INTO parcel (due_at, receipts) VALUES (?, ?)", [due_at, len(part)]
            )
            run.execute(
                "INSERT INTO parcel_content (parcel_id, content) VALUES (?, ?)",
                [parcel.lastrowid, msgspec.json.encode(part)],
            )


def join(parcels: Iterable[Parcel]) -> msgspec.Raw:
    """Make one JSON list of those of several parcels."""
    return msgspec.Raw(b"[" + b",".join(parcel.content[1:-1] for parcel in parcels) + b"]")


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    stream = iter(rows)
    while part := list(islice(stream, LARGEST)):
        yield part


def _fitting(due: Iterable[tuple[int, int]], *, at_most: int) -> Iterator[tuple[int, int]]:
    """Give the first ones that go into one push, and one in any case."""
    room = at_most
    for place, (parcel_id, receipts) in enumerate(due):
        room -= receipts
        if room < 0 and place:
            return
        yield parcel_id, receipts
