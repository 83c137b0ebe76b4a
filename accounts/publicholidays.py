"""Public holidays, by country and part of it; `holidays` knows them.

Both the legal hours of commercial SMS and the working days of staff ask. Pure.
"""

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=2048)
def in_year(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Give the days of a year on which a country, or a part of it, does not work."""
    return frozenset(
        holidays.country_holidays(country, subdiv=subdivision, years=year, categories="public")
    )
