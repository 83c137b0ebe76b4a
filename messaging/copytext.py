"""Rows the way PostgreSQL's COPY reads them, written column by column: a third of row by row.

A line for each row, each with its line end. What all rows have in common may come in front later:
line ends within values are escaped, so that nothing else looks like one. Pure.
"""

from collections.abc import Iterable, Sequence
from typing import Any

# What COPY would read as something else.
_ESCAPED = "\\\t\n\r"
_NONE = "\\N"


def lines(columns: Iterable[Sequence[Any]]) -> bytes:
    """Write rows, given as the values of each column."""
    rows = list(map("\t".join, zip(*map(_column, columns), strict=True)))
    # The last line has its end too.
    return "\n".join([*rows, ""]).encode()


def in_front(values: Iterable[Any], rows: bytes) -> bytes:
    """Write the same values in front of each row that `lines` gave."""
    front = "".join(f"{_value(value)}\t" for value in values).encode()
    return front + rows[:-1].replace(b"\n", b"\n" + front) + b"\n" if rows else rows


def _column(values: Sequence[Any]) -> list[str]:
    kinds = set(map(type, values))
    if kinds == {str} and not _has_escaped("".join(values)):
        return list(values)
    if kinds == {type(None)}:
        return [_NONE] * len(values)
    if kinds == {int}:
        return list(map(str, values))
    return [_value(v) for v in values]


def _has_escaped(text: str) -> bool:
    return any(character in text for character in _ESCAPED)


def _value(value: Any) -> str:
    return _NONE if value is None else _escaped(value) if isinstance(value, str) else str(value)


def _escaped(text: str) -> str:
    # The backslash first, or the later escapes would be escaped again.
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
