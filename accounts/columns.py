"""The heads of a table that is sorted by any of its columns. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column: what a press on it sorts by, and how it is sorted now ("" = not)."""

    name: str
    words: Promise
    next_sort: str
    sorted: str


def columns(
    heads: Mapping[str, Promise], *, sort: str, downwards: Collection[str] = ()
) -> list[Column]:
    """Give the heads of a table; the first press sorts upwards, a second one turns it around.

    Columns named in `downwards` begin the other way: of moments the newest are looked for.
    """
    chosen, falls = sort.removeprefix("-"), sort.startswith("-")
    found = []
    for name, words in heads.items():
        goes_up = falls if name == chosen else name not in downwards
        found.append(
            Column(
                name=name,
                words=words,
                next_sort=name if goes_up else f"-{name}",
                sorted=("descending" if falls else "ascending") if name == chosen else "",
            )
        )
    return found
