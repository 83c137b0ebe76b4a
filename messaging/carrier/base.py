"""What the platform asks of a carrier, whoever it is.

A chunk of messages goes out, one answer per message comes back; receipts, and what people reply,
arrive later by the door. Each message carries our reference: the carrier accepts a reference once
and can be asked about it, which is what makes a retry safe. A failure says by its class what may be
done next. Pure: nothing of Django, no network, no clock. What there is one of for each message is
a Struct, which is made and read in C: a million pass through here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from messaging.carrier import fields

# The most messages of one chunk, and the most references of one look-up.
CHUNK_LIMIT = 500
OPERATOR_LENGTH = 40


class MessageClass(StrEnum):
    """Where the handset keeps the message (3GPP TS 23.038 clause 4)."""

    STANDARD = "standard"
    FLASH = "flash"
    SIM = "sim"


class Recipient(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One message of a chunk: our reference, the number in E.164, what it has of its own.

    None where text or sender are those of the chunk.
    """

    reference: str
    to: str
    text: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Up to CHUNK_LIMIT messages that differ only in recipient, text and sender.

    `sender` is "" when each recipient has its own. `clause` is appended to every text as it stands
    (with its line feed), "" is none. `validity` counts from acceptance: after it the carrier gives
    up and says so in a receipt.
    """

    sender: str
    text: str
    message_class: MessageClass
    clause: str
    validity: timedelta
    recipients: tuple[Recipient, ...]


class Refusal(StrEnum):
    """Why a message, or a whole chunk, was refused before acceptance. Nothing was sent."""

    NONE = ""
    NUMBER = "number"
    SENDER = "sender"
    DESTINATION = "destination"
    TEXT = "text"
    TOO_LONG = "too_long"
    VALIDITY = "validity"
    # The reference was accepted earlier with another content: that earlier message stands.
    REFERENCE_REUSED = "reference_reused"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    OTHER = "other"


class Answer(Struct, frozen=True, kw_only=True, gc=False):
    """What the carrier says of one reference: accepted, or refused for good.

    `carrier_id` is empty and `accepted_at` is None for a refusal, `code` is NONE for an
    acceptance. `accepted_at` is by the carrier's clock.
    """

    reference: str
    accepted: bool
    carrier_id: str
    code: Refusal
    accepted_at: datetime | None


class ReceiptState(StrEnum):
    """What a receipt reports. ACCEPTED and UNKNOWN are not final, the others are."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


FINAL_STATES = frozenset(
    {
        ReceiptState.DELIVERED,
        ReceiptState.FAILED,
        ReceiptState.EXPIRED,
        ReceiptState.REJECTED,
    }
)


class Cause(StrEnum):
    """Why a message did not arrive; NONE when it did or nothing is known."""

    NONE = ""
    ABSENT = "absent"
    FULL = "full"
    BARRED = "barred"
    BLOCKED = "blocked"
    INVALID_NUMBER = "invalid_number"
    INCAPABLE = "incapable"
    NO_CREDIT = "no_credit"
    SPAM = "spam"
    CONTENT = "content"
    NETWORK = "network"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> "Cause | None":
        """Take a carrier's new code for OTHER: it loses nothing."""
        return cls.OTHER if isinstance(value, str) and len(value) <= fields.CODE_LENGTH else None


class Receipt(Struct, frozen=True, kw_only=True, gc=False, rename={"carrier_id": "id"}):
    """One statement of a carrier about one message it accepted, as it is pushed.

    `billed` is False when the carrier rejected the message and does not charge for it; `at` is
    by the carrier's clock; `operator` is the name of the network, "" if the carrier is silent.
    An unknown state is malformed: we must not guess what is final.
    """

    carrier_id: fields.Id
    reference: Annotated[str, Meta(max_length=fields.ID_LENGTH)]
    state: ReceiptState
    code: Cause
    billed: bool
    operator: Annotated[str, Meta(max_length=OPERATOR_LENGTH)]
    at: fields.Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An SMS that a phone sent to one of our numbers, as the carrier brought it.

    `received_at` is by the carrier's clock. `phone` and `number` are as the carrier writes them.
    """

    carrier: str
    carrier_id: str
    phone: str
    number: str
    text: str
    received_at: datetime


class CarrierError(Exception):
    """A call to the carrier did not give answers; the subclass says what may be done."""


class NotHandedOver(CarrierError):
    """Nothing was written (refused connection, DNS, TLS, deadline): a retry is safe."""


class Throttled(CarrierError):
    """The carrier took nothing of the chunk and wants `retry_after` seconds of silence."""

    def __init__(self, retry_after: float) -> None:
        """Keep the seconds."""
        super().__init__(retry_after)
        self.retry_after = retry_after


class Unavailable(CarrierError):
    """The carrier said that it took nothing of the chunk for now: retry with growing pauses."""


class Misconfigured(CarrierError):
    """Our credentials or address are wrong: an alarm and a long pause; no message fails for it."""


class ChunkRefused(CarrierError):
    """The whole chunk is refused for good; `code` says why."""

    def __init__(self, code: Refusal) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


class OutcomeUnknown(CarrierError):
    """Written, but not completely answered: ask by reference before anything is sent again."""


class Carrier(Protocol):
    """A company that delivers SMS. Safe to share between threads."""

    def submit(self, chunk: Chunk, *, deadline: float) -> list[Answer]:
        """Hand over a chunk within `deadline` seconds in all; one answer each, in its order.

        Raises a CarrierError when there are no answers. A call that is too late to write
        writes nothing: a chunk never leaves after its deadline.
        """

    def look_up(self, references: Sequence[str], *, deadline: float) -> dict[str, Answer]:
        """Ask what became of references; those that the carrier does not know are absent.

        Whatever CarrierError it raises, the outcome of the references is still unknown.
        """

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        """Give the short numbers that messages may bear now. Raises a CarrierError."""
