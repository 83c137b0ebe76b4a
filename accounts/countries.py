"""The names of countries in the reader's language, from the Unicode tables that Babel carries.

Pages show them beside a price; rows keep the ISO code. Pure: no database.
"""

from functools import cache

from babel import Locale


def name(*, code: str, language: str) -> str:
    """Name a country; one without a name keeps its code."""
    return _names(language.partition("-")[0]).get(code, code)


@cache
def _names(language: str) -> dict[str, str]:
    return dict(Locale.parse(language).territories)
