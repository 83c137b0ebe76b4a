"""What the phones show: the messages that arrived, as their owners would see them.

Reads the books, changes nothing. A message that is on its way, or never arrives, is not here.
"""

from dataclasses import dataclass
from datetime import datetime

from messaging.carrier.simulator.answers import number_to_answer, number_to_stop
from messaging.carrier.simulator.file import BooksFile, stamp

# How far back one phone is looked for, message by message: some 20 milliseconds.
MEMORY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as a phone shows it; the text has its clause.

    `answer_to` and `stop_to` are the numbers that an answer and STOP go to, "" for none.
    """

    message_id: int
    reference: str
    sender: str
    text: str
    message_class: str
    parts: int
    arrived_at: str
    answer_to: str
    stop_to: str


def shown_on(*, file: BooksFile, number: str, now: datetime, at_most: int) -> list[Shown]:
    """Give what a phone shows of the last MEMORY messages of all phones, newest first."""
    with file.read() as run:
        rows = run.execute(
            "SELECT id, reference, sender, text || clause, class, parts, arrives_at, clause "
            "FROM message WHERE id > (SELECT max(id) - ? FROM message) "
            "AND recipient = ? AND arrives_at <= ? ORDER BY id DESC LIMIT ?",
            [MEMORY, number, stamp(now), at_most],
        ).fetchall()
    rows.sort(key=lambda row: (row[6], row[0]), reverse=True)
    return [
        Shown(
            message_id=row[0],
            reference=row[1],
            sender=row[2],
            text=row[3],
            message_class=row[4],
            parts=row[5],
            arrived_at=row[6],
            answer_to=number_to_answer(sender=row[2]),
            stop_to=number_to_stop(sender=row[2], clause=row[7]),
        )
        for row in rows
    ]


def phones(*, file: BooksFile, now: datetime, at_most: int) -> list[tuple[str, str]]:
    """Give the phones that showed something lately, with the moment, newest first.

    Looks at the last 5,000 messages, so that it stays quick however thick the books are.
    """
    with file.read() as run:
        return run.execute(
            "SELECT recipient, max(arrives_at) AS last FROM "
            "(SELECT recipient, arrives_at FROM message ORDER BY id DESC LIMIT 5000) "
            "WHERE arrives_at <= ? GROUP BY recipient ORDER BY last DESC LIMIT ?",
            [stamp(now), at_most],
        ).fetchall()
