"""Parts of many texts at once: those that each has by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import partcounts, sms

plain = st.text(st.sampled_from("aé \nΩ\0\r€ç"), max_size=200)
latin = st.text(st.characters(max_codepoint=0x17F), max_size=200)
texts = st.text(st.one_of(st.sampled_from("ae€[ê😀👍\u200d\r\n"), st.characters()), max_size=400)


@given(
    st.lists(plain | latin | texts, max_size=6),
    st.sampled_from(["", "STOP:36111", "\nSTOP ç", "\nSTOP€"]),
)
def test_parts_of_many_at_once_are_those_of_each(many: list[str], clause: str) -> None:
    for text, parts in zip(many, partcounts.of_each(many, clause=clause), strict=True):
        if parts:
            assert parts == sms.measure(text, clause=clause).parts
            assert sms.normalise(text) == text
            assert sms.problem(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", 1),
        ("Été à Lyon", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("à la française", 1),
        ("ç" + "x" * 69, 1),
        ("ç" + "x" * 70, 2),
        ("ç" + "x" * 134, 3),
    ],
)
def test_texts_of_one_unit_for_each_character_are_counted_together(text: str, parts: int) -> None:
    assert partcounts.of_each([text, "a"]) == [parts, 1]


@pytest.mark.parametrize(
    "text",
    ["10 €", "\r\n", " \n", "", "😀", "\ud800", "e\u0301", "→", "ç\xad", "ç\xa0", "ç[", "\x85ç"],
)
def test_texts_that_are_not_ordinary_are_left_to_be_counted_alone(text: str) -> None:
    assert partcounts.of_each([text, "ç", "a"]) == [0, 1, 1]


def test_a_text_with_the_mark_that_parts_them_leaves_all_to_be_counted_alone() -> None:
    assert partcounts.of_each(["a", "a\0"]) == [0, 0]
