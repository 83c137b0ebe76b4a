"""Which operator holds the range of a number.

Numbers move between operators, so a range is a guess, and many ranges have no name. Looked up in
the table of phonenumbers by the longest known prefix: parsing each number costs 50 times more.
"""

from collections.abc import Iterable
from functools import cache, lru_cache

from phonenumbers.carrierdata import CARRIER_DATA

# Longer names are cut: the contract allows 40 characters.
_NAME_LENGTH = 40
# With its plus. Prefixes that begin alike are cut to the longest of them and kept together.
_HEAD = 4


def operator_of(number: str) -> str:
    """Name the holder of the range of a number in E.164, "" when nobody is known."""
    return operators_of([number])[0]


def operators_of(numbers: Iterable[str]) -> list[str]:
    """Name the holders of the ranges of many."""
    longest = _longest().get
    return [_holder(number[: longest(number[:_HEAD], 0)]) for number in numbers]


# France alone has 10,000 prefixes of mobile numbers of the length of the longest that is named.
@lru_cache(maxsize=32_768)
def _holder(prefix: str) -> str:
    for end in range(len(prefix), 1, -1):
        names = CARRIER_DATA.get(prefix[1:end])
        if names is not None:
            name: str = names.get("fr") or names.get("en") or ""
            return name[:_NAME_LENGTH]
    return ""


@cache
def _longest() -> dict[str, int]:
    """Give the length of the longest known prefix, with its plus, by how it begins."""
    found: dict[str, int] = {}
    for prefix in CARRIER_DATA:
        head = f"+{prefix}"[:_HEAD]
        found[head] = max(found.get(head, 0), len(prefix) + 1)
    return found
