"""The settings refuse nonsense, and production refuses what would lose SMS."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from smsmanager import checks
from tests.house import tree

# Celery, the server and the command line must find the settings; nothing else is read there.
READERS_OF_THE_ENVIRONMENT = {
    "smsmanager/settings.py",
    "smsmanager/celery.py",
    "smsmanager/wsgi.py",
}
PRODUCTION = {
    "MODE": "production",
    "SECRET_KEY": "Zb1-7hU_qP2xR9sL4vK8wN3mT6yC0dE5fG-jA_oI2uB7xQ9rS1",
    "DATABASE_URL": "postgres://sms:sms@127.0.0.1:1/sms",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "CARRIER_URL": "https://carrier.example/",
    "CARRIER_TOKEN": "a-token-of-the-carrier",
    "CARRIER_DOOR_SECRET": "d2h5LXdvdWxkLXlvdS1yZWFkLXRoaXM=",
    "ALLOWED_HOSTS": "sms.example",
}


def variables() -> set[str]:
    """Give the names of the variables that the settings read."""
    names = set()
    for node in ast.walk(ast.parse(tree.read(Path("smsmanager/settings.py")))):
        match node:
            case (
                ast.Call(args=[ast.Constant(value=str(name)), *_])
                | ast.Compare(left=ast.Constant(value=str(name)))
            ):
                if re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
                    names.add(name)
    return names


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in variables()}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=tree.ROOT,
        env={**kept, "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("MODE", "prod", id="an unknown mode"),
        pytest.param("CARRIER_DELAYS", "soon", id="a delay in words"),
        pytest.param("CARRIER_DELAYS", "4-1", id="delays the wrong way round"),
        pytest.param("PORT", "http", id="a port in words"),
        pytest.param("CARRIER_SECONDS", "0.0", id="no time for a call"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_its_variable(name: str, value: str) -> None:
    refused = check(**{name: value})
    assert refused.returncode != 0
    assert name in refused.stderr
    assert value in refused.stderr


def test_development_needs_no_variable() -> None:
    assert check().returncode == 0


def test_the_checks_of_production_are_silent_with_a_complete_environment() -> None:
    passed = check("--deploy", "--fail-level", "DEBUG", **PRODUCTION)
    assert (passed.returncode, passed.stderr) == (0, "")


def test_production_refuses_the_settings_of_the_demo() -> None:
    refused = check("--deploy", MODE="production", ALLOWED_HOSTS="sms.example")
    assert refused.returncode == 1
    assert all(f"smsmanager.E00{n}" in refused.stderr for n in range(1, 6))


@pytest.mark.parametrize(
    ("allowed", "code"),
    [pytest.param("0", 1, id="not said"), pytest.param("1", 0, id="said")],
)
def test_production_hands_over_to_a_simulated_carrier_only_if_told_so(
    allowed: str, code: int
) -> None:
    simulated = {"CARRIER_URL": "http://carrier:8100", "ALLOW_SIMULATED_CARRIER": allowed}
    checked = check("--deploy", "--fail-level", "DEBUG", **PRODUCTION | simulated)
    assert checked.returncode == code
    assert ("smsmanager.E006" in checked.stderr) == bool(code)


@pytest.mark.parametrize(
    ("name", "id_of_check"),
    [
        pytest.param("SECRET_KEY", "smsmanager.E001", id="public secret"),
        pytest.param("CARRIER_TOKEN", "smsmanager.E004", id="public token"),
        pytest.param("CARRIER_DOOR_SECRET", "smsmanager.E004", id="public secret of the door"),
        pytest.param("CARRIER_URL", "smsmanager.E005", id="nobody to hand over to"),
    ],
)
def test_each_dangerous_setting_is_named_alone(
    name: str, id_of_check: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = False
    settings.EMBEDDED = False
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    public = {"SECRET_KEY": settings.DEMO_SECRET_KEY, "CARRIER_URL": ""}
    for each in ("SECRET_KEY", "CARRIER_TOKEN", "CARRIER_DOOR_SECRET", "CARRIER_URL"):
        fault = public.get(each, settings.DEMO_CARRIER_SECRET)
        setattr(settings, each, fault if each == name else PRODUCTION[each])
    assert [m.id for m in checks.production_settings()] == [id_of_check]


def test_nothing_else_reads_the_environment() -> None:
    found = [
        str(path)
        for path in tree.product_modules()
        if re.search(r"\bos\.(environ|getenv)|\bgetenv\(", tree.read(path))
    ]
    assert set(found) <= READERS_OF_THE_ENVIRONMENT
