"""What the carrier owes the platform: receipts and replies, each with a door of its own.

A feed knows what is due, how it is written for the door, and how a script spoils it. The pump
pushes whatever a feed gives it, and asks nothing else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from messaging.carrier.simulator.answers import Answers, Sent
from messaging.carrier.simulator.parcels import Parcel, Parcels, join
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

    def written(self, owed: Sequence[Due]) -> msgspec.Raw:
        """Write these the way the door reads them: a JSON list."""

    def ids(self, owed: Sequence[Due]) -> list[int]:
        """Name these, so that the same ones have the same name after a restart."""

    def distort(self, rows: list[dict[str, Any]], *, do: Deed) -> list[list[Any]]:
        """Give the pushes that a script makes of one."""


class Receipts:
    """Receipts, from the parcels."""

    name = "receipts"
    on = On.PUSH

    def __init__(self, *, parcels: Parcels) -> None:
        """Push what the parcels hold."""
        self.owed = parcels.owed
        self.next_due = parcels.next_due
        self.mark_taken = parcels.mark_taken
        self.put_off = parcels.put_off

    def written(self, owed: Sequence[Parcel]) -> msgspec.Raw:
        """Write receipts the way the door reads them."""
        return join(owed)

    def ids(self, owed: Sequence[Parcel]) -> list[int]:
        """Name them."""
        return [parcel.parcel_id for parcel in owed]

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

    def written(self, owed: Sequence[Sent]) -> msgspec.Raw:
        """Write replies the way the door reads them."""
        rows = [
            {
                "id": f"{self._book}-r{sent.reply_id}",
                "from": sent.phone,
                "to": sent.number,
                "text": sent.text,
                "received_at": sent.received_at,
            }
            for sent in owed
        ]
        return msgspec.Raw(msgspec.json.encode(rows))

    def ids(self, owed: Sequence[Sent]) -> list[int]:
        """Name them."""
        return [sent.reply_id for sent in owed]

    def distort(self, rows: list[dict[str, Any]], *, do: Deed) -> list[list[Any]]:
        """Spoil them."""
        return distort_replies(rows, do=do)
