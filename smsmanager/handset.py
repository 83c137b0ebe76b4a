"""What the simulated phones show, asked from the simulated carrier over HTTP (demo only).

The carrier is another program, so it may be slow, away or broken: every call ends within a total
time limit, and whatever goes wrong is one fact, NotReachable. What it answers is read field by
field. Nothing is kept here and nothing is logged: it is numbers and texts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from messaging.carrier import fields
from messaging.carrier.connection import Call, ReportingAdapter

# A page waits this long for the carrier, all in all (seconds).
TIME_LIMIT = 3.0
ANSWER_LIMIT = 2 * 1024 * 1024
PHONES_LIMIT = 100
SHOWN_LIMIT = 100
TEXT_LIMIT = 255 * 153


class NotReachable(Exception):
    """The carrier did not answer in time, or not with what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone that received something lately."""

    number: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An SMS as the phone shows it; the text has its clause."""

    id: int
    sender: str
    text: str
    message_class: str
    parts: int
    at: datetime


def phones(*, url: str, token: str) -> list[Phone]:
    """Give the phones that received something lately, the latest first. NotReachable."""
    body = _get("/v1/handset", url=url, token=token)
    try:
        rows = fields.read_list(body, name="phones", at_most=PHONES_LIMIT)
        return [_read_phone(fields.read_object(row, name="phone")) for row in rows]
    except fields.BadField as exc:
        raise NotReachable from exc


def shown_on(*, number: str, url: str, token: str) -> list[Shown]:
    """Give what a phone shows, the latest first. NotReachable."""
    body = _get(f"/v1/handset/{number}", url=url, token=token)
    try:
        rows = fields.read_list(body, name="messages", at_most=SHOWN_LIMIT)
        return [_read_shown(fields.read_object(row, name="message")) for row in rows]
    except fields.BadField as exc:
        raise NotReachable from exc


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
    )


def _read_count(row: Mapping[str, Any], *, name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise fields.BadField(name)
    return value


def _get(path: str, *, url: str, token: str) -> Mapping[str, Any]:
    """Ask, within TIME_LIMIT from the connection to the last byte."""
    if not url:
        raise NotReachable
    with requests.Session() as session, Call(seconds=TIME_LIMIT) as call:
        session.trust_env = False
        session.mount(url, ReportingAdapter())
        try:
            response = session.get(
                url.rstrip("/") + path,
                headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
                timeout=call.seconds_left(),
                allow_redirects=False,
                stream=True,
            )
            with response:
                if response.status_code != 200:
                    raise NotReachable
                return fields.read_object(json.loads(_read_whole(response)), name="body")
        except (requests.RequestException, OSError, ValueError, fields.BadField) as exc:
            raise NotReachable from exc


def _read_whole(response: requests.Response) -> bytes:
    raw = bytearray()
    for block in response.iter_content(65_536):
        raw += block
        if len(raw) > ANSWER_LIMIT:
            raise NotReachable
    return bytes(raw)
