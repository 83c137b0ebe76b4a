"""The files of the project, as the house tests read them."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "senders", "messaging", "replies", "smsmanager")
# Made on the spot and never committed; the same names stand in .gitignore.
UNTRACKED = {".git", ".venv", "data", "build", "staticfiles", "__pycache__"}


def files(*suffixes: str) -> Iterator[Path]:
    """Walk over the files that are committed, as paths from the root; all without suffixes."""
    for path in _walk(ROOT):
        if not suffixes or path.suffix in suffixes:
            yield path.relative_to(ROOT)


def product_modules() -> Iterator[Path]:
    """Walk over the modules of the apps, without migrations."""
    for path in files(".py"):
        if path.parts[0] in APPS and "migrations" not in path.parts:
            yield path


def read(path: Path) -> str:
    """Give the text of a file named from the root."""
    return (ROOT / path).read_text(encoding="utf-8")


def _walk(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.is_dir():
            if path.name not in UNTRACKED and not path.name.endswith("_cache"):
                yield from _walk(path)
        elif path.suffix != ".pyc" and path.name != ".env":
            yield path
