"""Reading a submission with care: what the carrier takes, what it refuses message by message.

The chunk is refused whole when its frame is wrong (ChunkRefused has the status and the code);
a wrong message is refused alone. It takes sender, class, clause and validity as the wire would:
the clause is part of the text that is counted. What is in order is read faster by `ordinary`.
Pure: no books, no clock.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from messaging.carrier.simulator.numbers import may_send
from messaging.carrier.simulator.operators import operator_of
from messaging.carrier.simulator.outcomes import Plan, Terms, planner
from messaging.carrier.simulator.sizes import count_parts

MESSAGES_LIMIT = 500
REFERENCE_LENGTH = 64
# 3GPP TS 23.040: a sender has 11 characters, or 15 digits and a plus.
SENDER_LENGTH = 16
PARTS_LIMIT = 255
CLASSES = frozenset({"standard", "flash", "sim"})
# The longest validity that the wire can express: 63 weeks (TP-VP, TS 23.040 9.2.3.12).
LONGEST_VALIDITY = 63 * 7 * 24 * 3600
_SURROGATE = re.compile("[\ud800-\udfff]")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class ChunkRefused(Exception):
    """The chunk is refused as a whole."""

    def __init__(self, *, status: int, code: str) -> None:
        """Keep the HTTP status and the code."""
        super().__init__(status, code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the messages of a chunk have in common; `lifetime` is their validity."""

    sender: str
    text: str
    message_class: str
    clause: str
    validity: int
    lifetime: timedelta


class Offered(Struct, frozen=True, gc=False):
    """One message as the books would take it; refused when its plan says so."""

    reference: str
    to: str
    sender: str
    text: str
    parts: int
    operator: str
    plan: Plan


def read_json(body: bytes) -> Any:
    """Read the JSON of a request. ValueError."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        # Stricter than the library: a lone surrogate is the matter of the message that has it.
        return json.loads(body)
    except RecursionError as exc:
        raise ValueError("too deep") from exc


def read_chunk(body: bytes, *, terms: Terms) -> tuple[Frame, list[Offered]]:
    """Read the body of a submission. ChunkRefused."""
    content = _read_body(body)
    if not isinstance(content, dict) or not isinstance(content.get("messages"), list):
        raise ChunkRefused(status=400, code="malformed")
    messages = content["messages"]
    if not messages:
        raise ChunkRefused(status=400, code="malformed")
    if len(messages) > MESSAGES_LIMIT:
        raise ChunkRefused(status=413, code="too_large")
    has_own = all(isinstance(row, dict) and "sender" in row for row in messages)
    frame = _read_frame(content, needs_sender=not has_own)
    plan = planner(validity=frame.lifetime, terms=terms)
    return frame, [_read_message(row, frame=frame, plan=plan) for row in messages]


def read_references(body: bytes) -> list[str]:
    """Read the body of a look-up. ChunkRefused."""
    content = _read_body(body)
    references = content.get("references") if isinstance(content, dict) else None
    if not isinstance(references, list) or not all(_is_reference(r) for r in references):
        raise ChunkRefused(status=400, code="malformed")
    if len(references) > MESSAGES_LIMIT:
        raise ChunkRefused(status=413, code="too_large")
    return references


def _read_body(body: bytes) -> Any:
    try:
        return read_json(body)
    except ValueError as exc:
        raise ChunkRefused(status=400, code="malformed") from exc


def _read_frame(content: Mapping[str, Any], *, needs_sender: bool) -> Frame:
    sender, clause, text = content.get("sender", ""), content.get("clause"), content.get("text")
    message_class, validity = content.get("class"), content.get("validity")
    if not _is_sender(sender) and (needs_sender or sender != ""):
        raise ChunkRefused(status=422, code="sender")
    if not is_storable(clause) or not is_storable(text):
        raise ChunkRefused(status=422, code="text")
    if type(validity) is not int or not 0 < validity <= LONGEST_VALIDITY:
        raise ChunkRefused(status=422, code="validity")
    if message_class not in CLASSES:
        raise ChunkRefused(status=400, code="malformed")
    return Frame(
        sender=str(sender),
        text=str(text),
        message_class=str(message_class),
        clause=str(clause),
        validity=validity,
        lifetime=timedelta(seconds=validity),
    )


def _read_message(row: Any, *, frame: Frame, plan: Callable[[str], Plan]) -> Offered:
    """Read one message; without a usable reference nobody could be answered, so all is refused."""
    if not isinstance(row, dict) or not _is_reference(row.get("reference")):
        raise ChunkRefused(status=400, code="malformed")
    to, text = row.get("to"), row.get("text", frame.text)
    sender = row.get("sender", frame.sender)
    refusal, parts = "", 0
    if not isinstance(to, str) or not NUMBER.fullmatch(to):
        refusal, to = "number", ""
    if not _is_sender(sender) or not may_send(sender):
        refusal, sender = refusal or "sender", ""
    if not is_storable(text) or not text:
        refusal, text = refusal or "text", ""
    else:
        parts = count_parts(text + frame.clause)
        refusal = refusal or ("too_long" if parts > PARTS_LIMIT else "")
    planned = Plan(refusal=refusal, arrives=None, receipts=()) if refusal else plan(to)
    return Offered(row["reference"], to, sender, text, parts, operator_of(to), planned)


def _is_sender(value: Any) -> bool:
    return is_storable(value) and 0 < len(value) <= SENDER_LENGTH


def _is_reference(value: Any) -> bool:
    return is_storable(value) and 0 < len(value) <= REFERENCE_LENGTH


def is_storable(value: Any) -> bool:
    """Tell whether it is a text without NUL and lone surrogates; SQLite would hide the one."""
    if not isinstance(value, str) or "\0" in value:
        return False
    return value.isascii() or not _SURROGATE.search(value)
