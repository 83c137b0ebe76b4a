"""Fields of what a carrier says, read one by one: nothing it sends is taken on trust.

A field is of its type, of a bounded length and free of NUL and lone surrogates (which the
databases refuse), or BadField names it. A code that we do not know becomes OTHER, so that a
carrier's new code loses nothing. Pure.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

Code = TypeVar("Code", bound=StrEnum)

ID_LENGTH = 64
CODE_LENGTH = 32


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
    if not isinstance(value, str) or not at_least <= len(value) <= at_most or "\0" in value:
        raise BadField(name)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as exc:  # a lone surrogate
            raise BadField(name) from exc
    return value


def read_flag(row: Mapping[str, Any], *, name: str) -> bool:
    """Read true or false, nothing that merely counts as one."""
    value = row.get(name)
    if not isinstance(value, bool):
        raise BadField(name)
    return value


def read_moment(row: Mapping[str, Any], *, name: str) -> datetime:
    """Read a moment with its offset, in UTC."""
    raw = read_text(row, name=name, at_least=1, at_most=40)
    try:
        moment = datetime.fromisoformat(raw)
        if moment.tzinfo is None:
            raise BadField(name)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadField(name) from exc


def read_code(row: Mapping[str, Any], *, name: str, known: type[Code], other: Code) -> Code:
    """Read a code; one that is not `known` is `other`."""
    raw = read_text(row, name=name, at_least=0, at_most=CODE_LENGTH)
    try:
        return known(raw)
    except ValueError:
        return other
