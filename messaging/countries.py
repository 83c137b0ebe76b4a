"""The names of countries in the reader's language, from the tables of libphonenumber.

Pages show them beside a price; rows keep the ISO code. Pure: no database.
"""

from phonenumbers.geodata.locale import LOCALE_DATA


def name(*, code: str, language: str) -> str:
    """Name a country; a name missing in the language is English, a missing country its code."""
    names = LOCALE_DATA.get(code, {})
    for wanted in (language.partition("-")[0], "en"):
        found = str(names.get(wanted, ""))
        # "*fr" stands for "as in French".
        if found.startswith("*"):
            found = str(names.get(found[1:], ""))
        if found:
            return found
    return code
