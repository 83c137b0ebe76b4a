"""How one message is named outside: campaign UUID, revision number and position.

The same name is the reference given to the carrier and the end of the message's address in the
panel. Pure.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

SEPARATOR = ":"


def names(*, campaign: uuid.UUID, revision: int) -> Callable[[int], str]:
    """Give what writes the references of one revision from positions."""
    before = f"{campaign}{SEPARATOR}{revision}{SEPARATOR}"
    return lambda position: f"{before}{position}"


def by_revision(texts: Iterable[str]) -> dict[tuple[uuid.UUID, int], dict[str, int]]:
    """Give positions by reference, by campaign and revision; without what is not ours.

    Thousands in a row name the same revision, which is read once.
    """
    by_head: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for text in texts:
        head, _separator, position = text.rpartition(SEPARATOR)
        if _is_number(position):
            by_head[head][text] = int(position)
    found: defaultdict[tuple[uuid.UUID, int], dict[str, int]] = defaultdict(dict)
    for head, positions in by_head.items():
        if revision := _revision(head):
            found[revision] |= positions
    return found


@lru_cache(maxsize=256)
def _revision(head: str) -> tuple[uuid.UUID, int] | None:
    """Read campaign and revision."""
    campaign, _separator, revision = head.rpartition(SEPARATOR)
    try:
        return (uuid.UUID(campaign), int(revision)) if _is_number(revision) else None
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
