"""Migrations match the models, have names that say what they do, and own up to what they lose."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.house import tree

LOSING = {"RemoveField", "DeleteModel", "RenameField", "RenameModel", "AlterModelTable"}
FREE = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}


def migrations() -> list[Path]:
    return [
        p
        for p in tree.files(".py")
        if p.parts[0] in tree.APPS and p.parent.name == "migrations" and p.stem != "__init__"
    ]


def faults(source: str) -> list[str]:
    """Name each operation that loses data, or cannot be undone, and is not owned up to."""
    parsed = ast.parse(source)
    note = ast.get_docstring(parsed) or ""
    found = []
    for node in ast.walk(parsed):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = node.func.attr
        if name in LOSING and "Loses:" not in note:
            found.append(f"{name}: say in the docstring what goes and why, as 'Loses: ...'")
        reverse = FREE.get(name)
        has_reverse = len(node.args) > 1 or any(k.arg == reverse for k in node.keywords)
        if reverse and not has_reverse and "One way:" not in note:
            found.append(f"{name}: give {reverse}, or say in the docstring why, as 'One way: ...'")
    return found


def test_no_migration_is_missing() -> None:
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = {app: c for app, c in detector.changes(loader.graph).items() if app in tree.APPS}
    assert not changes, "run: .venv/bin/python manage.py makemigrations -n what_it_does"


def test_each_app_has_one_last_migration() -> None:
    assert MigrationLoader(None).detect_conflicts() == {}


@pytest.mark.parametrize("path", migrations(), ids=str)
def test_a_migration_is_named_after_what_it_does(path: Path) -> None:
    assert re.fullmatch(r"\d{4}_[a-z][a-z0-9_]+", path.stem)
    assert "_auto_" not in path.stem


@pytest.mark.parametrize("path", migrations(), ids=str)
def test_a_migration_owns_up_to_what_it_loses(path: Path) -> None:
    assert faults(tree.read(path)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("migrations.RemoveField('a', 'b')", 1, id="a field goes silently"),
        pytest.param(
            "'''Loses: b, empty since 2.'''\nmigrations.RemoveField('a', 'b')", 0, id="said"
        ),
        pytest.param("migrations.RunPython(fill)", 1, id="no way back"),
        pytest.param("migrations.RunPython(fill, unfill)", 0, id="a way back"),
        pytest.param("migrations.RunSQL('x', reverse_sql='y')", 0, id="a way back in SQL"),
        pytest.param("'''One way: nothing to undo.'''\nmigrations.RunSQL('x')", 0, id="explained"),
    ],
)
def test_the_guard_sees_what_is_planted(source: str, found: int) -> None:
    assert len(faults(source)) == found
