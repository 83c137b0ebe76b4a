"""What must never be in the repository: somebody's machine, somebody's index, secrets."""

import re

from tests.house import tree

# Written in pieces, or this file would be the first to be found.
FORBIDDEN = {
    "a home directory": re.compile(r"/(home|Users)" + r"/[a-z]\w+/|/root" + r"/\w"),
    "the address of a package index": re.compile(
        r"(index|extra-index)" + r"-url|pypi\." + r"(?!org/project)|/simple" + r"/\b"
    ),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----"),
    "the marks of a merge": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
}
# The test of the locks names the options it looks for.
ALLOWED = {("tests/house/test_lock.py", "the address of a package index")}
BINARY = {".png", ".jpg", ".ico", ".mo", ".pdf", ".woff2", ".sqlite3", ".zip", ".xlsx"}


def test_nothing_of_one_machine_is_committed() -> None:
    found = []
    for path in tree.files():
        if path.suffix in BINARY:
            continue
        text = (tree.ROOT / path).read_bytes().decode("utf-8", errors="replace")
        found += [
            f"{path} holds {what}"
            for what, pattern in FORBIDDEN.items()
            if pattern.search(text) and (str(path), what) not in ALLOWED
        ]
    assert not found, "\n".join(found)


def test_what_is_made_on_the_spot_is_ignored_by_git() -> None:
    ignored = {line.strip("/") for line in (tree.ROOT / ".gitignore").read_text().splitlines()}
    assert ignored >= (tree.UNTRACKED - {".git"}) | {".env"}
