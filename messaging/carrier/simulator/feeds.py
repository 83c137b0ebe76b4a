"""What the carrier owes the platform: receipts and replies, each with a door of its own.

A feed knows what is due, how it is written for the door, and how a script spoils it. The pump
pushes whatever a feed gives it, and asks nothing else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from messaging.carrier.simulator.answers import Answers, Sent
from messaging.carrier.simulator.books import Books, Owed
from messaging.carrier.simulator.desk import carrier_id
from messaging.carrier.simulator.script import Deed, On
from messaging.carrier.simulator.spoiled import distort_receipts, distort_replies

Due = TypeVar("Due")


class Feed(Protocol[Due]):
    """One kind of thing that is owed; `name` is how the door calls a list of it."""

    name: str
    on: On

    def owed(self, *, now: datetime, at_most: int) -> list[Due]:
        """Give what is due and was not taken, oldest first."""

    def next_due(self) -> datetime | None:
        """Tell when the next is due, None when nothing is owed."""

    def mark_taken(self, *, owed: Sequence[Due], now: datetime) -> None:
        """Note that these were taken."""

    def put_off(self, *, owed: Sequence[Due], until: datetime) -> None:
        """Let these be due later."""

    def rows(self, owed: Sequence[Due]) -> list[dict[str, Any]]:
        """Write these the way the door reads them."""

    def ids(self, owed: Sequence[Due]) -> list[int]:
        """Name these, so that the same ones have the same name after a restart."""

    def distort(self, rows: list[dict[str, Any]], *, do: Deed) -> list[list[Any]]:
        """Give the pushes that a script makes of one."""


class Receipts:
    """Receipts, from the books."""

    name = "receipts"
    on = On.PUSH

    def __init__(self, *, books: Books, book: str) -> None:
        """`book` begins every number that the carrier gives to a message."""
        self._book = book
        self.owed = books.owed
        self.next_due = books.next_due
        self.mark_taken = books.mark_taken
        self.put_off = books.put_off

    def rows(self, owed: Sequence[Owed]) -> list[dict[str, Any]]:
        """Write receipts the way the door reads them."""
        return [
            {
                "id": carrier_id(book=self._book, message_id=o.message_id),
                "reference": o.reference,
                "state": o.state,
                "code": o.code,
                "billed": bool(o.billed),
                "operator": o.operator,
                "at": o.at,
            }
            for o in owed
        ]

    def ids(self, owed: Sequence[Owed]) -> list[int]:
        """Name them."""
        return [o.receipt_id for o in owed]

    def distort(self, rows: list[dict[str, Any]], *, do: Deed) -> list[list[Any]]:
        """Spoil them."""
        return distort_receipts(rows, do=do)


class Replies:
    """Replies, from what the phones sent."""

    name = "replies"
    on = On.REPLY

    def __init__(self, *, answers: Answers, book: str) -> None:
        """`book` begins every number that the carrier gives to a reply."""
        self._book = book
        self.owed = answers.owed
        self.next_due = answers.next_due
        self.mark_taken = answers.mark_taken
        self.put_off = answers.put_off

    def rows(self, owed: Sequence[Sent]) -> list[dict[str, Any]]:
        """Write replies the way the door reads them."""
        return [
            {
                "id": f"{self._book}-r{sent.reply_id}",
                "from": sent.phone,
                "to": sent.number,
                "text": sent.text,
                "received_at": sent.received_at,
            }
            for sent in owed
        ]

    def ids(self, owed: Sequence[Sent]) -> list[int]:
        """Name them."""
        return [sent.reply_id for sent in owed]

    def distort(self, rows: list[dict[str, Any]], *, do: Deed) -> list[list[Any]]:
        """Spoil them."""
        return distort_replies(rows, do=do)
