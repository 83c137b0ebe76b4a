"""Sizes: a module is read in one sitting, or it holds two topics."""

import pytest

from tests.house import tree

LIMIT = 300
# path: why it is allowed to be longer. A new line here needs a reason that a reviewer believes.
LONGER: dict[str, str] = {
    "smsmanager/settings.py": "the settings are read top to bottom in one place",
}


def sizes() -> list[tuple[int, str]]:
    counted = [(len(tree.read(p).splitlines()), str(p)) for p in tree.product_modules()]
    return sorted(counted, reverse=True)


def test_no_module_is_longer_than_its_topic(capsys: pytest.CaptureFixture[str]) -> None:
    ten_largest = "\n".join(f"{lines:5d} {path}" for lines, path in sizes()[:10])
    with capsys.disabled():
        print(f"\nThe ten largest modules:\n{ten_largest}")  # noqa: T201 (for whoever reads the run)
    long = [f"{path}: {lines}" for lines, path in sizes() if lines > LIMIT and path not in LONGER]
    assert not long, f"{long}: split by topic (limit {LIMIT} lines), not into halves"


def test_every_exception_still_exists() -> None:
    assert set(LONGER) <= {str(p) for p in tree.product_modules()}
