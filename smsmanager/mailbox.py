"""The e-mails of the demo, as Django's file backend wrote them (demo only).

Each file holds the e-mails of one connection, each followed by a line of dashes. They are read,
never changed. An e-mail's public id is its file's stem and its place in it. Only plain text is
given out: nothing of an e-mail is ever run or rendered as HTML.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

# What Django's backend writes after each e-mail.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
# The newest files that are looked at.
FILES_LIMIT = 100
_STEM = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+")
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail; `at` is the sender's date, or the file's where there is none."""

    id: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text; `path` is where on our own site it leads, or ""."""

    text: str
    path: str


def mails(*, directory: Path) -> list[Mail]:
    """Give the e-mails, newest first; none when nothing was ever written."""
    files = [f for f in directory.glob("*.log") if _STEM.fullmatch(f.stem)]
    newest = sorted(files, key=lambda file: file.name, reverse=True)[:FILES_LIMIT]
    found = [mail for file in newest for mail in _read(file)]
    return sorted(found, key=lambda mail: mail.at, reverse=True)


def mail_by_id(*, directory: Path, mail_id: str) -> Mail | None:
    """Find one of the e-mails that `mails` lists."""
    return next((mail for mail in mails(directory=directory) if mail.id == mail_id), None)


def pieces(*, text: str, host: str) -> list[Piece]:
    """Cut a text at its links to `host` (name and port); foreign ones stay text."""
    cut: list[Piece] = []
    done = 0
    for match in _LINK.finditer(text):
        path = _path_here(match.group(), host=host)
        if path:
            cut.append(Piece(text=text[done : match.start()], path=""))
            cut.append(Piece(text=match.group(), path=path))
            done = match.end()
    return [*cut, Piece(text=text[done:], path="")]


def _path_here(address: str, *, host: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:  # for example an unfinished IPv6 address
        return ""
    here = parts.netloc == host and parts.path.startswith("/")
    return parts._replace(scheme="", netloc="").geturl() if here else ""


def _read(file: Path) -> list[Mail]:
    try:
        raw, changed = file.read_bytes(), file.stat().st_mtime
    except OSError:  # it went away between the listing and now
        return []
    written = datetime.fromtimestamp(changed, tz=UTC)
    # What follows the last separator is nothing, or an e-mail that is just being written.
    return [
        _mail(message_from_bytes(part, policy=default), mail_id=f"{file.stem}-{n}", written=written)
        for n, part in enumerate(raw.split(SEPARATOR)[:-1], start=1)
    ]


def _mail(message: EmailMessage, *, mail_id: str, written: datetime) -> Mail:
    body = message.get_body(("plain",))
    return Mail(
        id=mail_id,
        at=_date(message, written=written),
        to=str(message.get("To", "")),
        sender=str(message.get("From", "")),
        subject=str(message.get("Subject", "")),
        text=str(body.get_content()) if body is not None else "",
    )


def _date(message: EmailMessage, *, written: datetime) -> datetime:
    try:
        at = parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        return written
    return at if at.tzinfo else at.replace(tzinfo=UTC)
