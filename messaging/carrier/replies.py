"""Replies that a carrier pushes to us, read one by one like its receipts.

What a person wrote is worth more than its form: a NUL or half a character in a text becomes the
character that marks what cannot be read, and an empty text is a text. Who wrote to which number is
only bounded here; what to make of it is for the inbox to judge. Pure.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from messaging import sms
from messaging.carrier import base, door, fields

REPLIES_LIMIT = 1_000
# A number in E.164, a short code, or the name of another sender.
ADDRESS_LENGTH = 16
# No SMS has more characters: 255 parts of the standard alphabet.
TEXT_LENGTH = 255 * 153
# A carrier keeps trying for a month; the simulated one stamps two days ahead on demand.
OLDEST, NEWEST = timedelta(days=31), timedelta(days=3)
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def open_replies(
    *, carrier: str, headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> tuple[list[base.Reply], list[door.Malformed]]:
    """Verify a push and read its replies, in their order. door.BadSignature, door.BadBody."""
    door.verify(headers=headers, body=body, secret=secret, now=now)
    return door.read_each(
        body,
        name="replies",
        at_most=REPLIES_LIMIT,
        read=lambda value: read_reply(value, carrier=carrier, now=now),
    )


def read_reply(value: Any, *, carrier: str, now: datetime) -> base.Reply:
    """Read one reply. fields.BadField."""
    row = fields.read_object(value, name="reply")
    received_at = fields.read_moment(row, name="received_at")
    if not now - OLDEST <= received_at <= now + NEWEST:
        raise fields.BadField("received_at")
    return base.Reply(
        carrier=carrier,
        carrier_id=fields.read_text(row, name="id", at_least=1, at_most=fields.ID_LENGTH),
        phone=fields.read_text(row, name="from", at_least=1, at_most=ADDRESS_LENGTH),
        number=fields.read_text(row, name="to", at_least=1, at_most=ADDRESS_LENGTH),
        text=_read_text(row),
        received_at=received_at,
    )


def _read_text(row: Mapping[str, Any]) -> str:
    raw = row.get("text")
    if not isinstance(raw, str) or len(raw) > TEXT_LENGTH:
        raise fields.BadField("text")
    text = _UNREADABLE.sub("\ufffd", raw)
    if sms.measure(text).parts > sms.MAX_PARTS:
        raise fields.BadField("text")
    return text
