"""What a supporting document must be, judged by its content and never by its name.

A PDF, a JPEG or a PNG, and nothing else besides: a file that another program would take for
something different is refused. Decoders run in a process of their own, see `paper`; what is drawn
there is made of pixels alone. Pure: bytes in, facts out.
"""

import hashlib
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from senders import paper
from senders.paper import JPEG, PDF, PNG, Status

LARGEST = 10_000_000
MOST_FILES = 10
LONGEST_NAME = 120
MOST_PAGES = paper.MOST_PAGES
MOST_PIXELS = paper.MOST_PIXELS
_SIGNATURES = {b"%PDF-": PDF, b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
# What makes a browser or a server see a page, near the beginning where they look.
_LOOKED_AT = 1024
_MARKUP = (b"<html", b"<!doctype", b"<script", b"<body", b"<iframe", b"<?php", b"<svg")
# The process ends itself after some time of the processor, which it may have to wait for.
_PATIENCE = 4 * paper.SECONDS


class Fault(StrEnum):
    """What is wrong with a file; codes for whoever words it."""

    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    OTHER_TYPE = "OTHER_TYPE"
    AMBIGUOUS = "AMBIGUOUS"
    BROKEN = "BROKEN"
    LOCKED = "LOCKED"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_MANY_PAGES = "TOO_MANY_PAGES"
    TOO_HEAVY = "TOO_HEAVY"


class Unacceptable(Exception):
    """The file is not taken."""

    def __init__(self, *, fault: Fault) -> None:
        """Keep what is wrong with it."""
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a file that is taken is."""

    content_type: str
    size: int
    pages: int
    sha256: str


def judge(data: bytes) -> Judged:
    """Tell what a file is. Raises Unacceptable."""
    if not data:
        raise Unacceptable(fault=Fault.EMPTY)
    if len(data) > LARGEST:
        raise Unacceptable(fault=Fault.TOO_LARGE)
    content_type = _type_of(data)
    pages = int(_open(data, content_type, page=0))
    return Judged(
        content_type=content_type,
        size=len(data),
        pages=pages,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def page_image(*, data: bytes, content_type: str, page: int) -> bytes:
    """Draw a page, from 1 on, as a JPEG made anew. Raises Unacceptable."""
    return _open(data, content_type, page=page)


def plain_name(name: str) -> str:
    """Give a file's name as a text that can do no harm: one line, no path, nothing invisible."""
    last = name.replace("\\", "/").rpartition("/")[2]
    # Controls, and marks that turn the direction of what follows; spaces of all kinds are one.
    shown = "".join(" " if c.isspace() else c for c in last)
    shown = "".join(c for c in shown if unicodedata.category(c)[0] != "C")
    return " ".join(shown.split())[:LONGEST_NAME]


def _type_of(data: bytes) -> str:
    found = [kind for signature, kind in _SIGNATURES.items() if data.startswith(signature)]
    if not found:
        raise Unacceptable(fault=Fault.OTHER_TYPE)
    beginning = data[:_LOOKED_AT].lower()
    is_page = any(mark in beginning for mark in _MARKUP)
    is_pdf_too = found[0] != PDF and b"%pdf-" in beginning
    if is_page or is_pdf_too or zipfile.is_zipfile(BytesIO(data)):
        raise Unacceptable(fault=Fault.AMBIGUOUS)
    return found[0]


def _open(data: bytes, content_type: str, *, page: int) -> bytes:
    """Have a process of its own open the file, with nothing of ours in its environment."""
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the file comes on its standard input)
            [sys.executable, "-I", paper.__file__, content_type, str(page)],
            input=data,
            capture_output=True,
            env={},
            cwd="/",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise Unacceptable(fault=Fault.TOO_HEAVY) from exc
    if done.returncode == Status.GOOD:
        return done.stdout
    # Ended by the system: for its time, or because a decoder fell over the file.
    is_known = done.returncode in set(Status)
    fault = Fault(Status(done.returncode).name) if is_known else Fault.TOO_HEAVY
    raise Unacceptable(fault=fault)
