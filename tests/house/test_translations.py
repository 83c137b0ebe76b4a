"""French and Italian are complete, say the same as the English, and are compiled."""

import gettext
import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from tests.house import catalogues, tree

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|(?<!\{)\{\w*\}(?!\})|</?\w+")
# French sets a no-break space before these, or a line may begin with one of them.
FRENCH_GAP = re.compile(r"(?<=\w) [:;!?»]|« (?=\w)")


def po_path(language: str) -> Path:
    return Path(f"locale/{language}/LC_MESSAGES/django.po")


def entries(language: str) -> list[catalogues.Entry]:
    return catalogues.read_po(tree.read(po_path(language)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_source_is_in_the_catalogue(language: str) -> None:
    held = {e.key for e in entries(language)}
    missing = [f"{at}: {k[1]!r}" for k, at in catalogues.source_keys().items() if k not in held]
    assert not missing, "run make messages, then translate:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_nothing_that_the_source_lost(language: str) -> None:
    used = catalogues.source_keys()
    assert not [e.text for e in entries(language) if e.key not in used]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_looked_at(language: str) -> None:
    assert not [e.text for e in entries(language) if e.is_fuzzy]
    assert not [e.text for e in entries(language) if not e.texts or not all(e.texts)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_placeholders_and_tags(language: str) -> None:
    for e in entries(language):
        originals = [Counter(PLACEHOLDER.findall(t)) for t in (e.text, e.plural or e.text)]
        for text in e.texts:
            assert Counter(PLACEHOLDER.findall(text)) in originals, f"{e.text!r} -> {text!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_spaces_around_it(language: str) -> None:
    for e in entries(language):
        for text in e.texts:
            for end in (str.lstrip, str.rstrip):
                assert (end(text) == text) == (end(e.text) == e.text), repr(e.text)


def test_french_keeps_punctuation_on_its_line() -> None:
    assert not [t for e in entries("fr") for t in e.texts if FRENCH_GAP.search(t)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_says_what_the_written_one_says(language: str) -> None:
    expected: dict[object, str] = {}
    for e in entries(language):
        key = f"{e.context}\x04{e.text}" if e.context else e.text
        if e.plural:
            expected |= {(key, n): text for n, text in enumerate(e.texts)}
        else:
            expected[key] = e.texts[0]
    with (tree.ROOT / po_path(language).with_suffix(".mo")).open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    compiled.pop("", None)
    assert compiled == expected, "run make messages"


def test_the_reader_of_catalogues_knows_contexts_plurals_and_broken_lines() -> None:
    first, second = catalogues.read_po(
        'msgid ""\nmsgstr "Language: fr\\n"\n\n'
        '#: a.py:1\n#, fuzzy, python-format\nmsgctxt "month"\nmsgid ""\n"May "\n"%s"\n'
        'msgstr "Mai %s"\n\n'
        'msgid "a part"\nmsgid_plural "%(n)s parts"\nmsgstr[0] "x"\nmsgstr[1] "y"\n\n'
        '#~ msgid "gone"\n#~ msgstr "parti"\n'
    )
    assert first.key == ("month", "May %s", "")
    assert first.is_fuzzy
    assert (second.key, second.texts) == (("", "a part", "%(n)s parts"), ["x", "y"])


def test_the_source_is_read_as_makemessages_reads_it() -> None:
    source = "_('a' 'b'); pgettext_lazy('c', 'd'); models.npgettext('e', 'f', 'g', n)"
    assert [k for k, _line in catalogues.python_keys(source)] == [
        ("", "ab", ""),
        ("c", "d", ""),
        ("e", "f", "g"),
    ]
    with pytest.raises(AssertionError, match="only a literal"):
        list(catalogues.python_keys("_(name)"))
