"""Chunks and answers as JSON, the way docs/carrier.md has them.

One place for the shape of what is said to a carrier and of what it answers, for every carrier
that speaks our contract. Pure: no network.
"""

from collections.abc import Sequence
from typing import Any

from messaging.carrier import base, fields

# More short numbers than there can be, and longer ones.
NUMBERS_LIMIT, NUMBER_LENGTH = 100_000, 16


def chunk_as_json(chunk: base.Chunk) -> dict[str, Any]:
    """Write a chunk as the body of a submission."""
    return {
        "sender": chunk.sender,
        "text": chunk.text,
        "class": chunk.message_class,
        "clause": chunk.clause,
        "validity": int(chunk.validity.total_seconds()),
        "messages": [_recipient_as_json(r) for r in chunk.recipients],
    }


def _recipient_as_json(recipient: base.Recipient) -> dict[str, str]:
    row = {"reference": recipient.reference, "to": recipient.to}
    if recipient.text is not None:
        row["text"] = recipient.text
    if recipient.sender is not None:
        row["sender"] = recipient.sender
    return row


def read_answers(body: Any, *, asked: Sequence[str]) -> dict[str, base.Answer]:
    """Read answers by reference. BadField when one is malformed, doubled or was not asked."""
    rows = fields.read_list(
        fields.read_object(body, name="body"), name="answers", at_most=len(asked)
    )
    answers = {answer.reference: answer for answer in map(_read_answer, rows)}
    if len(answers) != len(rows) or not answers.keys() <= frozenset(asked):
        raise fields.BadField("reference")
    return answers


def read_numbers(body: Any) -> tuple[str, ...]:
    """Read the carrier's short numbers. BadField."""
    content = fields.read_object(body, name="body")
    rows = fields.read_list(content, name="numbers", at_most=NUMBERS_LIMIT)
    return tuple(
        fields.read_text({"number": row}, name="number", at_least=1, at_most=NUMBER_LENGTH)
        for row in rows
    )


def _read_answer(value: Any) -> base.Answer:
    row = fields.read_object(value, name="answer")
    reference = fields.read_text(row, name="reference", at_least=1, at_most=fields.ID_LENGTH)
    if fields.read_flag(row, name="accepted"):
        return base.Answer(
            reference=reference,
            accepted=True,
            carrier_id=fields.read_text(row, name="id", at_least=1, at_most=fields.ID_LENGTH),
            code=base.Refusal.NONE,
            accepted_at=fields.read_moment(row, name="accepted_at"),
        )
    code = fields.read_code(row, name="code", known=base.Refusal, other=base.Refusal.OTHER)
    return base.Answer(
        reference=reference,
        accepted=False,
        carrier_id="",
        code=code or base.Refusal.OTHER,
        accepted_at=None,
    )
