"""Which operator the range of a phone number was allotted to, by libphonenumber's table.

Numbers are portable, so it is a guess about the present operator and never a reason to refuse.
"""

from functools import cache, lru_cache

from phonenumbers.carrierdata import CARRIER_DATA

# Prefixes that begin alike are tried together.
_HEAD = 3


def range_holder(e164: str) -> str | None:
    """Name the operator of a number's range, for a number that `phones.parse` gave."""
    lengths = _lengths().get(e164[1 : 1 + _HEAD])
    return None if lengths is None else _holder(e164[1 : 1 + lengths[0]], lengths)


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
