"""The file of the books: one SQLite file in WAL mode, one connection, one thread in it at a time.

Rows of `message` are never changed or deleted, which triggers enforce. What is committed survives
whatever ends the process. A loss of power may take the last moments: that is not rehearsed here,
and waiting for the disk took half the time of a submission. Moments are ISO 8601 in UTC with
microseconds, so that text order is time order.
"""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS book (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL,
    -- 0; the id where references were not honoured, so that it may be there before.
    copy INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    class TEXT NOT NULL,
    clause TEXT NOT NULL,
    validity INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    operator TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    -- When the phone shows it; NULL: never.
    arrives_at TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS message_once ON message (reference, copy);
-- Whether there are any at all.
CREATE INDEX IF NOT EXISTS message_copy ON message (id) WHERE copy > 0;
-- No index by phone: five hundred entries in as many places would be most of what a commit writes.
-- Receipts of one submission that are due together.
CREATE TABLE IF NOT EXISTS parcel (
    id INTEGER PRIMARY KEY,
    due_at TEXT NOT NULL,
    receipts INTEGER NOT NULL,
    taken_at TEXT
);
-- What is pushed of them: apart, since whatever changes in a row has all of the row written anew.
CREATE TABLE IF NOT EXISTS parcel_content (
    parcel_id INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS parcel_due ON parcel (due_at, id) WHERE taken_at IS NULL;
CREATE TABLE IF NOT EXISTS reply (
    id INTEGER PRIMARY KEY,
    -- Drawn by whoever holds the phone: pressed twice is sent once.
    key TEXT NOT NULL UNIQUE,
    phone TEXT NOT NULL,
    number TEXT NOT NULL,
    text TEXT NOT NULL,
    received_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    taken_at TEXT
);
CREATE INDEX IF NOT EXISTS reply_due ON reply (due_at, id) WHERE taken_at IS NULL;
CREATE INDEX IF NOT EXISTS reply_phone ON reply (phone, id);
-- Phones for which time passed: their next SMS is stamped so many seconds later.
CREATE TABLE IF NOT EXISTS phone (number TEXT PRIMARY KEY, ahead INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS message_unchanged BEFORE UPDATE ON message
    BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;
CREATE TRIGGER IF NOT EXISTS message_kept BEFORE DELETE ON message
    BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;
"""


class Busy(Exception):
    """The books could not be opened for writing: nothing was written."""


def stamp(moment: datetime) -> str:
    """Write a moment the way the books do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class BooksFile:
    """The open file. `name` is drawn once per file: numbers of two books never look alike."""

    def __init__(self, *, path: Path | str) -> None:
        """Open the books, and make them if there are none. ":memory:" lives as long as this."""
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=30, isolation_level=None, check_same_thread=False
        )
        # Four times the usual: a quarter less work, since a submission writes 200 KB in few places.
        self._connection.execute("PRAGMA page_size = 16384")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        with self.write() as run:
            run.execute(
                "INSERT INTO book SELECT ? WHERE NOT EXISTS (SELECT * FROM book)",
                [secrets.token_hex(4)],
            )
            self.name: str = run.execute("SELECT name FROM book").fetchone()[0]
            _part_parcels(run)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._connection.close()

    def carrier_id(self, message_id: int) -> str:
        """Write the carrier's number of a message."""
        return f"{self.name}-{message_id}"

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Read what is committed."""
        with self._lock:
            yield self._connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Write all of the block or nothing. Busy when another process writes for too long."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as exc:
                raise Busy from exc
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def _part_parcels(run: sqlite3.Connection) -> None:
    """Part the rows of parcels from their contents, in books of an older carrier."""
    if run.execute("SELECT 1 FROM pragma_table_info('parcel') WHERE name = 'content'").fetchone():
        run.execute("INSERT INTO parcel_content SELECT id, content FROM parcel")
        run.execute("ALTER TABLE parcel DROP COLUMN content")
