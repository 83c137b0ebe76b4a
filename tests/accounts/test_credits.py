"""Amounts of credits: read and written exactly."""

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import credits as amounts
from accounts.templatetags import credits as filters


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [
        ("0", 0),
        ("12", 1_200),
        ("12.3", 1_230),
        ("12,34", 1_234),
        ("0.07", 7),
        (" 5 ", 500),
        ("1 000", 100_000),
        ("1 000 000,50", 100_000_050),
        ("1\u202f000", 100_000),
        ("007", 700),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, hundredths: int) -> None:
    assert amounts.parse(text) == hundredths


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("twelve", id="words"),
        pytest.param("1.234", id="three decimals or a thousand"),
        pytest.param("1,000", id="a thousand or one"),
        pytest.param("1.5.5", id="two points"),
        pytest.param("-1", id="below zero"),
        pytest.param("+1", id="a sign"),
        pytest.param("1e3", id="an exponent"),
        pytest.param("٣", id="other digits"),
        pytest.param("12.", id="a point and nothing"),
        pytest.param(".5", id="nothing and a point"),
        pytest.param("1 00", id="a group of two"),
        pytest.param("9" * 13, id="more than there is"),
        pytest.param("1\x00", id="NUL"),
        pytest.param("1\ud800", id="half a character"),
    ],
)
def test_what_may_be_misread_is_refused(text: str) -> None:
    with pytest.raises(amounts.InvalidAmount):
        amounts.parse(text)


@given(st.integers(0, 10**14 - 1))
def test_what_is_written_can_be_read_again(hundredths: int) -> None:
    assert amounts.parse(amounts.show(hundredths)) == hundredths


@pytest.mark.parametrize(
    ("hundredths", "text"),
    [(0, "0"), (100, "1"), (40, "0.4"), (1_234, "12.34"), (-4, "-0.04"), (-15_000, "-150")],
)
def test_an_amount_is_written_without_idle_zeros(hundredths: int, text: str) -> None:
    assert amounts.show(hundredths) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "1,234,567.5"), ("fr", "1\xa0234\xa0567,5"), ("it", "1.234.567,5")],
)
def test_a_page_shows_an_amount_in_its_language(language: str, text: str) -> None:
    template = Template("{% load credits %}{{ amount|credits }}")
    with translation.override(language):
        assert template.render(Context({"amount": 123_456_750})) == text


@pytest.mark.parametrize(("hundredths", "text"), [(0, "0"), (-4, "-0,04"), (100_000, "1\xa0000")])
def test_a_french_page_shows_whole_and_negative_amounts(hundredths: int, text: str) -> None:
    template = Template("{% load credits %}{{ amount|credits }}")
    with translation.override("fr"):
        assert template.render(Context({"amount": hundredths})) == text


@pytest.mark.parametrize(
    ("hundredths", "text"),
    [
        (0, "0 credits"),
        (40, "0.4 credits"),
        (100, "1 credit"),
        (-100, "-1 credit"),
        (150, "1.5 credits"),
        (123_456, "1,234.56 credits"),
    ],
)
def test_an_amount_is_written_with_its_unit(hundredths: int, text: str) -> None:
    template = Template("{% load credits %}{{ amount|in_credits }}")
    with translation.override("en"):
        assert template.render(Context({"amount": hundredths})) == text


@pytest.mark.parametrize(
    ("language", "like_one", "like_two"),
    [
        pytest.param("en", [100, -100], [0, 40, 101, 150, 200, 100_000], id="English"),
        pytest.param("fr", [0, 40, 100, 101, 150, -150], [200, 250, 100_000], id="French"),
        pytest.param("it", [100, -100], [0, 40, 101, 150, 200, 100_000], id="Italian"),
        pytest.param("en-gb", [100], [0, 150], id="a language of one country"),
    ],
)
def test_the_unit_follows_the_rule_of_the_language(
    language: str, like_one: list[int], like_two: list[int]
) -> None:
    with translation.override(language):
        (one,) = {filters.in_credits(amount).rpartition(" ")[2] for amount in like_one}
        (two,) = {filters.in_credits(amount).rpartition(" ")[2] for amount in like_two}
    assert one != two


def test_an_amount_is_written_where_no_language_is_spoken() -> None:
    with translation.override(None):
        assert filters.in_credits(0) == "0 credits"
