"""Phone numbers: what somebody wrote becomes one E.164 number, or a reason why not.

The numbering plans are libphonenumber's; what is accepted on top is stricter than its parser (no
letters, no extension, ASCII digits only) and limited to geographic mobile numbers. Strict reading
asks for an international prefix; lenient reading, for files and pastes, also repairs national
forms. A number never appears in an exception: refusals are logged.
"""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache, partial

import phonenumbers
from msgspec import Struct
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberType

# The countries that dial the French national plan; a block of it may lie under another code.
FRENCH_PLAN = frozenset({"FR", "GP", "BL", "MF", "GF", "MQ", "RE", "YT"})
_OVERSEAS = ("+590", "+594", "+596", "+262")
# ITU-T E.164: country code and national number together.
_MAX_DIGITS = 15
_MAX_SHORT_CODE = 6
# A number that lost its plus in a spreadsheet has at least this many digits.
_MIN_WITHOUT_PLUS = 11
_NON_GEOGRAPHIC = "001"

_SEPARATORS = dict.fromkeys(map(ord, " \u00a0\u202f./()-\u2010\u2011\u2013"))
_NUMBER = re.compile(r"\+?[0-9]*")
_BALANCED = re.compile(r"[^()]*(?:\([^()]*\)[^()]*)*")
# A spreadsheet's float: without its dot the number would be one digit longer.
_FLOAT = re.compile(r"[+0-9 ]*[0-9]\.0+")
_BETWEEN = re.compile(r"[\r\n,;\t]+")


class Kind(StrEnum):
    """What the numbering plan says; some countries do not tell fixed from mobile."""

    MOBILE = "mobile"
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"


class Reason(StrEnum):
    """Why a number is refused."""

    EMPTY = "EMPTY"
    BAD_CHARS = "BAD_CHARS"
    BAD_FORMAT = "BAD_FORMAT"
    SHORT_CODE = "SHORT_CODE"
    NATIONAL_FORMAT = "NATIONAL_FORMAT"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"
    UNSUPPORTED_DESTINATION = "UNSUPPORTED_DESTINATION"
    INVALID_NUMBER = "INVALID_NUMBER"
    NOT_MOBILE = "NOT_MOBILE"
    PREMIUM = "PREMIUM"


class InvalidNumber(ValueError):
    """The text is no number that an SMS can be sent to; it carries the reason, not the number."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Phone(Struct, frozen=True, gc=False):
    """A number that an SMS can be sent to."""

    e164: str
    country: str
    kind: Kind

    @property
    def is_metropolitan_mobile(self) -> bool:
        """Tell whether a reply may come: the overseas departments have other country codes."""
        return self.e164.startswith("+33") and self.kind is Kind.MOBILE


_MOBILE = Kind.MOBILE  # looking a member up costs as much as a dictionary
_KINDS = {
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.FIXED_LINE_OR_MOBILE,
}
_PREMIUM = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
_PARSE_ERRORS = {
    NumberParseException.INVALID_COUNTRY_CODE: Reason.UNKNOWN_COUNTRY,
    NumberParseException.TOO_SHORT_AFTER_IDD: Reason.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: Reason.TOO_SHORT,
    NumberParseException.TOO_LONG: Reason.TOO_LONG,
}
_LENGTHS = {
    phonenumbers.ValidationResult.TOO_SHORT: Reason.TOO_SHORT,
    phonenumbers.ValidationResult.TOO_LONG: Reason.TOO_LONG,
}


def _metropolitan_mobile() -> str:
    """Give the library's own pattern of a French mobile, so that both ways always agree."""
    metadata = PhoneMetadata.metadata_for_region("FR")
    if metadata is None or metadata.mobile is None:
        raise RuntimeError("phonenumbers has no metadata of France")
    return f"(?P<national>{metadata.mobile.national_number_pattern})"


# Most numbers of most files, some fifty times as fast as through the library.
_STRICT_FRENCH = re.compile(rf"(?:\+|00)33(?:0|\(0\))?{_metropolitan_mobile()}", re.ASCII)
_LENIENT_FRENCH = re.compile(rf"(?:(?:\+|00)?33(?:0|\(0\))?|0){_metropolitan_mobile()}", re.ASCII)
# Finds each line: what is national in it, nothing where it is no such number.
_LINES = {
    shape: re.compile(rf"^(?:{shape.pattern}|.*)$", re.ASCII | re.MULTILINE)
    for shape in (_STRICT_FRENCH, _LENIENT_FRENCH)
}


def parse(text: str, *, lenient: bool = False, country: str = "FR") -> Phone:
    """Read one number, or raise `InvalidNumber`.

    Lenient reading takes national forms of `country` (ISO alpha-2), a spreadsheet's apostrophe,
    and an international number whose plus got lost. Strict reading does not look at `country`.
    """
    shape = _shape(lenient=lenient, country=country)
    found = shape.fullmatch(text)
    if found is None:
        compact = text.replace(" ", "").replace("-", "")
        # One dot alone may be a spreadsheet's float.
        if compact.count(".") > 1:
            compact = compact.replace(".", "")
        found = shape.fullmatch(compact)
    if found is not None:
        return Phone(f"+33{found['national']}", "FR", _MOBILE)
    return _parse_slowly(text, lenient=lenient, country=country)


def parse_each(
    texts: Sequence[str], *, lenient: bool = False, country: str = "FR"
) -> list[Phone | Reason]:
    """Read numbers as `parse` does: a million of a list, most of them written the same way."""
    shape = _shape(lenient=lenient, country=country)
    # One search over a number in each line takes a third of a search in each number.
    found = _LINES[shape].findall("\n".join(texts).replace(" ", "").replace("-", ""))
    if len(found) != len(texts):
        found = [""] * len(texts)  # one holds a line end
    read = partial(_phone_or_reason, lenient=lenient, country=country)
    pairs = zip(found, texts, strict=True)
    return [Phone(f"+33{n}", "FR", _MOBILE) if n else read(text) for n, text in pairs]


def split(text: str) -> list[str]:
    """Cut a typed field into its numbers, in order; spaces do not separate, numbers have some."""
    pieces = (piece.strip() for piece in _BETWEEN.split(text))
    return [piece for piece in pieces if _visible(piece)]


@lru_cache(maxsize=4096)
def display(e164: str) -> str:
    """Give the number in the international form that people read; lists ask again and again."""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def mask(e164: str) -> str:
    """Give country code, first digit and the last two, for logs and lists; of no number, dots."""
    shown = display(e164)
    code, space, national = shown.partition(" ")
    if not space:
        return "•" * min(len(shown), 8)
    digits = [at for at, character in enumerate(national) if character.isdigit()]
    hidden = set(digits[1:-2])
    return f"{code} " + "".join("•" if at in hidden else c for at, c in enumerate(national))


def _shape(*, lenient: bool, country: str) -> re.Pattern[str]:
    return _LENIENT_FRENCH if lenient and country in FRENCH_PLAN else _STRICT_FRENCH


def _phone_or_reason(text: str, *, lenient: bool, country: str) -> Phone | Reason:
    try:
        return parse(text, lenient=lenient, country=country)
    except InvalidNumber as refusal:
        return refusal.reason


def _parse_slowly(text: str, *, lenient: bool, country: str) -> Phone:
    """Read a number through the library, whatever its spelling."""
    digits = _digits(text, lenient=lenient)
    if digits.startswith("+"):
        return _judged(digits, region=None)
    if lenient:
        return _national(digits, country=country)
    raise InvalidNumber(_without_prefix(digits))


def _digits(text: str, *, lenient: bool) -> str:
    """Drop what people put around and between digits; a prefix comes out as a plus."""
    text = _visible(text)
    if lenient:
        text = text.removeprefix("'").strip()
    if not text:
        raise InvalidNumber(Reason.EMPTY)
    if _FLOAT.fullmatch(text):
        raise InvalidNumber(Reason.BAD_FORMAT)
    digits = _without_trunk_zero(text).translate(_SEPARATORS)
    if not _NUMBER.fullmatch(digits) or not _BALANCED.fullmatch(text):
        raise InvalidNumber(Reason.BAD_CHARS)
    if not digits:
        raise InvalidNumber(Reason.EMPTY)
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _visible(text: str) -> str:
    """Drop format characters (direction marks, zero width, byte order mark) and outer blanks."""
    if not text.isascii():
        formats = [ord(c) for c in set(text) if unicodedata.category(c) == "Cf"]
        text = text.translate(dict.fromkeys(formats))
    return text.strip()


def _without_trunk_zero(text: str) -> str:
    """Drop the (0) of "+33 (0)6", which is dialled inside the country only."""
    code, trunk, rest = text.partition("(0)")
    digits = code.translate(_SEPARATORS).removeprefix("+").removeprefix("00")
    is_code = len(digits) <= 3 and digits.isascii() and digits.isdigit()
    if trunk and is_code and int(digits) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        return code + rest
    return text


def _national(digits: str, *, country: str) -> Phone:
    """Read a number without prefix: national first, then as one that lost its plus."""
    refusal = InvalidNumber(_without_prefix(digits))
    if country in FRENCH_PLAN:
        if digits.startswith("0"):
            return _french(digits)
    else:
        try:
            return _judged(digits, region=country)
        except InvalidNumber as error:
            if refusal.reason is not Reason.SHORT_CODE:
                refusal = error
    if len(digits) >= _MIN_WITHOUT_PLUS and not digits.startswith("0"):
        return _judged(f"+{digits}", region=None)
    raise refusal


def _french(digits: str) -> Phone:
    """Read a national form of the French plan, where some mobile blocks are not under +33."""
    try:
        return _judged(f"+33{digits[1:]}", region=None)
    except InvalidNumber as error:
        refusal = error
    if re.fullmatch(r"0[67][0-9]{8}", digits):
        for code in _OVERSEAS:
            with suppress(InvalidNumber):
                return _judged(code + digits[1:], region=None)
    raise refusal


def _without_prefix(digits: str) -> Reason:
    is_short = len(digits) <= _MAX_SHORT_CODE and not digits.startswith("0")
    return Reason.SHORT_CODE if is_short else Reason.NATIONAL_FORMAT


def _judged(digits: str, *, region: str | None) -> Phone:
    """Ask the library, and accept a valid mobile number of a country only."""
    if len(digits.removeprefix("+")) > _MAX_DIGITS:
        raise InvalidNumber(Reason.TOO_LONG)
    try:
        number = phonenumbers.parse(digits, region)
    except NumberParseException as error:
        raise InvalidNumber(_PARSE_ERRORS.get(error.error_type, Reason.INVALID_NUMBER)) from None
    if (refusal := _refusal(number)) is not None:
        raise InvalidNumber(refusal)
    return Phone(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        country=phonenumbers.region_code_for_number(number) or "",
        kind=_KINDS[phonenumbers.number_type(number)],
    )


def _refusal(number: PhoneNumber) -> Reason | None:
    code = number.country_code or 0
    if phonenumbers.region_code_for_country_code(code) == _NON_GEOGRAPHIC:
        return Reason.UNSUPPORTED_DESTINATION
    length = _LENGTHS.get(phonenumbers.is_possible_number_with_reason(number))
    if length is not None:
        return length
    if not phonenumbers.is_valid_number(number):
        return Reason.INVALID_NUMBER
    kind = phonenumbers.number_type(number)
    if kind in _PREMIUM:
        return Reason.PREMIUM
    return None if kind in _KINDS else Reason.NOT_MOBILE
