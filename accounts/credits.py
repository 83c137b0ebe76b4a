"""Amounts of credits: whole hundredths, because a price may be 0.4 of a credit.

The one constant, the one reader of what people type, the one writer. Exact: no float comes near
an amount. Pages show amounts in the reader's language through the `credits` filter.
"""

import re

HUNDREDTHS = 100

# A comma or a point, at most two decimals; spaces may group thousands. "1,000" is refused rather
# than read as one credit by some and as a thousand by others.
_SPACE = "[ \u00a0\u202f]"
_AMOUNT = re.compile(
    rf"(?P<whole>[0-9]{{1,12}}|[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}}){{1,3}})"
    r"(?:[.,](?P<decimals>[0-9]{1,2}))?"
)


class InvalidAmount(ValueError):
    """The text is no amount of credits."""


def parse(text: str) -> int:
    """Read "12", "12.5" or "1 000,25" as hundredths. Raises InvalidAmount."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise InvalidAmount
    whole = re.sub(_SPACE, "", found["whole"])
    return int(whole) * HUNDREDTHS + int((found["decimals"] or "").ljust(2, "0"))


def show(hundredths: int) -> str:
    """Write hundredths with a point and no idle zero: "12", "12.5", "-0.04"."""
    whole, rest = divmod(abs(hundredths), HUNDREDTHS)
    decimals = f".{rest:02}".rstrip("0").rstrip(".")
    return f"{'-' if hundredths < 0 else ''}{whole}{decimals}"
