"""Filters that show numbers and countries as people read them."""

from django import template
from django.utils.translation import get_language

from accounts import countries, phones

register = template.Library()


@register.filter
def phone(e164: str) -> str:
    """Write a number in international form, with its spaces."""
    return phones.display(e164)


@register.filter
def country(code: str) -> str:
    """Name a country in the reader's language."""
    return countries.name(code=code, language=get_language() or "en")
