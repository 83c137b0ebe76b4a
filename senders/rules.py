"""What a sender name may look like.

3 to 11 ASCII letters, digits, spaces and -.,&+_ with at least one letter. Digits alone would pass
for somebody's phone number or short number, so both are named apart. A space at an end or two in a
row cannot be seen and would let two names look the same. Who may use a name is decided in review.
"""

import re
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
