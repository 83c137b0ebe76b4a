"""Phone numbers, against vectors on which two implementations of the numbering plans agree."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import carrier

from accounts import phones
from accounts.operators import range_holder
from accounts.phones import InvalidNumber, Kind, Phone, Reason, display, mask, parse

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "number_vectors.json").read_text(encoding="utf-8")
)
VECTORS: list[dict[str, Any]] = DOCUMENT["vectors"]
GENERATED = {"'+' + '3'*5000": "+" + "3" * 5000}

# What a French mobile, a block beside it or a mistyped one looks like after its prefix.
national = st.one_of(
    st.from_regex(r"[67][0-9]{8}", fullmatch=True),
    st.from_regex(r"(6(3[89]|9[0-9])|7(0[0-9]|[129][0-9]))[0-9]{6}", fullmatch=True),
    st.from_regex(r"[0-9]{7,11}", fullmatch=True),
)
prefixes = st.sampled_from(
    ["+33", "0033", "33", "0", "+33 (0)", "+33(0)", "+330", "+ 33 ", "00 33"]
)
separators = st.sampled_from(["", " ", ".", "-", "\u00a0", "/"])
signs = st.sampled_from("+0123456789 ().-/'#;,e\u200b\u00a0\u0663\0\ud83d")
written = st.builds(str.join, separators, st.builds("{}{}".format, prefixes, national))
garbage = st.one_of(st.text(max_size=60), st.text(signs, max_size=40), st.text(st.characters()))


def verdict(text: str, *, lenient: bool) -> dict[str, Any]:
    """Say what the module makes of a text, in the words of the vectors."""
    try:
        phone = parse(text, lenient=lenient)
    except InvalidNumber as refusal:
        return {"ok": False, "reason": refusal.reason.value}
    return {
        "ok": True,
        "e164": phone.e164,
        "country": phone.country,
        "metro_fr_mobile": phone.is_metropolitan_mobile,
        "range_holder": range_holder(phone.e164),
    }


def outcome(read: Callable[[], Phone]) -> Phone | Reason:
    """Give the number or the reason, so that two ways of reading can be compared."""
    try:
        return read()
    except InvalidNumber as refusal:
        return refusal.reason


@pytest.mark.parametrize("mode", ["strict", "lenient"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_number_is_read_as_the_vector_says(vector: dict[str, Any], mode: str) -> None:
    text = GENERATED[vector["input_expr"]] if vector["input"] is None else vector["input"]

    assert verdict(text, lenient=mode == "lenient") == vector[mode]


def test_reasons_are_those_of_the_vectors() -> None:
    assert [reason.value for reason in Reason] == DOCUMENT["meta"]["reasons"]
    assert [reason.name for reason in Reason] == DOCUMENT["meta"]["reasons"]


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        pytest.param("'+33612345678", "+33612345678", id="apostrophe of a spreadsheet"),
        pytest.param("330612345678", "+33612345678", id="plus lost, trunk zero kept"),
        pytest.param("(+33) 6 12 34 56 78", "+33612345678", id="code in parentheses"),
        pytest.param("06\u201112\u201134\u201156\u201178", "+33612345678", id="typographic dashes"),
        pytest.param("0691221234", "+590691221234", id="Guadeloupe in the national form"),
        pytest.param("0639 01 12 34", "+262639011234", id="Mayotte in the national form"),
    ],
)
def test_files_are_read_leniently(text: str, e164: str) -> None:
    assert parse(text, lenient=True).e164 == e164


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("612345678", Reason.NATIONAL_FORMAT, id="leading zero eaten"),
        pytest.param("061234567", Reason.TOO_SHORT, id="a digit missing"),
        pytest.param("''0612345678", Reason.BAD_CHARS, id="two apostrophes"),
        pytest.param("'", Reason.EMPTY, id="apostrophe alone"),
        pytest.param(" - ", Reason.EMPTY, id="a dash for nothing"),
        pytest.param("+", Reason.INVALID_NUMBER, id="plus alone"),
        pytest.param("+33612345678.0", Reason.BAD_FORMAT, id="float of a whole number"),
        pytest.param("+3361234567.0", Reason.BAD_FORMAT, id="float that would gain a digit"),
        pytest.param("0612345678.00", Reason.BAD_FORMAT, id="float with two decimals"),
        pytest.param("\uff0b33612345678", Reason.BAD_CHARS, id="full-width plus"),
        pytest.param("+33 6)12(345678", Reason.BAD_CHARS, id="parentheses the wrong way"),
        pytest.param("+33612345678\ud83d", Reason.BAD_CHARS, id="half of an emoji"),
        pytest.param("1234567890123456", Reason.TOO_LONG, id="sixteen digits"),
        pytest.param("0" * 5000, Reason.TOO_LONG, id="zeros without end"),
        pytest.param("+979123456789", Reason.UNSUPPORTED_DESTINATION, id="international premium"),
        pytest.param("0800123456", Reason.NOT_MOBILE, id="freephone"),
    ],
)
def test_files_keep_the_reason_of_each_refusal(text: str, reason: Reason) -> None:
    with pytest.raises(InvalidNumber) as refusal:
        parse(text, lenient=True)

    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        pytest.param("3123456789", "IT", "+393123456789", id="Italian mobile"),
        pytest.param("0470 12 34 56", "BE", "+32470123456", id="Belgian mobile"),
        pytest.param("0612345678", "RE", "+33612345678", id="metropolitan seen from Réunion"),
        pytest.param("0692123456", "RE", "+262692123456", id="Réunion from home"),
        pytest.param("751234", "NC", "+687751234", id="six digits are a number in New Caledonia"),
        pytest.param("33612345678", "IT", "+33612345678", id="foreign number whose plus got lost"),
        pytest.param("13123456789", "CN", "+8613123456789", id="eleven digits are national first"),
    ],
)
def test_national_forms_follow_the_country(text: str, country: str, e164: str) -> None:
    assert parse(text, lenient=True, country=country).e164 == e164


def test_an_unknown_country_is_refused_with_a_reason() -> None:
    with pytest.raises(InvalidNumber) as refusal:
        parse("0612345678", lenient=True, country="??")

    assert refusal.value.reason is Reason.UNKNOWN_COUNTRY


def test_kind_says_when_the_plan_does_not_tell() -> None:
    assert parse("+33612345678").kind is Kind.MOBILE
    assert parse("+12025550143").kind is Kind.FIXED_LINE_OR_MOBILE


@given(prefixes, national, separators, separators, st.integers(0, 9), st.booleans())
@settings(deadline=None, max_examples=500)
def test_the_quick_way_agrees_with_the_library(
    prefix: str, digits: str, one: str, other: str, at: int, lenient: bool
) -> None:
    text = prefix + one + digits[:at] + other + digits[at:]

    quick = outcome(lambda: parse(text, lenient=lenient))

    assert quick == outcome(lambda: phones._parse_slowly(text, lenient=lenient, country="FR"))


@given(garbage, st.sampled_from(["FR", "IT", "US"]), st.booleans())
@settings(deadline=None, max_examples=500)
def test_whatever_is_written_is_a_number_or_a_refusal(
    text: str, country: str, lenient: bool
) -> None:
    found = outcome(lambda: parse(text, lenient=lenient, country=country))

    assert isinstance(found, Reason) or parse(found.e164) == found


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
@settings(deadline=None)
def test_an_accepted_number_survives_being_shown(region: str) -> None:
    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(region, kind)
    if example is None:
        return
    phone = parse(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))

    assert parse(phone.e164) == phone
    assert parse(display(phone.e164)) == phone


@given(st.from_regex(r"(33[67]|590690|262692|447|32|393|1202|22170)[0-9]{5,8}", fullmatch=True))
@settings(deadline=None, max_examples=500)
def test_the_range_holder_is_the_one_the_library_names(digits: str) -> None:
    try:
        phone = parse(f"+{digits}")
    except InvalidNumber:
        return
    named = carrier.name_for_number(phonenumbers.parse(phone.e164, None), "fr")

    assert range_holder(phone.e164) == (named or None)


@pytest.mark.parametrize(
    ("e164", "shown", "masked"),
    [
        pytest.param("+33612345678", "+33 6 12 34 56 78", "+33 6 •• •• •• 78", id="France"),
        pytest.param("+12025550143", "+1 202-555-0143", "+1 2••-•••-••43", id="United States"),
        pytest.param("+508551234", "+508 55 12 34", "+508 5• •• 34", id="six digits"),
        pytest.param("VANI", "VANI", "••••", id="a name"),
        pytest.param("36111", "36111", "•••••", id="a short number"),
    ],
)
def test_numbers_are_shown_and_masked(e164: str, shown: str, masked: str) -> None:
    assert display(e164) == shown
    assert mask(e164) == masked


@given(garbage)
@settings(deadline=None)
def test_showing_and_masking_never_fail(text: str) -> None:
    display(text)
    mask(text)
    range_holder(text)


def test_a_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(InvalidNumber) as refusal:
        parse("+3361234567")

    assert str(refusal.value) == "TOO_SHORT"
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("lenient", [False, True])
@given(st.lists(st.one_of(written, st.lists(written).map("\n".join), garbage), max_size=20))
def test_many_numbers_are_read_as_each_alone(lenient: bool, texts: list[str]) -> None:
    alone = [outcome(partial(parse, text, lenient=lenient)) for text in texts]
    assert phones.parse_each(texts, lenient=lenient) == alone


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("", [], id="empty field"),
        pytest.param("+33 6 12 34 56 78", ["+33 6 12 34 56 78"], id="spaces do not separate"),
        pytest.param("a,b;c\td\ne\r\nf", ["a", "b", "c", "d", "e", "f"], id="all separators"),
        pytest.param(" b ,, \u200b;\n a,", ["b", "a"], id="empty pieces dropped, order kept"),
    ],
)
def test_a_typed_field_is_cut_into_numbers(text: str, pieces: list[str]) -> None:
    assert phones.split(text) == pieces


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+" + "3" * 5000, id="five thousand digits"),
        pytest.param("0" * 200_000, id="zeros"),
        pytest.param("(" * 200_000, id="open parentheses"),
        pytest.param("1." * 100_000, id="dots"),
        pytest.param("+33" + " 6" * 100_000, id="spaces"),
        pytest.param("é\u200b" * 100_000, id="format characters"),
        pytest.param("1" * 100_000 + ".0x", id="nearly a float"),
    ],
)
def test_absurd_input_is_refused_quickly(text: str) -> None:
    started = time.perf_counter()

    for lenient in (False, True):
        with pytest.raises(InvalidNumber):
            parse(text, lenient=lenient)

    # Linear work takes hundredths of a second; quadratic work would take minutes.
    assert time.perf_counter() - started < 5
