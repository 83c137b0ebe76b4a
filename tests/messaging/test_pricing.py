"""Personalised quotes: each text rendered, sized and priced; a bad row never fails the rest."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import SmsAccount, User
from messaging import audience, campaigns, quote
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Message, RefusedRow, Revision, RevisionState, SourceChunk, SourceKind
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

TEXT = "Bonjour #name#, votre code est #code#."


@pytest.fixture
def revision(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """An open quote of a text with columns; typed recipients have no values for them."""
    return scenes.compose(
        account, alice, sender, now=now, text=TEXT, numbers=scenes.numbers(2), is_commercial=False
    )


def texts() -> list[str | None]:
    return list(Message.objects.order_by("pk").values_list("text", flat=True))


def reasons(revision: Revision) -> list[tuple[int, str]]:
    found = RefusedRow.objects.filter(revision=revision).order_by("position")
    return list(found.values_list("position", "reason"))


def test_a_typed_text_with_hashes_is_sent_as_it_stands(revision: Revision) -> None:
    assert texts() == [None, None]
    assert revision.state == RevisionState.QUOTED


def test_rows_with_values_get_texts_of_their_own(revision: Revision, now: datetime) -> None:
    rows = [
        ("0612345678", {"name": "Ada", "code": "1"}),
        ("+33612345679", {"name": "É", "code": "2"}),
    ]
    scenes.compose_personalised(revision, rows, now=now)
    assert texts() == ["Bonjour Ada, votre code est 1.", "Bonjour É, votre code est 2."]
    assert (revision.messages, revision.parts, revision.total_hundredths) == (2, 2, 200)


def test_a_longer_text_costs_its_own_parts(revision: Revision, now: datetime) -> None:
    rows = [(n, {"name": "x" * 160 * i, "code": "1"}) for i, n in enumerate(scenes.numbers(2), 0)]
    rows[0][1]["name"] = "x"
    scenes.compose_personalised(revision, rows, now=now)
    parts = list(Message.objects.order_by("pk").values_list("parts", "price_hundredths"))
    assert parts == [(1, 100), (2, 200)]
    assert (revision.parts, revision.total_hundredths) == (3, 300)


def test_a_text_that_comes_out_the_same_is_not_stored(revision: Revision, now: datetime) -> None:
    rows = [(scenes.PHONE, {"name": "#name#", "code": "#code#"})]
    scenes.compose_personalised(revision, rows, now=now)
    assert texts() == [None]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"name": "Ada"}, "NO_VALUE", id="no value"),
        pytest.param({"name": "Ada", "code": " "}, "NO_VALUE", id="a blank value"),
        pytest.param({"name": "A\0", "code": "1"}, "TEXT_NUL", id="nul"),
        pytest.param({"name": "A\ud800", "code": "1"}, "TEXT_LONE_SURROGATE", id="surrogate"),
        pytest.param({"name": "x" * 40_000, "code": "1"}, "TOO_MANY_PARTS", id="256 parts"),
    ],
)
def test_a_row_whose_text_cannot_be_sent_is_refused_alone(
    revision: Revision, now: datetime, values: dict[str, str], reason: str
) -> None:
    good = {"name": "Ada", "code": "1"}
    one, two, three = scenes.numbers(3)
    scenes.compose_personalised(revision, [(one, good), (two, values), (three, good)], now=now)
    assert reasons(revision) == [(2, reason)]
    assert (revision.messages, revision.refused, revision.state) == (2, 1, RevisionState.QUOTED)


def test_a_text_of_invisible_values_shows_nothing(revision: Revision, now: datetime) -> None:
    revision.text = "#name#"
    scenes.compose_personalised(revision, [(scenes.PHONE, {"name": "\u200b"})], now=now)
    assert reasons(revision) == [(1, "TEXT_EMPTY")]


def test_a_refused_row_of_a_file_can_be_stored_whatever_it_held(
    revision: Revision, now: datetime
) -> None:
    scenes.compose_personalised(revision, [("06\0\ud800", {})], now=now)
    assert RefusedRow.objects.get().given == "06\ufffd?"


def test_a_source_is_written_from_a_stream_chunk_by_chunk(revision: Revision) -> None:
    held = 0

    def stream() -> Iterator[tuple[str, dict[str, str]]]:
        nonlocal held
        for number in scenes.numbers(100):
            held += 1
            yield number, {"name": number}
            assert held - 40 * SourceChunk.objects.filter(source__kind="list").count() <= 40

    written = audience.freeze(revision=revision, kind=SourceKind.LIST, rows=stream(), chunk_size=40)
    assert written == 100
    chunks = SourceChunk.objects.filter(source__kind="list").order_by("first_position")
    assert list(chunks.values_list("first_position", "rows")) == [(3, 40), (43, 40), (83, 20)]
    assert revision.rows_total == 102


def test_rows_are_read_from_any_position_to_any_other(revision: Revision) -> None:
    given = [(n, {"at": n}) for n in scenes.numbers(100)]
    audience.freeze(revision=revision, kind=SourceKind.LIST, rows=given, chunk_size=40)
    found = list(audience.rows(revision=revision, after=41, until=90))
    assert [row.position for row in found] == list(range(42, 91))
    assert [(row.given, row.values) for row in found] == given[39:88]


def test_a_chunk_that_was_read_is_not_read_again_for_the_rows_behind_it(
    revision: Revision, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    given = [(n, {"at": n}) for n in scenes.numbers(80)]
    audience.freeze(revision=revision, kind=SourceKind.LIST, rows=given, chunk_size=40)
    # The list of chunks, and the content of one.
    with django_assert_num_queries(2):
        assert len(list(audience.rows(revision=revision, after=42, until=82))) == 40


def test_typed_recipients_win_over_those_of_a_list(revision: Revision, now: datetime) -> None:
    quote.empty(revision=revision)
    rows = [(n, {"name": "Ada", "code": "1"}) for n in scenes.numbers(3)]
    audience.freeze(revision=revision, kind=SourceKind.LIST, rows=rows, chunk_size=40)
    Revision.objects.filter(pk=revision.pk).update(
        state=RevisionState.QUOTING, rows_loaded=0, messages=0, duplicates=0
    )
    quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))
    revision.refresh_from_db()
    assert texts() == [None, None, "Bonjour Ada, votre code est 1."]
    assert (revision.messages, revision.duplicates) == (3, 2)


def test_the_carrier_gets_each_text(
    revision: Revision, carrier: InProcessCarrier, alice: User, now: datetime
) -> None:
    rows = [(scenes.PHONE, {"name": "Ada", "code": "1"})]
    scenes.compose_personalised(revision, rows, now=now)
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )
    scenes.hand_over_all(revision, carrier, now=now)
    assert [m.text for m in carrier.shown_on(scenes.PHONE)] == ["Bonjour Ada, votre code est 1."]
