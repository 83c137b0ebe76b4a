"""What a sender name may look like, and what staff and its owner are told about one that may.

3 to 11 ASCII letters, digits, spaces and -.,&+_ with at least one letter. Digits alone would pass
for somebody's phone number or short number, so both are named apart. A space at an end or two in a
row cannot be seen and would let two names look the same. A name is compared with protected ones by
what the eye makes of it: 0range is Orange. Pure; who may use a name is decided in review.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

SHORTEST = 3
LONGEST = 11
_ALLOWED = re.compile(r"[A-Za-z0-9 \-.,&+_]*")
_LETTER = re.compile(r"[A-Za-z]")
# The longest short numbers have 6 digits; a phone number has more.
_LONGEST_SHORT_NUMBER = 6


class Problem(StrEnum):
    """What is wrong with a name; codes for whoever words it."""

    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    BAD_CHARS = "BAD_CHARS"
    HIDDEN_SPACE = "HIDDEN_SPACE"
    NO_LETTER = "NO_LETTER"
    SHORT_NUMBER = "SHORT_NUMBER"
    PHONE_NUMBER = "PHONE_NUMBER"
    TAKEN = "TAKEN"


class Caution(StrEnum):
    """What somebody should know of a name that may be asked for."""

    RESEMBLES = "RESEMBLES"
    SPACE = "SPACE"
    PUNCTUATION = "PUNCTUATION"


class Caveat(StrEnum):
    """What becomes of names on their way to some countries."""

    REPLACED = "REPLACED"
    NUMBERS_ONLY = "NUMBERS_ONLY"
    FILTERED = "FILTERED"


# As operators had it in 2016; they change it without a word, so it is told and decides nothing.
CAVEATS: dict[Caveat, tuple[str, ...]] = {
    Caveat.REPLACED: (
        "BE", "BR", "CN", "DE", "IN", "KR", "KZ", "QA", "RE", "RU", "US", "VN", "YT",
    ),
    Caveat.NUMBERS_ONLY: ("AE", "CA", "GB", "ID"),
    Caveat.FILTERED: (
        "AZ", "DZ", "EG", "FI", "GF", "HK", "JO", "KW", "LK", "MA", "MQ", "NC", "NO", "NZ", "PL",
        "PT", "RO", "TN", "TR", "TW", "ZA",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything there is to say about a name."""

    problems: tuple[Problem, ...]
    cautions: tuple[Caution, ...]
    resembled: tuple[str, ...]


def tell(name: str, *, taken: Collection[str], protected: Iterable[str]) -> Told:
    """Say all at once, for a page; `taken` are the names that the account has."""
    found = (*problems(name), *((Problem.TAKEN,) if name in taken else ()))
    like = resembled(name, protected=protected)
    checks = {
        Caution.RESEMBLES: bool(like),
        Caution.SPACE: " " in name,
        Caution.PUNCTUATION: bool(re.search(r"[\-.,&+_]", name)),
    }
    cautions = tuple(caution for caution, holds in checks.items() if holds)
    return Told(problems=found, cautions=cautions, resembled=like)


def problems(name: str) -> tuple[Problem, ...]:
    """Name everything that is wrong with a sender name; empty when nothing is."""
    checks = {
        Problem.TOO_SHORT: len(name) < SHORTEST,
        Problem.TOO_LONG: len(name) > LONGEST,
        Problem.BAD_CHARS: not _ALLOWED.fullmatch(name),
        Problem.HIDDEN_SPACE: name != name.strip(" ") or "  " in name,
    }
    found = [problem for problem, wrong in checks.items() if wrong]
    if not _LETTER.search(name):
        found.append(_without_letter(name))
    return tuple(found)


def _without_letter(name: str) -> Problem:
    digits = sum(c.isdigit() for c in name)
    if digits < SHORTEST:
        return Problem.NO_LETTER
    return Problem.SHORT_NUMBER if digits <= _LONGEST_SHORT_NUMBER else Problem.PHONE_NUMBER


# What the eye takes for what; each to one of the characters that look alike.
_ALIKE = str.maketrans("01lj23456789", "oiiizeasgtbg")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_APART = re.compile(r"[^a-z0-9]+")
# Shorter ones stand in many words by chance: they are compared with whole words only.
_SHORTEST_INSIDE = 5
_SHORTEST_MISTYPED = 6
_SHORTEST_CUT = 9


def skeleton(text: str) -> str:
    """Reduce a text to what it looks like: two texts with the same skeleton can be mixed up."""
    bare = _APART.sub("", text.lower())
    for pair, single in _PAIRS:
        bare = bare.replace(pair, single)
    return bare.translate(_ALIKE)


def resembled(name: str, *, protected: Iterable[str]) -> tuple[str, ...]:
    """Give the protected names that somebody may take a name for."""
    seen = skeleton(name)
    words = {skeleton(word) for word in _APART.split(name.lower())}
    return tuple(p for p in protected if _looks_like(seen, words, skeleton(p)))


def _looks_like(seen: str, words: set[str], known: str) -> bool:
    if not known or not seen:
        return False
    if seen == known or known in words:
        return True
    is_inside = len(known) >= _SHORTEST_INSIDE and (seen.startswith(known) or seen.endswith(known))
    is_cut = len(seen) >= _SHORTEST_CUT and known.startswith(seen)
    return is_inside or is_cut or (len(known) >= _SHORTEST_MISTYPED and _one_apart(seen, known))


def _one_apart(one: str, other: str) -> bool:
    """Tell whether one character more, less or different makes one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    pairs = enumerate(zip(short, long, strict=False))
    same = next((place for place, (a, b) in pairs if a != b), len(short))
    return short[same:] == long[same + 1 :] or short[same + 1 :] == long[same + 1 :]
