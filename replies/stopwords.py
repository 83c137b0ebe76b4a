"""Words by which people ask for silence, or who it is that writes.

A text is a STOP if it is one of the words, whatever its letters, accents, blanks and punctuation,
or STOP and then the number it is sent to or the name of the sender. A sentence in which the word
occurs is none. CONTACT alone asks who the sender is. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

STOP_WORDS = frozenset(
    {
        "STOP", "STOPALL", "ARRET", "ARRETER", "UNSUBSCRIBE", "DESABONNER", "DESINSCRIRE",
        "CANCEL", "END", "QUIT", "OPTOUT", "CANCELLA", "BASTA", "DISISCRIVI",
    }
)  # fmt: skip
# A longer text is a sentence.
_LONGEST = 80
_NUMBER = re.compile(r"(?:AU )?([0-9]{3,15})")


class Word(StrEnum):
    """What a text asks for."""

    NONE = "none"
    STOP = "stop"
    # STOP and then something else: to be compared with the numbers and names it may mean.
    STOP_OF = "stop of"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text asks for; `target` is what follows STOP in a STOP_OF, in plain letters."""

    word: Word
    target: str = ""

    def means(self, name: str) -> bool:
        """Tell whether the STOP is about this name or number."""
        return self.word is Word.STOP_OF and _joined(self.target) == _joined(plain(name)) != ""


def read(text: str) -> Reading:
    """Read a text."""
    text = text.strip()
    words = plain(text) if len(text) <= _LONGEST else ""
    joined = _joined(words)
    if joined in STOP_WORDS:
        return Reading(word=Word.STOP)
    if joined == "CONTACT":
        return Reading(word=Word.CONTACT)
    if not joined.startswith("STOP"):
        return Reading(word=Word.NONE)
    return _read_target(words)


def is_stop(reading: Reading, *, targets: Iterable[str]) -> bool:
    """Tell whether it is a STOP, given the numbers and names that may follow the word."""
    return reading.word is Word.STOP or any(reading.means(target) for target in targets)


def plain(text: str) -> str:
    """Give the letters and digits of a text in upper case, without accents, one blank between."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = (
        "" if unicodedata.combining(c) or unicodedata.category(c) == "Cf" else c for c in decomposed
    )
    letters = "".join(c if c.isalnum() or c == "" else " " for c in kept)
    return " ".join(letters.upper().split())


def _read_target(words: str) -> Reading:
    first, _blank, rest = words.partition(" ")
    # "STOP36111": digits may follow at once, letters would make it another word.
    glued = first.removeprefix("STOP")
    if glued and not glued.isdigit():
        return Reading(word=Word.NONE)
    target = f"{glued} {rest}".strip()
    number = _NUMBER.fullmatch(target)
    return Reading(word=Word.STOP_OF, target=number[1] if number else target)


def _joined(words: str) -> str:
    return words.replace(" ", "")
