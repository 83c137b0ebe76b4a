"""How one message is named outside: campaign UUID, revision number and position.

The same name is the reference given to the carrier and the end of the message's address in the
panel. Pure.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

SEPARATOR = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The name of one message; positions count from 1."""

    campaign: uuid.UUID
    revision: int
    position: int

    def __str__(self) -> str:
        """Give the form that the carrier gets."""
        return SEPARATOR.join((str(self.campaign), str(self.revision), str(self.position)))


def names(*, campaign: uuid.UUID, revision: int) -> Callable[[int], str]:
    """Give what writes the references of one revision from positions."""
    before = str(Reference(campaign=campaign, revision=revision, position=0))[:-1]
    return lambda position: f"{before}{position}"


def parse(text: str) -> Reference | None:
    """Read a reference that came back; None when it cannot be one of ours."""
    parts = text.split(SEPARATOR)
    if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) < 10 for p in parts[1:]):
        return None
    campaign = _uuid(parts[0])
    if campaign is None:
        return None
    return Reference(campaign=campaign, revision=int(parts[1]), position=int(parts[2]))


@lru_cache(maxsize=256)
def _uuid(text: str) -> uuid.UUID | None:
    """Read a UUID; thousands of receipts in a row name the same one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
