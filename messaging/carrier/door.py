"""What a carrier pushes to us: the signature checked, the receipts read (replies: `replies`).

The signature follows Standard Webhooks (id, timestamp and body, HMAC-SHA256, five minutes of
tolerance). Nothing of the body is looked at before it holds. One malformed receipt is reported
and never loses the others. The view answers, the inbox stores; neither happens here.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from standardwebhooks import Webhook

from messaging.carrier import base, fields

Told = TypeVar("Told")

TOLERANCE = timedelta(minutes=5)
# A carrier sends at most this many at once; 1,000 receipts are about 250 KB.
RECEIPTS_LIMIT = 1_000
BODY_LIMIT = 1024 * 1024
# A receipt outside of this is the work of a broken clock. Carriers keep trying for days.
OLDEST, NEWEST = timedelta(days=31), timedelta(days=1)


class _Push(Struct):
    receipts: Annotated[list[base.Receipt], Meta(max_length=RECEIPTS_LIMIT)]


_PUSH = msgspec.json.Decoder(_Push)
_TEXTS = ("id", "reference", "code", "operator")


class BadSignature(Exception):
    """Not signed with our secret, or not within the tolerance of now."""


class BadBody(Exception):
    """Signed, but too large or not a list of what was expected: nothing of it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A row of a push that could not be read: its place and the field at fault."""

    position: int
    field: str


def open_receipts(
    *, headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> tuple[list[base.Receipt], list[Malformed]]:
    """Verify a push and read its receipts, in their order. BadSignature, BadBody.

    A push whose receipts are all malformed is still a push that was read: answer it with
    success, or the carrier repeats it for ever.
    """
    verify(headers=headers, body=body, secret=secret, now=now)
    if not fields.may_have_nul(body):
        with suppress(msgspec.MsgspecError, RecursionError):
            receipts = _PUSH.decode(body).receipts
            # Compared, not hashed: that takes ten times as long.
            moments = [receipt.at for receipt in receipts] or [now]
            if _is_likely(min(moments), now=now) and _is_likely(max(moments), now=now):
                return receipts, []
    return read_each(
        body,
        name="receipts",
        at_most=RECEIPTS_LIMIT,
        read=lambda value: read_receipt(value, now=now),
    )


def read_each(
    body: bytes, *, name: str, at_most: int, read: Callable[[Any], Told]
) -> tuple[list[Told], list[Malformed]]:
    """Read the rows of a list of a push one by one, whatever some of them are. BadBody."""
    told: list[Told] = []
    malformed: list[Malformed] = []
    for position, value in enumerate(_rows(body, name=name, at_most=at_most)):
        try:
            told.append(read(value))
        except fields.BadField as exc:
            malformed.append(Malformed(position=position, field=exc.name))
    return told, malformed


def verify(*, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> None:
    """Check size and signature against `now`; the library's own check reads the clock.

    BadBody, BadSignature.
    """
    if len(body) > BODY_LIMIT:
        raise BadBody("too large")
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


def _rows(body: bytes, *, name: str, at_most: int) -> list[Any]:
    try:
        content = fields.read_object(json.loads(body), name="body")
        return fields.read_list(content, name=name, at_most=at_most)
    except (ValueError, RecursionError, fields.BadField) as exc:
        raise BadBody("content") from exc


def read_receipt(value: Any, *, now: datetime) -> base.Receipt:
    """Read one receipt. fields.BadField."""
    try:
        receipt = msgspec.convert(value, base.Receipt)
    except msgspec.ValidationError as exc:
        raise fields.BadField(fields.of_error(exc, whole="receipt")) from exc
    for name in _TEXTS:
        fields.check_storable(value[name], name=name)
    if not _is_likely(receipt.at, now=now):
        raise fields.BadField("at")
    return receipt


def _is_likely(at: datetime, *, now: datetime) -> bool:
    """Tell whether a carrier may mean this moment."""
    return now - OLDEST <= at <= now + NEWEST
