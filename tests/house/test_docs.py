"""What the documents say is there: commands, files, headings, variables, decisions."""

import re
from pathlib import Path

import pytest

from tests import compose
from tests.house import tree
from tests.house.test_settings import variables

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
SECTIONS = ("## Context", "## Decision", "## Rejected", "## Consequences")
DOCUMENTS = list(tree.files(".md"))
DECISIONS = [p for p in DOCUMENTS if p.parent == Path("docs/decisions")]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", tree.read(Path("Makefile")), re.MULTILINE))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", tree.read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(tree.read(path)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _hash, anchor = link.partition("#")
        file = Path(path.parent / name) if name else path
        assert (tree.ROOT / file).exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(file), f"{link}: no such heading"


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_make_command_of_a_document_exists(path: Path) -> None:
    code = "\n".join(CODE.findall(tree.read(path)))
    commands = re.findall(r"\bmake((?: [a-z][a-z-]*\b(?!=))+)", code)
    assert {word for command in commands for word in command.split()} <= targets()


def test_make_help_names_every_command() -> None:
    helped = set(re.findall(r"^([a-z-]+):.*## ", tree.read(Path("Makefile")), re.MULTILINE))
    assert helped == targets()


@pytest.mark.parametrize("path", DECISIONS, ids=str)
def test_a_decision_says_why_and_what_was_rejected(path: Path) -> None:
    text = tree.read(path)
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
    assert re.match(rf"# {path.name[:4]}\. \S.+\n", text)
    places = [text.find(f"\n{section}") for section in SECTIONS]
    assert -1 not in places
    assert places == sorted(places)


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    numbers = sorted(int(p.name[:4]) for p in DECISIONS)
    assert numbers == list(range(1, len(numbers) + 1))
    architecture = tree.read(Path("docs/architecture.md"))
    assert not [p.name for p in DECISIONS if f"decisions/{p.name}" not in architecture]


def test_the_example_of_the_environment_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^# ?([A-Z][A-Z_]+)=", tree.read(Path(".env.example")), re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == variables() | compose.variables()


def test_the_changelog_begins_with_what_is_not_released() -> None:
    headings = re.findall(r"^## (.+)$", tree.read(Path("CHANGELOG.md")), re.MULTILINE)
    assert headings[0] == "Unreleased"
