"""Chunks and answers as JSON, the way docs/carrier.md has them.

One place for the shape of what is said to a carrier and of what it answers, for every carrier
that speaks our contract. Pure: no network.
"""

import json
from collections.abc import Sequence
from datetime import UTC

import msgspec
from msgspec import Struct

from messaging.carrier import base, fields


class _Submission(Struct, rename={"message_class": "class"}):
    sender: str
    text: str
    message_class: base.MessageClass
    clause: str
    validity: int
    messages: tuple[base.Recipient, ...]


class _Row(Struct):
    """What is said of one reference: `id` and `accepted_at`, or `code`."""

    reference: fields.Id
    accepted: bool
    id: fields.Id | None = None
    accepted_at: fields.Moment | None = None
    code: fields.Code | None = None


class _Answers(Struct):
    answers: list[_Row]


class _Accepted(base.Answer, frozen=True, kw_only=True, gc=False, rename={"carrier_id": "id"}):
    """An acceptance, read as it is used: nearly all answers are."""

    reference: fields.Id
    carrier_id: fields.Id
    accepted_at: fields.Moment
    code: base.Refusal = base.Refusal.NONE


class _Acceptances(Struct):
    answers: list[_Accepted]


class _Numbers(Struct):
    numbers: list[fields.Id]


_ANSWERS = msgspec.json.Decoder(_Answers)
_ACCEPTANCES = msgspec.json.Decoder(_Acceptances)
_NUMBERS = msgspec.json.Decoder(_Numbers)
_REFUSALS = {str(code): code for code in base.Refusal if code}


def chunk_as_json(chunk: base.Chunk) -> bytes:
    """Write a chunk as the body of a submission."""
    content = _Submission(
        sender=chunk.sender,
        text=chunk.text,
        message_class=chunk.message_class,
        clause=chunk.clause,
        validity=int(chunk.validity.total_seconds()),
        messages=chunk.recipients,
    )
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:
        # A lone surrogate has an escape in JSON: its own message is refused, not all the others.
        return json.dumps(msgspec.to_builtins(content)).encode()


def read_answers(body: bytes, *, asked: Sequence[str]) -> dict[str, base.Answer]:
    """Read answers by reference. BadField when one is malformed, doubled or was not asked."""
    # Both databases would have to refuse it.
    if fields.may_have_nul(body):
        raise fields.BadField("body")
    rows = _all_accepted(body) or _each_answer(body)
    answers = {row.reference: row for row in rows}
    if len(answers) != len(rows) or not answers.keys() <= frozenset(asked):
        raise fields.BadField("reference")
    return answers


def read_numbers(body: bytes) -> tuple[str, ...]:
    """Read the carrier's short numbers. BadField."""
    try:
        numbers = tuple(_NUMBERS.decode(body).numbers)
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise fields.BadField("numbers") from exc
    for number in numbers:
        fields.check_storable(number, name="numbers")
    return numbers


def _all_accepted(body: bytes) -> Sequence[base.Answer]:
    """Give answers that all say accepted, in UTC and no more; nothing when one is another."""
    try:
        rows = _ACCEPTANCES.decode(body).answers
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return []
    # Looked up once: members of an enumeration are slow to find.
    none = base.Refusal.NONE
    plain = [row.accepted and row.code is none and row.accepted_at.tzinfo is UTC for row in rows]
    return rows if all(plain) else []


def _each_answer(body: bytes) -> Sequence[base.Answer]:
    try:
        rows = _ANSWERS.decode(body).answers
    except msgspec.ValidationError as exc:
        raise fields.BadField(fields.of_error(exc, whole="answer")) from exc
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise fields.BadField("body") from exc
    return [_as_answer(row) for row in rows]


def _as_answer(row: _Row) -> base.Answer:
    if not row.accepted:
        if row.code is None:
            raise fields.BadField("code")
        return base.Answer(
            reference=row.reference,
            accepted=False,
            carrier_id="",
            # A carrier's new code loses nothing.
            code=_REFUSALS.get(row.code, base.Refusal.OTHER),
            accepted_at=None,
        )
    if row.id is None or row.accepted_at is None:
        raise fields.BadField("id" if row.id is None else "accepted_at")
    return base.Answer(
        reference=row.reference,
        accepted=True,
        carrier_id=row.id,
        code=base.Refusal.NONE,
        accepted_at=fields.in_utc(row.accepted_at, name="accepted_at"),
    )
