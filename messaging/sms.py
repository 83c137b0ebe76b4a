"""The arithmetic of an SMS: alphabet, units, parts, the STOP clause, what forces Unicode.

The parts counted here are the parts sent and charged. Texts are packed as a carrier packs them
(3GPP TS 23.038 and TS 23.040): a pair of units that makes one character stays in one part, so a
part may be one unit short and a division would count too few. National language tables are not
used. Nothing is replaced behind the writer's back: look-alikes are offered, never applied.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

ADVISED_PARTS = 8
MAX_PARTS = 255

# In code order from 0x00 to 0x7F; 0x1B only announces the extension table.
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_ESCAPE = "\x1b"
# Reached through the escape, hence two units each.
GSM_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}


class Alphabet(StrEnum):
    """How the text travels: seven bits a unit, or sixteen."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


class Problem(StrEnum):
    """Why a text cannot be written into a message at all."""

    EMPTY = "empty"
    NUL = "nul"
    LONE_SURROGATE = "lone_surrogate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a text weighs. `remaining` units fit before one more part is needed."""

    alphabet: Alphabet
    units: int
    parts: int
    per_part: tuple[int, ...]
    remaining: int
    offending: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A text with its look-alikes in, and each (character, replacement, times) that changed."""

    text: str
    changes: tuple[tuple[str, str, int], ...]


# Units of the only part, and of each of several: the rest carries the header that joins them.
_SINGLE_AND_JOINED = {Alphabet.GSM7: (160, 153), Alphabet.UCS2: (70, 67)}
_BASIC = frozenset(GSM_BASIC) - {GSM_ESCAPE}
_GSM = _BASIC.union(GSM_EXTENSION.values())
# All but ten Greek capitals are in Latin-1, of which bytes drop what they know six times as fast
# as an expression finds it.
_BASIC_LATIN = "".join(sorted(_BASIC)).encode("latin-1", "ignore")
_BASIC_ONLY = re.compile(f"[{re.escape(''.join(sorted(_BASIC)))}]*")
_OUTSIDE = re.compile(f"[^{re.escape(''.join(sorted(_GSM)))}]")
_LEADS, _TRAILS = range(0xD8, 0xDC), range(0xDC, 0xE0)


def measure(text: str, *, clause: str = "") -> Size:
    """Give the size of the text as it would be sent, the clause on a line of its own included.

    Only line ends are made LF first. The empty text without a clause has no part. The alphabet is
    that of the whole: one character outside GSM makes the clause Unicode too. Lone surrogates are
    counted, not refused (`problem` is for that).
    """
    sent = _sent(text, clause)
    if _is_basic(sent):
        return _plain_size(len(sent))
    offending = tuple(dict.fromkeys(_OUTSIDE.findall(sent)))
    if not offending:
        return _gsm_size(sent)
    return _size(Alphabet.UCS2, _ucs2_parts(sent.encode("utf-16-be", "surrogatepass")), offending)


def count_parts(text: str, *, clause: str = "") -> tuple[Alphabet, int]:
    """Give the alphabet and the number of parts alone, as `measure` has them: lists are long."""
    sent = _sent(text, clause)
    if _is_basic(sent):
        return Alphabet.GSM7, _plain_size(len(sent)).parts
    if not _OUTSIDE.search(sent):
        return Alphabet.GSM7, _gsm_size(sent).parts
    parts = _ucs2_parts(sent.encode("utf-16-be", "surrogatepass"))
    return Alphabet.UCS2, sum(1 for _part in parts)


def stop_clause(number: str) -> str:
    """Give what a commercial text from a name ends with, its own line feed included."""
    return f"\nSTOP:{number}"


def normalise(text: str) -> str:
    """Give the text as the doors keep it: line ends are LF, letters composed (NFC).

    Composing never changes what is read, and decomposed letters would force Unicode.
    """
    text = _with_lf(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def problem(text: str) -> Problem | None:
    """Tell why the doors must refuse the text, if they must.

    NUL and lone surrogates cannot be stored. Other control characters can be, and are measured as
    Unicode, which the counter shows. Empty is whatever shows nothing on a phone.
    """
    if "\0" in text:
        return Problem.NUL
    try:
        text.encode()
    except UnicodeEncodeError:
        return Problem.LONE_SURROGATE
    return None if _shows_something(text) else Problem.EMPTY


def replace_lookalikes(text: str) -> Replacement:
    """Offer the text with GSM look-alikes for the characters that force Unicode.

    Works on the normalised text. Emoji and other scripts stay, and so does then what is invisible,
    because it may join or turn them and the text stays Unicode anyway.
    """
    text = normalise(text)
    found = {character: _lookalike(character) for character in _OUTSIDE.findall(text)}
    stays = None in found.values()
    table = {old: new for old, new in found.items() if new or (new == "" and not stays)}
    return Replacement(
        text=text.translate({ord(old): new for old, new in table.items()}),
        changes=tuple((old, new, text.count(old)) for old, new in table.items()),
    )


def _sent(text: str, clause: str) -> str:
    sent = _with_lf(text)
    if clause:
        sent += clause if clause.startswith("\n") else f"\n{clause}"
    return sent


def _with_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _is_basic(text: str) -> bool:
    try:
        return not text.encode("latin-1").translate(None, _BASIC_LATIN)
    except UnicodeEncodeError:
        return _BASIC_ONLY.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _plain_size(units: int) -> Size:
    """Give the size of a text of basic characters, which its length decides alone."""
    return _size(Alphabet.GSM7, _gsm_parts("x" * units))


def _gsm_size(text: str) -> Size:
    """Give the size of a text with extension characters; in one part nothing can be split."""
    # Ten replacements are four times as fast as one regular expression, or `str.translate`.
    for character in GSM_EXTENSION.values():
        text = text.replace(character, GSM_ESCAPE + character)
    if len(text) <= _SINGLE_AND_JOINED[Alphabet.GSM7][0]:
        return _plain_size(len(text))
    return _size(Alphabet.GSM7, _gsm_parts(text))


def _size(alphabet: Alphabet, parts: Iterator[int], offending: tuple[str, ...] = ()) -> Size:
    per_part = tuple(parts)
    single, joined = _SINGLE_AND_JOINED[alphabet]
    room = joined if len(per_part) > 1 else single
    return Size(
        alphabet=alphabet,
        units=sum(per_part),
        parts=len(per_part),
        per_part=per_part,
        remaining=room - (per_part[-1] if per_part else 0),
        offending=offending,
    )


def _gsm_parts(septets: str) -> Iterator[int]:
    """Give the units of each part; an escape takes the character behind it along."""
    single, joined = _SINGLE_AND_JOINED[Alphabet.GSM7]
    room = single if len(septets) <= single else joined
    start = 0
    while start < len(septets):
        end = min(start + room, len(septets))
        if septets[end - 1] == GSM_ESCAPE:
            end -= 1
        yield end - start
        start = end


def _ucs2_parts(octets: bytes) -> Iterator[int]:
    """Give the units of each part of a UTF-16BE text; a surrogate pair stays together."""
    single, joined = _SINGLE_AND_JOINED[Alphabet.UCS2]
    room = 2 * (single if len(octets) <= 2 * single else joined)
    start = 0
    while start < len(octets):
        end = min(start + room, len(octets))
        if end < len(octets) and octets[end - 2] in _LEADS and octets[end] in _TRAILS:
            end -= 2
        yield (end - start) // 2
        start = end


# What Unicode does not decompose into what it looks like.
_LOOKALIKES = (
    dict.fromkeys("‘’‚‛‹›′ʹʻʼˈ`´", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—―⁃−", "-")
    | dict.fromkeys("•‣∙", "-")
    | dict.fromkeys("\u2028\u2029", "\n")
    | {"\t": " ", "·": ".", "°": "o", "µ": "u", "×": "x", "÷": "/", "⁄": "/", "→": "->"}
    | {"©": "(c)", "®": "(r)", "™": "(tm)", "œ": "oe", "Œ": "OE", "ẞ": "SS"}
    | {"ı": "i", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H"}
    | {"þ": "th", "Þ": "Th"}
)
# Shown as nothing though Unicode calls them letters, symbols or marks.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATIONS = range(0xFE00, 0xFE10)
# Those that stand alone because no composed letter exists.
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
# Decomposed, 1½ would read 11/2, and ② a plain 2.
_KEPT_WHOLE = ("<fraction>", "<circle>")


def _shows_something(text: str) -> bool:
    first = text[:1]
    if first.isascii() and first.isalnum():
        return True
    return not all(character.isspace() or _is_invisible(character) for character in set(text))


def _is_invisible(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Cf", "Cc"}
        or character in _BLANKS
        or ord(character) in _VARIATIONS
    )


def _lookalike(character: str) -> str | None:
    """Give what reads like the character within GSM, "" for the invisible, None for nothing."""
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if _is_invisible(character) or character in _ACCENTS:
        return ""
    if unicodedata.category(character) == "Zs":
        return " "
    if unicodedata.decomposition(character).startswith(_KEPT_WHOLE):
        return None
    letters = (c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    plain = "".join(_LOOKALIKES.get(letter, letter) for letter in letters)
    return plain if plain.strip() and _GSM.issuperset(plain) else None
