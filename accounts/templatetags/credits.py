"""Amounts of credits in the reader's language: alone, or with their unit.

`credits` writes the number: 1,234.5, in French 1 234,5. `in_credits` adds the unit, whose form
follows the language's own rule: English has "1 credit" but "0 credits" and "1.5 credits", French
"0 crédit" and "1,5 crédit". Sentences take the whole amount and never say the unit themselves.
"""

from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from django import template
from django.utils import formats
from django.utils.translation import get_language, ngettext

from accounts import credits as amounts

register = template.Library()


@register.filter(name="credits")
def localised(hundredths: int) -> str:
    """Write hundredths with the language's decimal mark and thousands apart: 1 234,5 in French."""
    return _number(hundredths, get_language())


@register.filter
def in_credits(hundredths: int) -> str:
    """Write an amount with its unit: 1 credit, 0.4 credits, -1,000 credits."""
    shown = amounts.show(hundredths)
    # gettext counts whole numbers only; what it is to choose is the form of 1 or that of several.
    count = 1 if _is_singular(shown.lstrip("-"), get_language() or "en") else 2
    words = ngettext("%(amount)s credit", "%(amount)s credits", count)
    return words % {"amount": localised(hundredths)}


@lru_cache(maxsize=1024)
def _number(hundredths: int, _language: str | None) -> str:
    """Write a number in the language that is spoken; the prices of a list are mostly the same."""
    return formats.number_format(amounts.show(hundredths), use_l10n=True, force_grouping=True)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def _is_singular(shown: str, language: str) -> bool:
    """Tell by the Unicode rules of plurals, which look at the decimals that are written."""
    return bool(_locale(language).plural_form(Decimal(shown)) == "one")
