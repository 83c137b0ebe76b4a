"""How one message is named outside: campaign UUID, revision number and position.

The same name is the reference given to the carrier and the end of the message's address in the
panel. Pure.
"""

import uuid
from collections.abc import Callable
from functools import lru_cache

SEPARATOR = ":"


def names(*, campaign: uuid.UUID, revision: int) -> Callable[[int], str]:
    """Give what writes the references of one revision from positions."""
    before = f"{campaign}{SEPARATOR}{revision}{SEPARATOR}"
    return lambda position: f"{before}{position}"


def read(text: str) -> tuple[tuple[uuid.UUID, int], int] | None:
    """Give campaign and revision, and the position; None for what is not ours."""
    head, _separator, position = text.rpartition(SEPARATOR)
    if not _is_number(position):
        return None
    revision = _revision(head)
    return (revision, int(position)) if revision else None


@lru_cache(maxsize=256)
def _revision(head: str) -> tuple[uuid.UUID, int] | None:
    """Read campaign and revision: thousands in a row name the same."""
    campaign, _separator, revision = head.rpartition(SEPARATOR)
    try:
        return (uuid.UUID(campaign), int(revision)) if _is_number(revision) else None
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
