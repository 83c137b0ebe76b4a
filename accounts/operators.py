"""Which operator the range of a phone number was allotted to, by libphonenumber's table.

Numbers are portable, so it is a guess about the present operator and never a reason to refuse.
"""

from collections.abc import Sequence
from functools import cache, lru_cache

from phonenumbers.carrierdata import CARRIER_DATA

# Prefixes that begin alike are tried together.
_HEAD = 3


def range_holder(e164: str) -> str | None:
    """Name the operator of a number's range, for a number that `phones.parse` gave."""
    return range_holders([e164])[0]


def range_holders(numbers: Sequence[str]) -> list[str | None]:
    """Name the operators of the ranges of many such numbers."""
    known = {head: _lengths().get(head, ()) for head in {n[1 : 1 + _HEAD] for n in numbers}}
    lengths = [known[n[1 : 1 + _HEAD]] for n in numbers]
    return [
        _holder(n[1 : 1 + its[0]], its) if its else None
        for n, its in zip(numbers, lengths, strict=True)
    ]


@lru_cache(maxsize=65_536)
def _holder(digits: str, lengths: tuple[int, ...]) -> str | None:
    """Name the holder of the longest known prefix; lists have thousands of each range."""
    for length in lengths:
        name = _name(digits[:length])
        if name:
            return name
    return None


def _name(prefix: str) -> str | None:
    """No name in the library's table is French, so it falls back to the English one."""
    translations = CARRIER_DATA.get(prefix, {})
    return translations.get("fr", translations.get("en"))


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """Give the lengths of the known prefixes by their first digits, the longest first."""
    found: dict[str, set[int]] = {}
    for prefix in CARRIER_DATA:
        if _name(prefix):
            found.setdefault(prefix[:_HEAD], set()).add(len(prefix))
    return {head: tuple(sorted(lengths, reverse=True)) for head, lengths in found.items()}
