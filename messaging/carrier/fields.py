"""Fields of what a carrier says: nothing it sends is taken on trust.

A field is of its type, of a bounded length and free of NUL and lone surrogates (which the
databases refuse), or BadField names it. What there are thousands of is read by msgspec into
Structs of the types below; what these cannot say is checked here. Pure.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

ID_LENGTH = 64
CODE_LENGTH = 32

Id = Annotated[str, Meta(min_length=1, max_length=ID_LENGTH)]
Code = Annotated[str, Meta(max_length=CODE_LENGTH)]
# RFC 3339, with its offset.
Moment = Annotated[datetime, Meta(tz=True)]

_PLACE = re.compile(r" - at `\$.*?(\w+)(?:\[\.*\])?`\Z")


class BadField(Exception):
    """A field is missing, of the wrong type or out of range."""

    def __init__(self, name: str) -> None:
        """Keep the field's name; its value may be anything, so it is not kept."""
        super().__init__(name)
        self.name = name


def read_object(value: Any, *, name: str) -> Mapping[str, Any]:
    """Read a JSON object."""
    if not isinstance(value, dict):
        raise BadField(name)
    return value


def read_list(row: Mapping[str, Any], *, name: str, at_most: int) -> list[Any]:
    """Read a list of bounded length."""
    value = row.get(name)
    if not isinstance(value, list) or len(value) > at_most:
        raise BadField(name)
    return value


def read_text(row: Mapping[str, Any], *, name: str, at_least: int, at_most: int) -> str:
    """Read a string that both databases can store."""
    value = row.get(name)
    if not isinstance(value, str) or not at_least <= len(value) <= at_most:
        raise BadField(name)
    check_storable(value, name=name)
    return value


def read_moment(row: Mapping[str, Any], *, name: str) -> datetime:
    """Read a moment with its offset, in UTC."""
    raw = read_text(row, name=name, at_least=1, at_most=40)
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError as exc:
        raise BadField(name) from exc
    if moment.tzinfo is None:
        raise BadField(name)
    return in_utc(moment, name=name)


def check_storable(value: str, *, name: str) -> None:
    """Refuse a string that one of the databases cannot store."""
    if "\0" in value:
        raise BadField(name)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as exc:  # a lone surrogate
            raise BadField(name) from exc


def may_have_nul(body: bytes) -> bool:
    """Tell whether JSON has an escaped NUL, the only way to write one; or what looks like it.

    Most has no escape at all, which is found out fifty times as fast.
    """
    return b"\\" in body and b"\\u0000" in body


def in_utc(moment: datetime, *, name: str) -> datetime:
    """Give a moment in UTC; some at the ends of time have none."""
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise BadField(name) from exc


def of_error(error: msgspec.ValidationError, *, whole: str) -> str:
    """Name the field that an error is about; `whole` when it is about all of the row."""
    missing = re.match(r"Object missing required field `(\w+)`", str(error))
    place = missing or _PLACE.search(str(error))
    return place[1] if place else whole
