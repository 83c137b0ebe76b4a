"""The books: append-only, committed before the answer, never half a chunk."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from messaging.carrier.simulator.books import ROWS_AT_ONCE
from messaging.carrier.simulator.desk import Desk
from messaging.carrier.simulator.file import BooksFile, Busy, stamp
from tests.messaging.carrier.scene import AT_ONCE

NOON = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[4]

# Enters chunk after chunk, and says so after each, until it is killed.
APPENDER = """
import itertools, json, sys
from datetime import UTC, datetime, timedelta
from messaging.carrier.simulator.desk import Desk
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.outcomes import Terms

file = BooksFile(path=sys.argv[1])
desk = Desk(
    file=file,
    terms=Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0),
    honours_references=True,
    clock=lambda: datetime.now(UTC),
)
for chunk in itertools.count():
    messages = [
        {"reference": f"{chunk}:{at}", "to": f"+336{at:06d}00"} for at in range(500)
    ]
    frame = {"sender": "A", "text": "Hi", "class": "standard", "clause": "", "validity": 60}
    desk.submit(json.dumps(frame | {"messages": messages}).encode())
    print(chunk, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.sqlite3"


@pytest.fixture
def file(path: Path) -> Iterator[BooksFile]:
    opened = BooksFile(path=path)
    yield opened
    opened.close()


def submit(
    file: BooksFile,
    *,
    references: list[str],
    honours: bool = True,
    text: str = "Hi",
    last_to: str = "+33612345678",
) -> list[Any]:
    """Submit a message under each reference; give the answers."""
    desk = Desk(
        file=file,
        terms=AT_ONCE,
        honours_references=honours,
        clock=lambda: NOON,
    )
    messages = [{"reference": reference, "to": "+33612345678"} for reference in references]
    messages[-1]["to"] = last_to
    frame = {"sender": "A", "text": text, "class": "standard", "clause": "", "validity": 60}
    said = desk.submit(json.dumps(frame | {"messages": messages}).encode())
    return list(msgspec.to_builtins(said)["answers"])


def entered(file: BooksFile) -> list[tuple[int, str]]:
    with file.read() as run:
        return run.execute("SELECT id, reference FROM message ORDER BY id").fetchall()


@pytest.mark.parametrize(
    "statement", ["UPDATE message SET text = 'x'", "DELETE FROM message"], ids=["change", "delete"]
)
def test_books_refuse_to_be_rewritten(file: BooksFile, statement: str) -> None:
    submit(file, references=["a"])

    with pytest.raises(sqlite3.IntegrityError), file.write() as run:
        run.execute(statement)


def test_books_are_kept_in_wal(file: BooksFile) -> None:
    with file.read() as run:
        assert run.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_failed_is_rolled_back_and_the_books_go_on(file: BooksFile) -> None:
    with pytest.raises(sqlite3.IntegrityError), file.write() as run:
        run.executemany("INSERT INTO book VALUES (?)", [["x"], [None]])

    submit(file, references=["a"])

    with file.read() as run:
        assert run.execute("SELECT count(*) FROM book").fetchone() == (1,)


def test_books_that_somebody_else_writes_are_busy(file: BooksFile, path: Path) -> None:
    with file.read() as run:
        run.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Busy):
        submit(file, references=["a"])

    other.close()
    submit(file, references=["a"])


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 2 * ROWS_AT_ONCE + 7])
def test_every_message_is_entered_in_its_order(file: BooksFile, count: int) -> None:
    references = [f"r:{at}" for at in range(count)]

    said = submit(file, references=references)

    assert entered(file) == list(enumerate(references, 1))
    assert [answer["id"] for answer in said] == [f"{file.name}-{at}" for at in range(1, count + 1)]


def test_an_entry_holds_all_that_was_submitted(file: BooksFile) -> None:
    submit(file, references=["a"])

    with file.read() as run:
        assert run.execute("SELECT * FROM message").fetchall() == [
            (1, "a", 0, "+33612345678", "A", "Hi", "standard", "", 60, 1, "SFR", stamp(NOON),
             stamp(NOON))
        ]  # fmt: skip


def test_of_a_chunk_that_is_known_in_part_the_rest_is_entered(file: BooksFile) -> None:
    many = [f"r:{at}" for at in range(2 * ROWS_AT_ONCE)]
    first = submit(file, references=["b", "c"])

    said = submit(file, references=["a", "b", *many, "c", "d"])

    assert [said[1], said[-2]] == first
    assert entered(file) == list(enumerate(["b", "c", "a", *many, "d"], 1))


def test_a_reference_that_comes_twice_in_a_chunk_is_entered_once(file: BooksFile) -> None:
    first, other, again = submit(file, references=["a", "b", "a"])

    assert first == again != other
    assert entered(file) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("known", [[], ["a"]], ids=["in the same chunk", "before"])
def test_a_used_reference_comes_before_a_number_that_is_refused(
    file: BooksFile, known: list[str]
) -> None:
    submit(file, references=[*known, "b"])

    said = submit(file, references=["a", "a"], last_to="+33612349989")
    [new] = submit(file, references=["c"], last_to="+33612349989")

    assert said[0]["accepted"]
    assert (said[1]["code"], new["code"]) == ("reference_reused", "number")


def test_receipts_are_owed_once_for_what_was_entered_once(file: BooksFile) -> None:
    submit(file, references=["a", "b"])
    submit(file, references=["a", "b", "c"])

    with file.read() as run:
        assert run.execute("SELECT sum(receipts) FROM parcel").fetchone() == (3,)


def test_what_was_entered_without_honouring_references_is_known_once_they_are(
    file: BooksFile,
) -> None:
    twice = submit(file, references=["a"], honours=False)
    twice += submit(file, references=["a"], honours=False)

    again = submit(file, references=["a", "b"])
    [other] = submit(file, references=["a"], text="Ho")

    assert entered(file) == [(1, "a"), (2, "a"), (3, "b")]
    assert again[0] == twice[0] != twice[1]
    assert other["code"] == "reference_reused"


def test_two_books_have_two_names_and_keep_them(path: Path, file: BooksFile) -> None:
    again = BooksFile(path=path)
    other = BooksFile(path=":memory:")

    assert again.name == file.name != other.name

    again.close()
    other.close()


def test_moments_sort_as_text() -> None:
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1)]

    assert sorted(map(stamp, moments)) == [stamp(moment) for moment in moments]


def test_kill_in_the_middle_leaves_whole_chunks_and_all_that_was_answered(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as appender:
        assert appender.stdout is not None
        answered = [int(appender.stdout.readline()) for _ in range(5)]
        appender.kill()
        answered += [int(line) for line in appender.stdout.read().split()]

    file = BooksFile(path=path)
    with file.read() as run:
        chunks = dict(
            run.execute(
                "SELECT CAST(substr(reference, 1, instr(reference, ':')) AS INTEGER), count(*) "
                "FROM message GROUP BY 1"
            )
        )
        receipts = run.execute("SELECT sum(receipts) FROM parcel").fetchone()[0]
    file.close()

    assert set(chunks.values()) == {500}
    assert set(answered) <= set(chunks)
    assert receipts == 500 * len(chunks)
    assert json.dumps(sorted(chunks)) == json.dumps(list(range(len(chunks))))
