"""The tag that draws an icon: {% lucide "send" size=18 %}; `class` if it needs one.

The drawings come from the package of the same name. An icon stands beside words, so it is hidden
from screen readers. One that its template names in full is drawn when the template is compiled: a
page of fifty rows shows hundreds, and the package's own tag reads XML for each. How it looks
otherwise (strokes, colour) says the style sheet.
"""

import re
from functools import cache

from django import template
from django.template.base import FilterExpression, Node, Parser, TextNode, Token
from django.template.base import token_kwargs as options_of
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide as drawn

register = template.Library()

_SPACE = re.compile(r"\s*\n\s*|\s+(?=/>)")
_NOTHING = Context()


class _Icon(Node):
    """An icon whose name is known when the page is made."""

    def __init__(self, name: FilterExpression, options: dict[str, FilterExpression]) -> None:
        self._name, self._options = name, options

    def render(self, context: Context) -> SafeString:
        """Draw it."""
        said = {key: str(value.resolve(context)) for key, value in self._options.items()}
        size, kind = said.get("size", "24"), said.get("class", "")
        return draw(str(self._name.resolve(context)), size, kind)


@register.tag
def lucide(parser: Parser, token: Token) -> Node:
    """Draw an icon, at once if nothing of it depends on the page."""
    _tag, name, *rest = token.split_contents()
    options = options_of(rest, parser)
    if rest or options.keys() - {"size", "class", "aria_hidden"}:
        raise template.TemplateSyntaxError(f"lucide takes a name, size and class: {token.contents}")
    icon = _Icon(parser.compile_filter(name), options)
    if all(_is_literal(value) for value in (icon._name, *options.values())):
        return TextNode(icon.render(_NOTHING))
    return icon


@cache
def draw(name: str, size: str, kind: str) -> SafeString:
    """Give the SVG of an icon. Raises lucide.IconDoesNotExist."""
    _head, _end, lines = drawn(name, size=None).partition(">")
    return format_html(
        '<svg class="lucide{}" width="{}" height="{}" viewBox="0 0 24 24" aria-hidden="true">{}',
        f" {kind}" if kind else "",
        size,
        size,
        mark_safe(_SPACE.sub("", lines)),  # noqa: S308 (a drawing of the package)
    )


def _is_literal(value: FilterExpression) -> bool:
    is_name = value.is_var and value.var.literal is None
    return not value.filters and not is_name
