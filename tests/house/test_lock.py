"""The locks hold everything that pyproject.toml asks for, by hash, from nowhere in particular."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import tree

RUN, DEV = "requirements.lock", "requirements-dev.lock"


def pinned(lock: str) -> dict[str, str]:
    """Give name and version of each package of a lock."""
    text = tree.read(Path(lock))
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def asked_for(*, for_development: bool) -> list[str]:
    project = tomllib.loads(tree.read(Path("pyproject.toml")))
    wanted: list[str] = list(project["project"]["dependencies"])
    return [*wanted, *project["dependency-groups"]["dev"]] if for_development else wanted


@pytest.mark.parametrize(
    ("lock", "for_development"),
    [pytest.param(RUN, False, id="run"), pytest.param(DEV, True, id="development")],
)
def test_a_lock_holds_every_dependency_in_its_range(lock: str, for_development: bool) -> None:
    pins = pinned(lock)
    for text in asked_for(for_development=for_development):
        wanted = Requirement(text)
        version = pins.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not in {lock}: make it anew (CONTRIBUTING.md)"
        assert wanted.specifier.contains(version), f"{wanted} but {lock} has {version}"


def test_development_runs_on_the_versions_of_production() -> None:
    assert pinned(RUN).items() <= pinned(DEV).items()


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_every_package_of_a_lock_has_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", tree.read(Path(lock)), flags=re.MULTILINE)
    packages = [b for b in blocks if "==" in b.partition("\n")[0]]
    assert len(packages) == len(pinned(lock))
    assert not [b.partition(" ")[0] for b in packages if "--hash=sha256:" not in b]


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_a_lock_names_no_address(lock: str) -> None:
    text = tree.read(Path(lock))
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--(extra-)?index-url|--find-links|-f)\b", text, re.MULTILINE)
