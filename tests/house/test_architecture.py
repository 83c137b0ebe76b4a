"""Who may import whom, read from the source: nothing is imported to find out.

Imports inside functions and under TYPE_CHECKING count like all others: that is where knots hide.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import tree

# From right to left: an app may import those that stand before it.
LINE = ("accounts", "senders", "messaging", "replies", "smsmanager")
PURE = {
    "accounts.credits",
    "accounts.phones",
    "accounts.publicholidays",
    "messaging.calendar",
    "messaging.copytext",
    "messaging.links",
    "messaging.personalise",
    "messaging.carrier.base",
    "messaging.carrier.fields",
    "messaging.references",
    "messaging.sms",
    "replies.stopwords",
    "replies.window",
    "senders.promise",
    "senders.documents",
    "senders.paper",
    "senders.rules",
    "senders.window",
}
# The whole of another company: it may know nothing of the platform.
SIMULATOR = "messaging.carrier.simulator"
# Puts the simulator behind the carrier's interface without HTTP, for tests.
INPROCESS = "messaging.carrier.inprocess"
FRAMEWORKS = {"django", "celery", "kombu", "allauth", "requests", "redis"}
BANNED_NAMES = {"utils", "helpers", "common", "services", "misc", "base_models", "core"}


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Give line and name of all that a module imports; `from a import b` gives a and a.b."""
    package = list(path.parts[:-1])
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) - level + 1] if level else []
                origin = ".".join([*base, *([module] if module else [])])
                yield node.lineno, origin
                yield from ((node.lineno, f"{origin}.{alias.name}") for alias in names)
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _loads(node.func):
                yield node.lineno, name.lower()


def _loads(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "__import__", "get_model", "import_string"}


def violations(path: Path, source: str) -> list[str]:
    """Give a sentence for each import that breaks a rule: which, why, and what to do instead."""
    me = module_name(path)
    app = me.partition(".")[0]
    found = []
    for line, name in imported(path, source):
        top = name.partition(".")[0]
        rule = ""
        if me.startswith(SIMULATOR):
            if top in LINE and not name.startswith(SIMULATOR):
                rule = (
                    "the simulated carrier imports nothing of ours: it stands for another "
                    "company. Talk to it over HTTP, and copy the few constants it needs."
                )
        elif top in LINE and LINE.index(top) > LINE.index(app):
            rule = (
                f"{app} may import {', '.join(LINE[: LINE.index(app)]) or 'nothing of ours'}: "
                f"{top} stands above it, and a knot could never be untied. Move what both need "
                "into the lower app, pass it as an argument, announce a named signal that the "
                "upper app listens to, or compose both in smsmanager."
            )
        elif name.startswith(SIMULATOR) and app != "smsmanager" and me != INPROCESS:
            rule = (
                "only the roof starts the simulated carrier: a real one takes its place. "
                "Talk to whichever it is through messaging.carrier.base."
            )
        elif me in PURE and (top in FRAMEWORKS or (top in LINE and not _pure(name))):
            rule = (
                f"{me} is pure: it computes from its arguments, so that it can be tested and "
                "trusted alone. Let the caller load the rows and pass plain values."
            )
        if rule:
            found.append(f"{path}:{line} imports {name}: {rule}")
    return found


def _pure(name: str) -> bool:
    """Tell whether a name is a pure module, something in one, or the package around one."""
    return any(p == name or name.startswith(f"{p}.") or p.startswith(f"{name}.") for p in PURE)


def test_every_import_follows_the_line() -> None:
    broken = [v for path in tree.product_modules() for v in violations(path, tree.read(path))]
    assert not broken, "\n".join(broken)


def test_every_module_named_pure_exists() -> None:
    modules = {module_name(path) for path in tree.product_modules()}
    assert modules >= PURE


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [str(p) for p in tree.product_modules() if p.stem in BANNED_NAMES]


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        pytest.param(
            "accounts/ledger.py",
            "from messaging import delivery",
            "nothing of ours",
            id="leftwards",
        ),
        pytest.param(
            "senders/review.py",
            "def f():\n    import messaging.delivery",
            "senders may import accounts",
            id="inside a function",
        ),
        pytest.param(
            "messaging/quote.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from replies import window",
            "messaging may import accounts, senders",
            id="for types only",
        ),
        pytest.param(
            "accounts/models.py",
            "from importlib import import_module\nimport_module('senders.models')",
            "nothing of ours",
            id="by a name in a string",
        ),
        pytest.param(
            "senders/review.py",
            "from django.apps import apps\napps.get_model('messaging.Campaign')",
            "senders may import accounts",
            id="a model by its name",
        ),
        pytest.param("replies/inbound.py", "import smsmanager", "replies may import", id="roof"),
        pytest.param(
            "messaging/sms.py", "import django.utils.text", "is pure", id="django in a pure one"
        ),
        pytest.param(
            "messaging/sms.py",
            "from messaging import models",
            "is pure",
            id="models in a pure one",
        ),
        pytest.param(
            "messaging/delivery.py",
            "from messaging.carrier.simulator import books",
            "only the roof",
            id="the platform looks into the simulator",
        ),
        pytest.param(
            "messaging/carrier/simulator/server.py",
            "from messaging import sms",
            "another company",
            id="the simulator looks at us",
        ),
        pytest.param(
            "messaging/carrier/simulator/server.py",
            "from .. import base",
            "another company",
            id="the simulator looks at us with dots",
        ),
    ],
)
def test_a_planted_violation_is_named_with_its_rule(path: str, source: str, rule: str) -> None:
    (found, *_rest) = violations(Path(path), source)
    assert found.startswith(f"{path}:")
    assert rule in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param("replies/inbound.py", "from messaging.recipients import optout", id="down"),
        pytest.param("smsmanager/home.py", "from replies import inbound", id="the roof"),
        pytest.param("messaging/sms.py", "from messaging import calendar", id="pure to pure"),
        pytest.param(
            "messaging/carrier/simulator/server.py",
            "from messaging.carrier.simulator import books\nfrom . import outcomes",
            id="inside the simulator",
        ),
    ],
)
def test_an_import_that_follows_the_line_is_let_through(path: str, source: str) -> None:
    assert violations(Path(path), source) == []
