"""The arithmetic of an SMS, against vectors whose sizes several implementations agree on."""

import json
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import sms
from messaging.sms import Alphabet, Problem, measure, normalise, problem, replace_lookalikes

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "gsm_vectors.json").read_text(encoding="utf-8")
)["vectors"]
ALPHABETS = {"GSM-7": Alphabet.GSM7, "UCS-2": Alphabet.UCS2}
CLAUSES = {"stop11": "STOP:36111", "stop14": "STOP au 36111"}

gsm_characters = st.sampled_from(sorted(set(sms.GSM_BASIC + "^{}[]~|€\\\f") - {"\x1b", "\r"}))
typical = st.sampled_from("ae€[ê😀👍\u200d\r\n")
texts = st.text(st.one_of(typical, st.characters()), max_size=400)
written = st.text(st.one_of(typical, st.characters(exclude_categories=["Cs"])), max_size=400)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_text_weighs_what_the_vector_says(vector: dict[str, Any]) -> None:
    size = measure(vector["text"])

    assert size.alphabet is ALPHABETS[vector["encoding"]]
    assert size.units == vector["units"]
    assert size.parts == vector["segments"]
    assert list(size.per_part) == vector["per_segment"]


@given(texts, st.sampled_from(["", "STOP:36111", "\nSTOP au 36111"]))
def test_counting_parts_alone_gives_the_same(text: str, clause: str) -> None:
    size = measure(text, clause=clause)
    assert sms.count_parts(text, clause=clause) == (size.alphabet, size.parts)


@given(st.text(st.one_of(gsm_characters, st.characters()), max_size=200))
def test_a_text_is_gsm_exactly_when_each_character_is(text: str) -> None:
    known = set(sms.GSM_BASIC + "".join(sms.GSM_EXTENSION.values())) - {sms.GSM_ESCAPE}
    is_gsm = known.issuperset(text.replace("\r", "\n"))
    assert (measure(text).alphabet is Alphabet.GSM7) == is_gsm


@pytest.mark.parametrize("name", CLAUSES)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_clause_weighs_with_the_text(vector: dict[str, Any], name: str) -> None:
    size = measure(vector["text"], clause=CLAUSES[name])

    expected = vector[name]
    assert size.alphabet is ALPHABETS[expected["encoding"]]
    assert (size.units, size.parts) == (expected["units"], expected["segments"])


@pytest.mark.parametrize(
    ("parts", "gsm", "unicode", "gsm_with_clause", "unicode_with_clause"),
    [
        pytest.param(1, 160, 70, 149, 59, id="one part"),
        pytest.param(2, 306, 134, 295, 123, id="two parts"),
        pytest.param(3, 459, 201, 448, 190, id="three parts"),
        pytest.param(8, 1224, 536, 1213, 525, id="eight parts"),
        pytest.param(255, 39015, 17085, 39004, 17074, id="as many parts as there can be"),
    ],
)
def test_published_limits_hold(
    parts: int, gsm: int, unicode: int, gsm_with_clause: int, unicode_with_clause: int
) -> None:
    clause = sms.stop_clause("36111")
    for text, limit, ending in (
        ("a", gsm, ""),
        ("ê", unicode, ""),
        ("a", gsm_with_clause, clause),
        ("ê", unicode_with_clause, clause),
    ):
        assert measure(text * limit, clause=ending).parts == parts
        assert measure(text * limit, clause=ending).remaining == 0
        assert measure(text * (limit + 1), clause=ending).parts == parts + 1


def test_the_clause_stands_on_its_own_line() -> None:
    assert sms.stop_clause("36111") == "\nSTOP:36111"
    assert measure("", clause="STOP:36111") == measure("", clause="\nSTOP:36111")
    assert measure("", clause="STOP:36111").units == 11
    assert measure("Sale\r", clause="\nSTOP:36111").units == 16


def test_an_escape_pair_is_never_split() -> None:
    size = measure("a" * 152 + "€" + "a" * 152)

    assert size.units == 306
    assert size.per_part == (152, 153, 1)


def test_a_surrogate_pair_is_never_split() -> None:
    assert measure("ê" * 66 + "😀" + "ê" * 4).per_part == (66, 6)


def test_remaining_is_what_fits_before_one_more_part() -> None:
    assert measure("").remaining == 160
    assert measure("a" * 150).remaining == 10
    assert measure("a" * 161).remaining == 145
    assert measure("ê" * 60).remaining == 10
    assert measure("ê" * 71).remaining == 63


def test_offending_characters_come_once_and_in_order_of_appearance() -> None:
    assert measure("L’œuf… l’été, ça [€]").offending == ("’", "œ", "…", "ç")
    assert measure("L'été [€]").offending == ()


def test_the_escape_is_no_character() -> None:
    assert measure("\x1b").offending == ("\x1b",)


def test_the_tables_show_the_whole_alphabet() -> None:
    assert len(sms.GSM_BASIC) == 128
    assert sms.GSM_BASIC.index(sms.GSM_ESCAPE) == 0x1B
    assert sms.GSM_BASIC[0x41:0x44] == "ABC"
    assert sms.GSM_BASIC[0x7F] == "à"
    for character in sms.GSM_EXTENSION.values():
        assert measure(character).units == 2


@given(texts)
def test_the_parts_add_up_and_none_is_too_long(text: str) -> None:
    size = measure(text)

    single, joined = (160, 153) if size.alphabet is Alphabet.GSM7 else (70, 67)
    assert sum(size.per_part) == size.units
    assert len(size.per_part) == size.parts
    assert all(0 < units <= (single if size.parts == 1 else joined) for units in size.per_part)
    assert all(units >= joined - 1 for units in size.per_part[:-1])
    assert bool(size.offending) == (size.alphabet is Alphabet.UCS2)


@given(written, st.sampled_from(["", "STOP:36111"]))
def test_no_pair_is_split_between_two_parts(text: str, clause: str) -> None:
    size = measure(text, clause=clause)

    sent = text.replace("\r\n", "\n").replace("\r", "\n") + ("\n" + clause if clause else "")
    if size.alphabet is Alphabet.GSM7:
        weights = [2 if character in sms.GSM_EXTENSION.values() else 1 for character in sent]
    else:
        weights = [len(character.encode("utf-16-le")) // 2 for character in sent]
    assert set(accumulate(size.per_part)) <= set(accumulate(weights))
    assert size.units == sum(weights)


@given(written, st.text(typical, max_size=20))
def test_writing_on_never_takes_parts_away(text: str, more: str) -> None:
    sizes = [measure(text + more[:length]) for length in range(len(more) + 1)]

    assert all(before.parts <= after.parts for before, after in pairwise(sizes))


@given(st.text(gsm_characters, max_size=700))
def test_what_remains_can_be_written_for_free(text: str) -> None:
    size = measure(text)

    assert measure(text + "x" * size.remaining).parts == max(size.parts, 1)
    assert measure(text + "x" * (size.remaining + 1)).parts == max(size.parts, 1) + 1


@given(texts)
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once
    assert measure(once) == measure(normalise(once))
    assert "\r" not in once


def test_normalising_composes_letters_and_keeps_blanks() -> None:
    assert normalise(" de\u0301ja\u0300\r\nvu \r") == " déjà\nvu \n"
    assert normalise("L’œuf") == "L’œuf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Problem.EMPTY, id="empty"),
        pytest.param(" \r\n\t\u00a0", Problem.EMPTY, id="white space only"),
        pytest.param("\u200b\ufeff\u2060", Problem.EMPTY, id="zero width only"),
        pytest.param("\u3164\u2800\ufe0f", Problem.EMPTY, id="blank letters only"),
        pytest.param("\x1b\x7f", Problem.EMPTY, id="control characters only"),
        pytest.param("a\0b", Problem.NUL, id="NUL inside"),
        pytest.param("\0", Problem.NUL, id="NUL alone"),
        pytest.param("a\ud83d", Problem.LONE_SURROGATE, id="half of an emoji"),
        pytest.param("😀", None, id="a whole emoji"),
        pytest.param(".", None, id="one character"),
        pytest.param("a\x1b\f", None, id="other control characters"),
    ],
)
def test_doors_refuse_what_cannot_be_a_message(text: str, expected: Problem | None) -> None:
    assert problem(text) is expected


@given(texts)
def test_what_the_doors_let_in_can_be_stored(text: str) -> None:
    if problem(text) is None:
        assert "\0" not in text
        assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("L’été « à bientôt »…", 'L\'été " à bientot "...', id="French typography"),
        pytest.param("“Oui” – ‘non’ — ‑", "\"Oui\" - 'non' - -", id="quotes and dashes"),
        pytest.param("\u00a0\u202f\t\u200b.", "   .", id="blanks and zero width"),
        pytest.param("ç ê ë ï â î û ÿ œ", "c e e i a i u y oe", id="small letters"),
        pytest.param("À È Ù Â Ê Î Ô Û Œ", "A E U A E I O U OE", id="capitals"),
        pytest.param("Zażółć gęślą, İı şğ", "Zazolc gesla, Ii sg", id="Polish and Turkish"),
        pytest.param("\u2126 \u212b", "Ω Å", id="signs that are letters of the alphabet"),
        pytest.param("n°5 `x´ 50 m² ﬁn", "no5 'x' 50 m2 fin", id="signs"),
        pytest.param("x\u0302", "x", id="an accent without a composed letter"),
        pytest.param("1½ ②", "1½ ②", id="what would read as another number"),
    ],
)
def test_lookalikes_are_offered(text: str, expected: str) -> None:
    assert replace_lookalikes(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Été: à 10€ [où?] ÄÖÜß", id="all in the alphabet"),
        pytest.param("👩\u200d👧 ❤\ufe0f", id="emoji with what joins them"),
        pytest.param("Привет Αθήνα 日本 שלום", id="other scripts"),
    ],
)
def test_what_has_no_lookalike_stays(text: str) -> None:
    assert replace_lookalikes(text) == sms.Replacement(text=text, changes=())


def test_changes_name_each_character_and_how_often() -> None:
    replacement = replace_lookalikes("L’œuf d’oie 👍")

    assert replacement.text == "L'oeuf d'oie 👍"
    assert replacement.changes == (("’", "'", 2), ("œ", "oe", 1))


@given(texts)
def test_replacing_touches_offending_characters_only(text: str) -> None:
    replacement = replace_lookalikes(text)

    assert {old for old, _, _ in replacement.changes} <= set(measure(normalise(text)).offending)
    assert all(measure(new).alphabet is Alphabet.GSM7 for _, new, _ in replacement.changes)
    assert replace_lookalikes(replacement.text).text == replacement.text
