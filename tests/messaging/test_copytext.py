"""The text of COPY: read back the way PostgreSQL reads it, it says what was written."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import copytext

texts = st.text(st.one_of(st.sampled_from("\\\t\n\rN"), st.characters(codec="utf-8")), max_size=9)
columns = st.sampled_from([st.none(), st.integers(), texts, st.none() | texts])
ESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


def tables(
    kinds: Sequence[st.SearchStrategy[object]],
) -> st.SearchStrategy[list[tuple[object, ...]]]:
    return st.lists(st.tuples(*kinds), max_size=6)


rows = st.lists(columns, min_size=1, max_size=4).flatmap(tables)


def read(content: bytes) -> list[tuple[str | None, ...]]:
    """Read as the manual of PostgreSQL says: lines, then tabs, then escapes."""
    *lines, rest = content.decode().split("\n")
    assert not rest
    return [tuple(map(value, line.split("\t"))) for line in lines]


def value(text: str) -> str | None:
    if text == "\\N":
        return None
    return re.sub(r"\\.", lambda found: ESCAPES[found[0]], text)


def told(values: Sequence[object]) -> tuple[str | None, ...]:
    return tuple(None if v is None else str(v) for v in values)


@given(rows)
def test_rows_are_read_back_as_they_were(given_rows: list[tuple[object, ...]]) -> None:
    written = copytext.lines(zip(*given_rows, strict=True))
    assert read(written) == [told(row) for row in given_rows]


@given(rows, st.lists(st.none() | st.integers() | texts, max_size=3))
def test_what_all_have_in_common_comes_in_front_of_each(
    given_rows: list[tuple[object, ...]], same: list[object]
) -> None:
    written = copytext.in_front(same, copytext.lines(zip(*given_rows, strict=True)))
    assert read(written) == [told((*same, *row)) for row in given_rows]


def test_columns_of_different_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        copytext.lines([[1, 2], ["a"]])
