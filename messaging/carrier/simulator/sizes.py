"""How many parts the carrier counts for a text, on its own authority.

Written apart from the platform's arithmetic, so that a mistake there shows as a difference here.
A part holds 160 septets or 70 UTF-16 units alone, 153 or 67 behind a header; an escape pair or a
surrogate pair is never split (3GPP TS 23.038 and TS 23.040). Pure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_ONE_SEPTET = frozenset(
    "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ"
)
_TWO_SEPTETS = frozenset("\f[\\]^{|}~€")
_SEVEN_BIT = _ONE_SEPTET | _TWO_SEPTETS
# Nearly all that is sent is of these alone, which is soon found out.
_SEVEN_BIT_NARROW = re.compile(f"[{re.escape(''.join(sorted(_ONE_SEPTET)))}]*")
# The same in UTF-8, of those that have one byte there.
_PLAIN = "".join(sorted(_ONE_SEPTET)).encode("ascii", "ignore")
_WIDE_OF_SEVEN_BIT = re.compile(f"[{re.escape(''.join(sorted(_TWO_SEPTETS)))}]")
_WIDE_OF_UTF16 = re.compile("[\U00010000-\U0010ffff]")


def count_parts(text: str) -> int:
    """Count the parts of a text as it is sent, clause included; 0 for the empty text."""
    alone, behind_header, wide = 160, 153, _WIDE_OF_SEVEN_BIT
    units = len(text)
    if not _SEVEN_BIT_NARROW.fullmatch(text):
        if _SEVEN_BIT.issuperset(text):
            units += len(wide.findall(text))
        else:
            alone, behind_header, wide = 70, 67, _WIDE_OF_UTF16
            units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if units <= alone or units == len(text):
        return _fill(units, alone, behind_header)
    return _pack(text, wide=wide, room=behind_header)


def count_parts_of_each(texts: Sequence[str], *, clause: str) -> list[int]:
    """Count the parts of texts with the same clause.

    All are looked through at once for what is not plain: mostly nothing or an accent, and the same
    of many.
    """
    whole = "\0".join(texts)
    others = whole.encode(errors="surrogatepass").translate(None, _PLAIN).split(b"\0")
    if len(others) != len(texts):  # a text has the mark that parts them
        return [count_parts(text + clause) for text in texts]
    more = len(clause)
    rooms = {other: _room(other, clause) for other in set(others)}
    return [
        _fill(len(text) + more, *room) if (room := rooms[other]) else count_parts(text + clause)
        for text, other in zip(texts, others, strict=True)
    ]


def _room(other: bytes, clause: str) -> tuple[int, int] | None:
    """Tell what a part holds, alone and behind a header, if no character takes two of that.

    `other` is what the text has beside plain characters.
    """
    found = set(other.decode(errors="surrogatepass") + clause)
    if found <= _ONE_SEPTET:
        return 160, 153
    has_pairs = found <= _SEVEN_BIT or max(found) > "\uffff"
    return None if has_pairs else (70, 67)


def _fill(units: int, alone: int, behind_header: int) -> int:
    return min(units, 1) if units <= alone else -(-units // behind_header)


@lru_cache(maxsize=4096)
def _pack(text: str, *, wide: re.Pattern[str], room: int) -> int:
    """Fill part after part; a pair that does not fit leaves one unit empty."""
    pairs = {found.start() for found in wide.finditer(text)}
    parts, used = 1, 0
    for at in range(len(text)):
        width = 2 if at in pairs else 1
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts
