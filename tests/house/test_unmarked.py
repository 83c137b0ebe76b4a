"""No words on a page that nobody can translate: templates and Python, read without running them.

What is asked of a template: letters stand inside translate tags, or come from the page. What is
asked of Python: whatever Django shows to people (labels, helps, messages, refusals) is no plain
literal. Words that are the same in every language are listed.
"""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, Token, TokenType

from tests.house import tree

# The same in every language, or no words at all.
SAME = {"SMS", "STOP", "UTC"}
ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "data-label"}
# Of a button, what it says; of anything else, what is sent.
SUBMITS = {"submit", "button", "reset"}
NOT_SHOWN = {"script", "style"}
WORD = re.compile(r"[^\W\d_]{2,}")
# These tags hold words that are translated, or never shown.
CLOSED = {"blocktranslate": "endblocktranslate", "comment": "endcomment"}

# What Django shows to people: by the name of an argument, and by the place of one.
KEYWORDS = {
    "label",
    "help_text",
    "empty_label",
    "verbose_name",
    "verbose_name_plural",
    "description",
}
PLACES = {"ValidationError": 0, "add_error": 1}
MESSAGES = {"debug", "info", "success", "warning", "error"}


class Shown(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that are read or read out."""
        said = {key: value or "" for key, value in attrs}
        self._hidden += tag in NOT_SHOWN
        self.words += [said[key] for key in ATTRIBUTES & said.keys()]
        if tag == "input" and said.get("type") in SUBMITS:
            self.words.append(said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Look again after a script."""
        self._hidden -= tag in NOT_SHOWN

    def handle_data(self, data: str) -> None:
        """Note the text."""
        if not self._hidden:
            self.words.append(data)


def plain(tokens: list[Token]) -> str:
    """Give a template without its tags, and without what stands in translated blocks."""
    kept, until = [], ""
    for token in tokens:
        name, *rest = token.contents.split() if token.token_type is TokenType.BLOCK else [""]
        if until:
            until = "" if name == until else until
        elif name in CLOSED:
            until = CLOSED[name]
        elif name == "block" and rest[0].endswith("_class"):
            until = "endblock"
        else:
            kept.append(token.contents if token.token_type is TokenType.TEXT else "")
    return "".join(kept)


def unmarked_in_template(source: str) -> list[str]:
    page = Shown()
    page.feed(plain(Lexer(source).tokenize()))
    page.close()
    return [" ".join(t.split()) for t in page.words if set(WORD.findall(t)) - SAME]


def unmarked_in_python(source: str) -> list[str]:
    return [
        f"line {found.lineno}: {found.value!r}"
        for node in ast.walk(ast.parse(source))
        for found in _shown_by(node)
        if isinstance(found, ast.Constant)
        and isinstance(found.value, str)
        and set(WORD.findall(found.value)) - SAME
    ]


def _shown_by(node: ast.AST) -> list[ast.expr]:
    """Give the parts of a call or of a class of choices that people will read."""
    if isinstance(node, ast.ClassDef):
        pairs = [line.value for line in node.body if isinstance(line, ast.Assign)]
        return [p.elts[-1] for p in pairs if isinstance(p, ast.Tuple) and _has_choices(node)]
    if not isinstance(node, ast.Call):
        return []
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = getattr(getattr(function, "value", None), "id", "")
    shown = [k.value for k in node.keywords if k.arg in KEYWORDS]
    place = 1 if owner == "messages" and name in MESSAGES else PLACES.get(name)
    if owner == "models" and name.endswith("Field"):
        place = 0
    return shown if place is None else [*shown, *node.args[place : place + 1]]


def _has_choices(node: ast.ClassDef) -> bool:
    return any(getattr(base, "attr", "").endswith("Choices") for base in node.bases)


def templates() -> list[Path]:
    return [
        path
        for path in tree.files(".html", ".txt")
        if "templates" in path.parts and "tests" not in path.parts
    ]


@pytest.mark.parametrize("path", templates(), ids=str)
def test_a_template_says_nothing_that_cannot_be_translated(path: Path) -> None:
    found = unmarked_in_template(tree.read(path))
    assert not found, f"{path}: put these into translate tags: {found}"


def test_no_module_says_anything_that_cannot_be_translated() -> None:
    found = [
        f"{path}, {what}"
        for path in tree.product_modules()
        for what in unmarked_in_python(tree.read(path))
    ]
    assert not found, "mark these with gettext:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{% translate 'Yes' %} {{ words }}</p>", []),
        ("<p>Yes</p>", ["Yes"]),
        ("<p>{% if x %}Yes{% endif %}</p>", ["Yes"]),
        ("{% blocktranslate count n=n %}<b>One</b>{% plural %}Two{% endblocktranslate %}", []),
        ("{# no #}{% comment %}Not shown{% endcomment %}<!-- no -->", []),
        ('<img alt="A cat" class="cat">', ["A cat"]),
        ('<input type="submit" value="Go on"><input type="hidden" value="go">', ["Go on"]),
        ("<script>let words;</script>", []),
        ("{% block main_class %}narrow{% endblock %}{% block title %}Yes{% endblock %}", ["Yes"]),
        ("<b>{{ n }} SMS</b> 12:30 · –", []),
    ],
)
def test_words_in_a_template_are_found(source: str, found: list[str]) -> None:
    assert unmarked_in_template(source) == found


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("messages.info(request, 'Done')", 1),
        ("messages.info(request, _('Done'))", 0),
        ("raise ValidationError('No number', code='number')", 1),
        ("form.add_error('date', 'Too late')", 1),
        ("forms.CharField(label='Name', help_text=_('Yours'))", 1),
        ("models.CharField('name', max_length=3)", 1),
        ("models.ForeignKey('accounts.User')", 0),
        ("class Role(models.TextChoices):\n    OWNER = 'owner', 'Owner'", 1),
        ("class Role(models.TextChoices):\n    OWNER = 'owner', _('Owner')", 0),
        ("log.info('request.finished')", 0),
    ],
)
def test_words_in_a_module_are_found(source: str, count: int) -> None:
    assert len(unmarked_in_python(source)) == count
