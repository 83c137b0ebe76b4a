"""What a carrier pushes to us: the signature checked, the receipts read.

The signature follows Standard Webhooks (id, timestamp and body, HMAC-SHA256, five minutes of
tolerance). Nothing of the body is looked at before it holds. One malformed receipt is reported
and never loses the others. The view answers, the inbox stores; neither happens here.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from messaging.carrier import base, fields

TOLERANCE = timedelta(minutes=5)
# A carrier sends at most this many at once; 1,000 receipts are about 250 KB.
RECEIPTS_LIMIT = 1_000
BODY_LIMIT = 1024 * 1024
OPERATOR_LENGTH = 40
# A receipt outside of this is the work of a broken clock. Carriers keep trying for days.
OLDEST, NEWEST = timedelta(days=31), timedelta(days=1)


class BadSignature(Exception):
    """Not signed with our secret, or not within the tolerance of now."""


class BadBody(Exception):
    """Signed, but too large or not a list of receipts: nothing of it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A receipt that could not be read: its place in the batch and the field at fault."""

    position: int
    field: str


def open_receipts(
    *, carrier: str, headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> tuple[list[base.Receipt], list[Malformed]]:
    """Verify a push and read its receipts, in their order. BadSignature, BadBody.

    A push whose receipts are all malformed is still a push that was read: answer it with
    success, or the carrier repeats it for ever.
    """
    if len(body) > BODY_LIMIT:
        raise BadBody("too large")
    _verify(headers=headers, body=body, secret=secret, now=now)
    receipts: list[base.Receipt] = []
    malformed: list[Malformed] = []
    for position, value in enumerate(_rows(body)):
        try:
            receipts.append(read_receipt(value, carrier=carrier, now=now))
        except fields.BadField as exc:
            malformed.append(Malformed(position=position, field=exc.name))
    return receipts, malformed


def _verify(*, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> None:
    """Check the signature against `now`; the library's own check reads the clock."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id = given.get("webhook-id", "")
    stamp = given.get("webhook-timestamp", "")
    if not message_id or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 10):
        raise BadSignature("headers")
    signed_at = datetime.fromtimestamp(int(stamp), tz=UTC)
    if abs(now - signed_at) > TOLERANCE:
        raise BadSignature("timestamp")
    try:
        expected = Webhook(secret).sign(message_id, signed_at, body.decode())
    except UnicodeError as exc:
        raise BadSignature("body") from exc
    # Several signatures may stand in the header while a secret is being changed.
    for signature in given.get("webhook-signature", "").split(" "):
        if hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            return
    raise BadSignature("signature")


def _rows(body: bytes) -> list[Any]:
    try:
        content = fields.read_object(json.loads(body), name="body")
        return fields.read_list(content, name="receipts", at_most=RECEIPTS_LIMIT)
    except (ValueError, RecursionError, fields.BadField) as exc:
        raise BadBody("content") from exc


def read_receipt(value: Any, *, carrier: str, now: datetime) -> base.Receipt:
    """Read one receipt. fields.BadField."""
    row = fields.read_object(value, name="receipt")
    at = fields.read_moment(row, name="at")
    if not now - OLDEST <= at <= now + NEWEST:
        raise fields.BadField("at")
    return base.Receipt(
        carrier=carrier,
        carrier_id=fields.read_text(row, name="id", at_least=1, at_most=fields.ID_LENGTH),
        reference=fields.read_text(row, name="reference", at_least=0, at_most=fields.ID_LENGTH),
        state=_read_state(row),
        code=fields.read_code(row, name="code", known=base.Cause, other=base.Cause.OTHER),
        billed=fields.read_flag(row, name="billed"),
        operator=fields.read_text(row, name="operator", at_least=0, at_most=OPERATOR_LENGTH),
        at=at,
    )


def _read_state(row: Mapping[str, Any]) -> base.ReceiptState:
    """Read the state; an unknown one is malformed: we must not guess what is final."""
    raw = fields.read_text(row, name="state", at_least=1, at_most=fields.CODE_LENGTH)
    try:
        return base.ReceiptState(raw)
    except ValueError as exc:
        raise fields.BadField("state") from exc
