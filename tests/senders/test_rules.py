"""What a sender name may look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders import rules
from senders.rules import Problem


@pytest.mark.parametrize(
    "name",
    ["Abc", "FOURNIL", "Martin 1", "A&B-Co., +1", "36111 Info", "my_brand", "3A3", "12345678A"],
)
def test_a_proper_name_has_no_problem(name: str) -> None:
    assert rules.problems(name) == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("Ab", [Problem.TOO_SHORT], id="two characters"),
        pytest.param("Twelve chars", [Problem.TOO_LONG], id="twelve characters"),
        pytest.param("Café Noir", [Problem.BAD_CHARS], id="accent"),
        pytest.param("Маrtin", [Problem.BAD_CHARS], id="Cyrillic look-alike"),
        pytest.param("Mar\x00tin", [Problem.BAD_CHARS], id="NUL"),
        pytest.param("Mar\ud800tin", [Problem.BAD_CHARS], id="half a character"),
        pytest.param("Martin\n", [Problem.BAD_CHARS], id="line feed at the end"),
        pytest.param("Mar\u00a0tin", [Problem.BAD_CHARS], id="no-break space"),
        pytest.param("Martin!", [Problem.BAD_CHARS], id="other punctuation"),
        pytest.param(" Martin", [Problem.HIDDEN_SPACE], id="space in front"),
        pytest.param("Martin ", [Problem.HIDDEN_SPACE], id="space behind"),
        pytest.param("Mar  tin", [Problem.HIDDEN_SPACE], id="two spaces"),
        pytest.param("-.-", [Problem.NO_LETTER], id="punctuation alone"),
        pytest.param("36111", [Problem.SHORT_NUMBER], id="short number"),
        pytest.param("36 111", [Problem.SHORT_NUMBER], id="spaced short number"),
        pytest.param("0612345678", [Problem.PHONE_NUMBER], id="phone number"),
        pytest.param("+3361234567", [Problem.PHONE_NUMBER], id="international number"),
        pytest.param("06-12-34-56", [Problem.PHONE_NUMBER], id="phone number with dashes"),
        pytest.param("", [Problem.TOO_SHORT, Problem.NO_LETTER], id="nothing"),
        pytest.param("+33612345678", [Problem.TOO_LONG, Problem.PHONE_NUMBER], id="two problems"),
        pytest.param("٣٣٣٣", [Problem.BAD_CHARS, Problem.SHORT_NUMBER], id="other digits"),
    ],
)
def test_a_problem_is_named(name: str, found: list[Problem]) -> None:
    assert list(rules.problems(name)) == found


@given(st.text(max_size=14))
def test_a_name_without_problem_is_short_ascii_with_a_letter(name: str) -> None:
    if not rules.problems(name):
        assert name.isascii()
        assert name.isprintable()
        assert 3 <= len(name) <= 11
        assert any(c.isalpha() for c in name)
