"""What long lists repeat."""

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import pgettext_lazy

from accounts.templatetags import pieces

SENT = pgettext_lazy("message", "Sent")


def badge(**context: object) -> str:
    source = "{% load pieces %}{% badge words tone %}"
    return Template(source).render(Context({"tone": "good"} | context))


def test_a_badge_is_the_component_of_that_name() -> None:
    component = render_to_string("components/_badge.html", {"words": "Left", "tone": "good"})
    assert badge(words="Left") == component
    assert badge(words="Left") == component


def test_a_badge_is_remembered_for_each_language_and_tone() -> None:
    seen = set()
    for language in ("en", "fr", "en"):
        with translation.override(language):
            seen |= {badge(words=SENT), badge(words=SENT, tone="bad")}
    assert len(seen) == 4


def test_words_in_a_badge_are_no_markup() -> None:
    assert "&lt;b&gt;" in badge(words="<b>")


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [("", 4, ""), ("four", 4, "four"), ("fives", 4, "fiv…"), ("in two", 4, "in…")],
)
def test_an_excerpt_has_dots_if_there_is_more(text: str, length: int, expected: str) -> None:
    assert pieces.excerpt(text, length) == expected
