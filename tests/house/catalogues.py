"""Catalogues and source strings, read without the gettext tools.

A key is (context or "", text, plural or ""). Source strings come from Python by its syntax tree
and from templates by Django's own conversion, the same that makemessages uses.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

from tests.house import tree

Key = tuple[str, str, str]
# Function: which of its arguments are context, text and plural.
FUNCTIONS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "pgettext": (0, 1, None),
    "ngettext": (None, 0, 1),
    "npgettext": (0, 1, 2),
}
_TEMPLATE_CALL = re.compile(r"\b(npgettext|pgettext|ngettext|gettext|_)\(")
_LITERAL = re.compile(r"""[\s,]*(u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""", re.DOTALL)


@dataclass
class Entry:
    """One entry of a .po file; `texts` holds one translation, or one per plural form."""

    context: str = ""
    text: str = ""
    plural: str = ""
    texts: list[str] = field(default_factory=list)
    is_fuzzy: bool = False

    @property
    def key(self) -> Key:
        return self.context, self.text, self.plural


def read_po(source: str) -> list[Entry]:
    """Read the living entries of a .po file, the header aside."""
    entries = [_entry(block) for block in re.split(r"\n\s*\n", source)]
    return [e for e in entries if e and e.text]


def _entry(block: str) -> Entry | None:
    entry, target = Entry(), ""
    values: dict[str, str] = {}
    for line in block.splitlines():
        if line.startswith("#"):
            entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        keyword, _space, literal = line.partition(" ")
        if not line.startswith('"'):
            target = keyword
            values[target] = ""
        else:
            literal = line
        values[target] += ast.literal_eval(literal)
    if "msgid" not in values:
        return None
    entry.context, entry.text = values.get("msgctxt", ""), values["msgid"]
    entry.plural = values.get("msgid_plural", "")
    entry.texts = [v for k, v in values.items() if k.startswith("msgstr")]
    return entry


def source_keys() -> dict[Key, str]:
    """Give every text that the product marks for translation, with one place where it stands."""
    found: dict[Key, str] = {}
    for path in tree.product_modules():
        for key, line in python_keys(tree.read(path)):
            found.setdefault(key, f"{path}:{line}")
    for path in tree.files(".html", ".txt"):
        if "templates" in path.parts and "tests" not in path.parts:
            for key in template_keys(path):
                found.setdefault(key, str(path))
    return found


def python_keys(source: str) -> Iterator[tuple[Key, int]]:
    """Give the texts that a module marks; anything but a literal is an error of the module."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        places = FUNCTIONS.get(name.removesuffix("_lazy").removesuffix("_noop"))
        if places:
            literals = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
            yield _key(places, literals, f"line {node.lineno}"), node.lineno


def template_keys(path: Path) -> Iterator[Key]:
    """Give the texts that a template marks."""
    converted = templatize(tree.read(path), origin=str(path))
    for match in _TEMPLATE_CALL.finditer(converted):
        literals, position = [], match.end()
        while literal := _LITERAL.match(converted, position):
            literals.append(ast.literal_eval(literal[1]))
            position = literal.end()
        yield _key(FUNCTIONS[match[1]], literals, str(path))


def _key(places: tuple[int | None, ...], literals: Sequence[object], where: str) -> Key:
    try:
        parts = ["" if p is None else literals[p] for p in places]
    except IndexError:
        parts = [None]
    if not all(isinstance(p, str) for p in parts):
        raise AssertionError(f"{where}: only a literal can be translated")
    context, text, plural = map(str, parts)
    return context, text, plural
