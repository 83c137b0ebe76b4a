"""What the simulated phones show and send, asked of the simulated carrier over HTTP (demo only).

The carrier is another program, so it may be slow, away or broken: every call ends within a total
time limit, and whatever goes wrong is one fact, NotReachable. What it answers is read field by
field. Nothing is kept here and nothing is logged: it is numbers and texts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from messaging.carrier import fields
from messaging.carrier.connection import NOT_ANSWERED, Call, split

# A page waits this long for the carrier, all in all (seconds).
TIME_LIMIT = 3.0
ANSWER_LIMIT = 2 * 1024 * 1024
PHONES_LIMIT = 100
SHOWN_LIMIT = 100
TEXT_LIMIT = 255 * 153
# What the carrier answers when the phone cannot send what it was to send.
NOT_SENT = frozenset({404, 409, 422})


class NotReachable(Exception):
    """The carrier did not answer in time, or not with what was asked."""


class NotSent(Exception):
    """The phone cannot send this: there is no such SMS, or nobody to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone that received something lately."""

    number: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An SMS as the phone shows it; the text has its clause.

    `answer_to` and `stop_to` are the numbers that an answer and STOP go to, "" for none.
    """

    is_sent: ClassVar[bool] = False
    id: int
    sender: str
    text: str
    message_class: str
    parts: int
    at: datetime
    answer_to: str
    stop_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An SMS that the phone sent, with the moment that the carrier stamped."""

    is_sent: ClassVar[bool] = True
    id: int
    number: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a phone received and sent, each the latest first, and what was let pass for it."""

    received: list[Shown]
    sent: list[Sent]
    ahead: timedelta

    @property
    def lines(self) -> list[Shown | Sent]:
        """All of it, the latest first."""
        return sorted([*self.received, *self.sent], key=lambda line: line.at, reverse=True)

    @property
    def mark(self) -> str:
        """Change when the screen does."""
        if not self.received and not self.sent:
            return "none"
        latest = [
            max((line.id for line in lines), default=0) for lines in (self.received, self.sent)
        ]
        return "-".join(map(str, (len(self.received), len(self.sent), *latest)))


def phones(*, url: str, token: str) -> list[Phone]:
    """Give the phones that received something lately, the latest first. NotReachable."""
    body = _ask("GET", "/v1/handset", url=url, token=token)
    try:
        rows = fields.read_list(body, name="phones", at_most=PHONES_LIMIT)
        return [_read_phone(fields.read_object(row, name="phone")) for row in rows]
    except fields.BadField as exc:
        raise NotReachable from exc


def screen(*, number: str, url: str, token: str) -> Screen:
    """Give what a phone shows. NotReachable."""
    body = _ask("GET", f"/v1/handset/{number}", url=url, token=token)
    try:
        received = fields.read_list(body, name="messages", at_most=SHOWN_LIMIT)
        sent = fields.read_list(body, name="sent", at_most=SHOWN_LIMIT)
        return Screen(
            received=[_read_shown(fields.read_object(row, name="message")) for row in received],
            sent=[_read_sent(fields.read_object(row, name="reply")) for row in sent],
            ahead=timedelta(seconds=_read_count(body, name="ahead")),
        )
    except (fields.BadField, OverflowError) as exc:
        raise NotReachable from exc


def answer(*, number: str, message_id: int, text: str, key: str, url: str, token: str) -> None:
    """Have a phone answer an SMS that it shows; the same key again is the same SMS.

    NotReachable, NotSent.
    """
    said = {"message_id": message_id, "text": text, "key": key}
    _ask("POST", f"/v1/handset/{number}/replies", url=url, token=token, content=said)


def let_pass(*, number: str, url: str, token: str) -> None:
    """Have what a phone sends next stamped 48 hours later. NotReachable."""
    _ask("POST", f"/v1/handset/{number}/later", url=url, token=token, content={})


def _read_phone(row: Mapping[str, Any]) -> Phone:
    return Phone(
        number=fields.read_text(row, name="phone", at_least=1, at_most=16),
        last_at=fields.read_moment(row, name="last_at"),
    )


def _read_shown(row: Mapping[str, Any]) -> Shown:
    return Shown(
        id=_read_count(row, name="message_id"),
        sender=fields.read_text(row, name="sender", at_least=0, at_most=16),
        text=fields.read_text(row, name="text", at_least=0, at_most=TEXT_LIMIT),
        message_class=fields.read_text(row, name="message_class", at_least=1, at_most=16),
        parts=_read_count(row, name="parts"),
        at=fields.read_moment(row, name="arrived_at"),
        answer_to=fields.read_text(row, name="answer_to", at_least=0, at_most=16),
        stop_to=fields.read_text(row, name="stop_to", at_least=0, at_most=16),
    )


def _read_sent(row: Mapping[str, Any]) -> Sent:
    return Sent(
        id=_read_count(row, name="reply_id"),
        number=fields.read_text(row, name="number", at_least=1, at_most=16),
        text=fields.read_text(row, name="text", at_least=0, at_most=TEXT_LIMIT),
        at=fields.read_moment(row, name="received_at"),
    )


def _read_count(row: Mapping[str, Any], *, name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise fields.BadField(name)
    return value


def _ask(
    method: str, path: str, *, url: str, token: str, content: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Ask, within TIME_LIMIT from the connection to the last byte. NotReachable, NotSent."""
    if not url:
        raise NotReachable
    try:
        reply = Call(seconds=TIME_LIMIT).ask(
            method,
            split(url),
            path,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            body=None if content is None else json.dumps(content).encode(),
            answer_limit=ANSWER_LIMIT,
        )
        if content is not None and reply.status in NOT_SENT:
            raise NotSent
        if reply.status != 200 or reply.body is None:
            raise NotReachable
        return fields.read_object(json.loads(reply.body), name="body")
    except (*NOT_ANSWERED, ValueError, fields.BadField) as exc:
        raise NotReachable from exc
