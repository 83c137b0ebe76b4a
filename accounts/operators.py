"""Which operator the range of a phone number was allotted to, by libphonenumber's table.

Numbers are portable, so it is a guess about the present operator and never a reason to refuse.
"""

from functools import cache
from typing import NamedTuple

from phonenumbers.carrierdata import CARRIER_DATA

# Most prefixes of operators have this many digits.
_BLOCK = 5


def range_holder(e164: str) -> str | None:
    """Name the operator of a number's range, for a number that `phones.parse` gave."""
    names, lengths, unique = _carriers()
    block = e164[1 : 1 + _BLOCK]
    if block in unique:
        return unique[block]
    for length in lengths.get(e164[1:4], ()):
        name = names.get(e164[1 : 1 + length])
        if name is not None:
            return name
    return None


class _Carriers(NamedTuple):
    """Names by prefix; lengths to try by first digits, longest first; blocks one name holds."""

    names: dict[str, str]
    lengths: dict[str, tuple[int, ...]]
    unique: dict[str, str]


@cache
def _carriers() -> _Carriers:
    """Read the library's table. No name in it is French, so it falls back to the English one."""
    names: dict[str, str] = {}
    lengths: dict[str, set[int]] = {}
    for prefix, translations in CARRIER_DATA.items():
        name = translations.get("fr", translations.get("en"))
        if name:
            names[prefix] = name
            lengths.setdefault(prefix[:3], set()).add(len(prefix))
    divided = {prefix[:_BLOCK] for prefix in names if len(prefix) > _BLOCK}
    return _Carriers(
        names=names,
        lengths={head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()},
        unique={p: name for p, name in names.items() if len(p) == _BLOCK and p not in divided},
    )
