"""Pricing many rows at once: what is found out of all together is what is true of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.phones import Kind, Phone
from messaging.audience import Recipients, Segment, Values
from messaging.models import Revision
from messaging.pricing import Pricing
from senders.models import Sender, SenderKind

CLAUSE = "\nSTOP:36111"
Told = list[tuple[str, str | None, int, int]]

values = st.one_of(
    st.sampled_from(
        ["Ada", "É", "ç", "€ 5", "Ω", "", " ", "\u200b", "\r\n", "e\u0301", "a\0", "\ud800", "😀"]
    ),
    st.sampled_from(
        ["x" * 150, "x" * 154, "ç" * 70, "x" * 40_000, "exemple.fr", "fin.Debut", "#a#"]
    ),
    st.text(max_size=8),
)
rows = st.one_of(st.none(), st.fixed_dictionaries({"a": values}, optional={"b": values}))
texts = st.sampled_from(["#a#", "#a##b#", "Bonjour #a#, a #b#. #a#", "été #a#", "l’œuf #a#", "no"])
kind = st.sampled_from([SenderKind.ALPHANUMERIC, SenderKind.SHORT])


def priced(
    several: list[Values], *, text: str, kind: str, clause: str
) -> tuple[Told, list[tuple[int, str]]]:
    """Price rows of one segment; give number, text, parts and price of each, and who is refused."""
    revision = Revision(text=text, clause=clause, is_commercial=False, sender=Sender(kind=kind))
    places = list(range(len(several)))
    made = [Phone(f"+336123{at:05d}", "FR", Kind.MOBILE) for at in places]
    given = [phone.e164 for phone in made]
    segment = Segment(
        last_position=len(several), recipients=Recipients(places, given, several, made)
    )
    groups = Pricing(revision=revision, prices={"FR": 100}).by_calendar(segment)
    told: Told = []
    for group in groups:
        m = group.messages
        told += zip(m.recipient, m.text, m.parts, m.price_hundredths, strict=True)
        assert group.total.messages == len(m.recipient)
        assert group.total.parts == sum(m.parts)
    return told, [(row.position, row.reason) for row in segment.refused]


@given(st.lists(rows, max_size=6), texts, kind, st.sampled_from(["", CLAUSE]))
def test_rows_get_what_they_would_get_beside_one_that_needs_care(
    several: list[Values], text: str, kind: str, clause: str
) -> None:
    # NUL in one text makes all of them be looked at one by one.
    odd: list[Values] = [{"a": "\0", "b": "b"}]
    told, refused = priced(several, text=text, kind=kind, clause=clause)
    with_care, all_refused = priced(several + odd, text=text, kind=kind, clause=clause)
    if "#" in text:
        assert all_refused.pop() == (len(several), "TEXT_NUL")
    else:
        with_care.pop()
    assert (told, refused) == (with_care, all_refused)


@given(st.lists(rows, max_size=6), texts, kind, st.sampled_from(["", CLAUSE]))
def test_each_row_gets_what_it_would_get_alone(
    several: list[Values], text: str, kind: str, clause: str
) -> None:
    told, refused = priced(several, text=text, kind=kind, clause=clause)
    alone = [priced([row], text=text, kind=kind, clause=clause) for row in several]
    assert [one[1:] for one in told] == [one[1:] for kept, _refused in alone for one in kept]
    reasons = [(at, why) for at, (_kept, no) in enumerate(alone) for _at, why in no]
    assert refused == reasons


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, "NO_VALUE", id="no value"),
        pytest.param(" ", "NO_VALUE", id="a blank value"),
        pytest.param("\0", "TEXT_NUL", id="nul"),
        pytest.param("x" * 40_000, "TOO_MANY_PARTS", id="256 parts"),
        pytest.param("exemple.fr", "LINK", id="a link that the short number may not carry"),
    ],
)
def test_a_refused_row_is_refused_where_it_stands(value: str | None, reason: str) -> None:
    odd = {} if value is None else {"a": value}
    good = {"a": "Ada"}
    told, refused = priced([good, odd, good], text="#a#", kind=SenderKind.SHORT, clause=CLAUSE)
    assert refused == [(1, reason)]
    assert told == [("+33612300000", "Ada", 1, 100), ("+33612300002", "Ada", 1, 100)]
