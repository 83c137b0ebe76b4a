"""Which operator holds the range of a number.

Numbers move between operators, so a range is a guess, and many ranges have no name. Looked up in
the table of phonenumbers by the longest known prefix: parsing each number costs 50 times more.
"""

from functools import cache

from phonenumbers.carrierdata import CARRIER_DATA

# Longer names are cut: the contract allows 40 characters.
_NAME_LENGTH = 40
# Prefixes that begin alike are tried together.
_HEAD = 3


def operator_of(number: str) -> str:
    """Name the holder of the range of a number in E.164, "" when nobody is known."""
    digits = number.removeprefix("+")
    lengths = _lengths().get(digits[:_HEAD], ())
    for length in lengths:
        names = CARRIER_DATA.get(digits[:length])
        if names is not None:
            name: str = names.get("fr") or names.get("en") or ""
            return name[:_NAME_LENGTH]
    return ""


@cache
def _lengths() -> dict[str, list[int]]:
    """Give the lengths of the known prefixes by their first digits, the longest first."""
    found: dict[str, set[int]] = {}
    for prefix in CARRIER_DATA:
        found.setdefault(prefix[:_HEAD], set()).add(len(prefix))
    return {head: sorted(lengths, reverse=True) for head, lengths in found.items()}
