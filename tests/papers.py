"""Files for tests: proper documents, and what somebody who means harm would send instead."""

import struct
import zipfile
import zlib
from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image

from senders import filing
from senders.filing import Paper

HTML = b"<!doctype html><html><script>alert(1)</script></html>"


def image(kind: str, *, width: int = 40, height: int = 30, pages: int = 1) -> bytes:
    """Draw a JPEG, a PNG or a PDF."""
    drawn = BytesIO()
    first, *more = [Image.new("RGB", (width, height), "white") for _page in range(pages)]
    options = {"save_all": True, "append_images": more} if kind == "PDF" else {}
    first.save(drawn, kind, **options)
    return drawn.getvalue()


PDF, JPEG, PNG = image("PDF"), image("JPEG"), image("PNG")


def pixel_bomb(side: int = 50_000) -> bytes:
    """Give a small PNG that says it has side x side pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side // 8 + 1) * 100, 9)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def zipped_behind(data: bytes) -> bytes:
    """Give a file that is an archive as well."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("evil.class", b"x")
    return data + archive.getvalue()


def paper(data: bytes = JPEG, *, name: str = "kbis.jpg") -> Paper:
    """Judge a file as the form does."""
    return filing.judged(file=ContentFile(data), name=name)
