"""How one message is named outside: campaign UUID, revision number and position.

The same name is the reference given to the carrier and the end of the message's address in the
panel. Pure.
"""

import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

SEPARATOR = ":"


class Reference(NamedTuple):
    """The name of one message; positions count from 1."""

    campaign: uuid.UUID
    revision: int
    position: int

    def __str__(self) -> str:
        """Give the form that the carrier gets."""
        return SEPARATOR.join((str(self.campaign), str(self.revision), str(self.position)))


def names(*, campaign: uuid.UUID, revision: int) -> Callable[[int], str]:
    """Give what writes the references of one revision from positions."""
    before = str(Reference(campaign, revision, 0))[:-1]
    return lambda position: f"{before}{position}"


def parse(text: str) -> Reference | None:
    """Read a reference that came back; None when it cannot be one of ours."""
    head, _separator, position = text.rpartition(SEPARATOR)
    revision = _revision(head)
    if revision is None or not _is_number(position):
        return None
    return Reference(*revision, int(position))


@lru_cache(maxsize=256)
def _revision(head: str) -> tuple[uuid.UUID, int] | None:
    """Read campaign and revision; thousands of receipts in a row name the same ones."""
    campaign, _separator, revision = head.rpartition(SEPARATOR)
    try:
        return (uuid.UUID(campaign), int(revision)) if _is_number(revision) else None
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
