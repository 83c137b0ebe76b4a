"""What long lists repeat, made quick: a badge is rendered once, a text is cut without ado."""

from functools import lru_cache

from django import template
from django.template.loader import get_template

register = template.Library()


@register.simple_tag
def badge(words: object, tone: str = "quiet", icon: str = "") -> str:
    """Give components/_badge.html for a label; never for what customers write."""
    return _badge(str(words), str(tone), icon)


@register.filter
def excerpt(text: str, length: int) -> str:
    """Give the beginning of a text, and dots if there is more."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


@lru_cache(maxsize=512)
def _badge(words: str, tone: str, icon: str) -> str:
    context = {"words": words, "tone": tone, "icon": icon}
    return get_template("components/_badge.html").render(context)
