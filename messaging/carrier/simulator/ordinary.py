"""Reading an ordinary submission: one in which nothing is to be refused for how it is written.

Nearly all are, and for thousands of messages a second the careful reading (`intake`) takes longer
than all else that is done for them. What is checked once for all is checked once; the rest by
msgspec while it reads. Whatever is not as it should be, or as it usually is, is NotOrdinary and
left to `intake`: no code of a refusal is chosen here. Pure.
"""

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from messaging.carrier.simulator.intake import (
    LONGEST_VALIDITY,
    MESSAGES_LIMIT,
    NUMBER,
    PARTS_LIMIT,
    REFERENCE_LENGTH,
    SENDER_LENGTH,
    Frame,
    Offered,
)
from messaging.carrier.simulator.numbers import may_send
from messaging.carrier.simulator.operators import operators_of
from messaging.carrier.simulator.outcomes import Terms, planner
from messaging.carrier.simulator.sizes import count_parts_of_each


class NotOrdinary(Exception):
    """Something of the submission has to be looked at closely."""


class _Message(Struct, forbid_unknown_fields=True, gc=False):
    """A message; "" where text or sender are those of the chunk."""

    reference: Annotated[str, Meta(min_length=1, max_length=REFERENCE_LENGTH)]
    to: str
    text: Annotated[str, Meta(min_length=1)] = ""
    sender: Annotated[str, Meta(min_length=1, max_length=SENDER_LENGTH)] = ""


class _Submission(Struct, forbid_unknown_fields=True, rename={"message_class": "class"}):
    text: str
    message_class: Literal["standard", "flash", "sim"]
    clause: str
    validity: Annotated[int, Meta(gt=0, le=LONGEST_VALIDITY)]
    messages: Annotated[list[_Message], Meta(min_length=1, max_length=MESSAGES_LIMIT)]
    sender: Annotated[str, Meta(max_length=SENDER_LENGTH)] = ""


_SUBMISSION = msgspec.json.Decoder(_Submission)


def read_chunk(body: bytes, *, terms: Terms) -> tuple[Frame, list[Offered]]:
    """Read the body of a submission. NotOrdinary."""
    # An escaped NUL is the only way to write one; most has no escape at all, which is soon seen.
    if b"\\" in body and b"\\u0000" in body:
        raise NotOrdinary
    try:
        read = _SUBMISSION.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise NotOrdinary from exc
    senders = {message.sender or read.sender for message in read.messages}
    if not all(sender and may_send(sender) for sender in senders):
        raise NotOrdinary
    frame = Frame(
        sender=read.sender,
        text=read.text,
        message_class=read.message_class,
        clause=read.clause,
        validity=read.validity,
        lifetime=timedelta(seconds=read.validity),
    )
    return frame, _offer(read.messages, frame=frame, terms=terms)


def _offer(messages: list[_Message], *, frame: Frame, terms: Terms) -> list[Offered]:
    numbers = [m.to for m in messages]
    texts = [m.text or frame.text for m in messages]
    parts = count_parts_of_each(texts, clause=frame.clause)
    if max(parts) > PARTS_LIMIT or not all(texts) or not all(map(NUMBER.fullmatch, numbers)):
        raise NotOrdinary
    plans = map(planner(validity=frame.lifetime, terms=terms), numbers)
    of_each = zip(messages, texts, parts, operators_of(numbers), plans, strict=True)
    return [
        Offered(m.reference, m.to, m.sender or frame.sender, text, part_count, operator, plan)
        for m, text, part_count, operator, plan in of_each
    ]
