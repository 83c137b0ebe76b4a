"""Receipts that are due together lie together, and stay owed until they are marked."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from messaging.carrier.simulator import parcels
from messaging.carrier.simulator.file import BooksFile, stamp
from messaging.carrier.simulator.intake import Offered
from messaging.carrier.simulator.outcomes import Plan, Terms, planner
from messaging.carrier.simulator.parcels import Accepted, Parcels, join, pack

NOON = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def file() -> Iterator[BooksFile]:
    opened = BooksFile(path=":memory:")
    yield opened
    opened.close()


def planned(number: str, *, shortest: timedelta, longest: timedelta) -> Plan:
    terms = Terms(seed=1, shortest=shortest, longest=longest, failures_percent=0)
    return planner(validity=timedelta(days=2), terms=terms)(number)


def accept(
    file: BooksFile,
    *numbers: str,
    shortest: timedelta = timedelta(0),
    longest: timedelta = timedelta(0),
) -> None:
    """Enter what is owed for a message to each number; its place is its reference."""
    plans = [planned(number, shortest=shortest, longest=longest) for number in numbers]
    accepted = [
        Accepted(at, f"b-{at}", Offered(str(at), "", "ACME", "Hi", 1, "Orange", plan))
        for at, plan in enumerate(plans)
    ]
    with file.write() as run:
        pack(run, accepted, now=NOON)


def references(found: list[parcels.Parcel]) -> list[str]:
    return [row["reference"] for row in json.loads(bytes(join(found)))]


def test_receipts_are_written_as_the_door_reads_them(file: BooksFile) -> None:
    accept(file, "+33612345678", shortest=2 * SECOND, longest=2 * SECOND)

    [parcel] = Parcels(file=file).owed(now=NOON + 2 * SECOND, at_most=9)

    assert json.loads(parcel.content) == [
        {
            "id": "b-0",
            "reference": "0",
            "state": "delivered",
            "code": "",
            "billed": True,
            "operator": "Orange",
            "at": "2027-03-02T12:00:02.000000+00:00",
        }
    ]


def test_parcels_stay_owed_until_they_are_marked(
    file: BooksFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "LARGEST", 2)
    accept(file, *["+33612345678"] * 5)
    owed = Parcels(file=file)

    first = owed.owed(now=NOON, at_most=4)
    again = owed.owed(now=NOON, at_most=4)
    owed.mark_taken(owed=first, now=NOON)

    assert again == first
    assert references(first) == ["0", "1", "2", "3"]
    assert references(owed.owed(now=NOON, at_most=4)) == ["4"]
    assert owed.next_due() == NOON


def test_a_parcel_larger_than_a_push_goes_alone(file: BooksFile) -> None:
    accept(file, *["+33612345678"] * 3)
    accept(file, *["+33612345678"] * 3)

    assert len(Parcels(file=file).owed(now=NOON, at_most=2)) == 1


def test_nothing_is_told_before_its_moment_and_little_after(file: BooksFile) -> None:
    numbers = [f"+3361234{at:04d}" for at in range(300)]
    accept(file, *numbers, shortest=SECOND, longest=5 * SECOND)
    owed = Parcels(file=file)
    told: set[str] = set()

    for tenths in range(10, 52):
        now = NOON + tenths * SECOND / 10
        found = owed.owed(now=now, at_most=300)
        owed.mark_taken(owed=found, now=now)
        rows = json.loads(bytes(join(found)))
        told |= {row["reference"] for row in rows}
        for row in rows:
            late = now - datetime.fromisoformat(row["at"])
            assert timedelta(0) <= late <= parcels.STEP
    assert len(told) == 300


def test_what_was_put_off_is_due_later(file: BooksFile) -> None:
    accept(file, "+33612345678")
    owed = Parcels(file=file)

    owed.put_off(owed=owed.owed(now=NOON, at_most=9), until=NOON + SECOND)

    assert owed.owed(now=NOON, at_most=9) == []
    assert references(owed.owed(now=NOON + SECOND, at_most=9)) == ["0"]


def test_parcels_of_an_older_carrier_are_told(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite3"
    older = sqlite3.connect(path)
    older.executescript(
        "CREATE TABLE parcel (id INTEGER PRIMARY KEY, due_at TEXT NOT NULL, "
        "receipts INTEGER NOT NULL, content BLOB NOT NULL, taken_at TEXT)"
    )
    older.executemany(
        "INSERT INTO parcel VALUES (?, ?, 1, ?, ?)",
        [(1, stamp(NOON), b'[{"reference":"a"}]', stamp(NOON)),
         (2, stamp(NOON), b'[{"reference":"b"}]', None)],
    )  # fmt: skip
    older.commit()
    older.close()

    file = BooksFile(path=path)
    accept(file, "+33612345678")
    owed = Parcels(file=file).owed(now=NOON, at_most=9)
    file.close()

    assert references(owed) == ["b", "0"]


def test_a_message_without_receipts_owes_none(file: BooksFile) -> None:
    accept(file, "+33612349993")

    assert Parcels(file=file).next_due() is None
