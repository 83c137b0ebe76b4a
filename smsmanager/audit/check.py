"""What a check is, and what it found.

The SQL is the same on both databases; what they say differently stands in braces and comes from
`dialect`. Moments are parameters: `%(overdue)s` (due before it and still there is late),
`%(parked)s` (a receipt of before may wait no longer) and `%(kept)s` (a document decided about
before must be gone). Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An invariant in words, and the query for the rows that break it.

    `about` says what the ids name, `looks_at` which rows were compared (table and condition), and
    `offenders` selects one column, `id`. Where SQL cannot judge, `obeys` does: it is given what
    `offenders` selects beside the id.
    """

    name: str
    about: str
    looks_at: str
    offenders: str
    obeys: Callable[..., bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: how many rows break it, and the ids of the first ones."""

    name: str
    about: str
    rows: int
    violations: int
    first_ids: tuple[int, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the invariant holds for every row."""
        return self.violations == 0
