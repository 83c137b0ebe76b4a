"""Opens one foreign file, in a process of its own: python -I paper.py TYPE PAGE < file.

Whoever made the file may mean harm, so this process has little to lose: no environment, no
database, bounded memory and time. It counts the pages, or draws one as a JPEG on its standard
output when PAGE is not 0; its exit status says what is wrong. Knows nothing of the platform. Pure.
"""

import sys
from contextlib import suppress
from enum import IntEnum
from io import BytesIO
from types import ModuleType
from typing import Any

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
# A photograph of the best phones; as RGBA it takes 200 MB.
MOST_PIXELS = 50_000_000
MOST_PAGES = 50
# A page is drawn so that its longer side has so many pixels.
LONGER_SIDE = 1600
# A progressive JPEG of a camera has a dozen scans; each is decoded over all pixels.
MOST_SCANS = 64
SECONDS = 5
MEMORY = 1 << 30
# What pypdfium2 says of a file that needs a password.
_NEEDS_PASSWORD = 4


class Status(IntEnum):
    """How it ended."""

    GOOD = 0
    BROKEN = 10
    TOO_MANY_PIXELS = 11
    TOO_MANY_PAGES = 12
    LOCKED = 13
    TOO_HEAVY = 14


class Unfit(Exception):
    """The file is not taken."""

    def __init__(self, status: Status) -> None:
        """Keep why."""
        super().__init__(status)
        self.status = status


def main(content_type: str, page: int) -> Status:
    """Open what comes on standard input."""
    for limit, most in (("RLIMIT_CPU", SECONDS), ("RLIMIT_AS", MEMORY), ("RLIMIT_FSIZE", 0)):
        _limit(limit, most)
    data = sys.stdin.buffer.read()
    try:
        drawn = _pdf(data, page) if content_type == PDF else _image(data, content_type, page)
    except Unfit as refusal:
        return refusal.status
    except MemoryError:
        return Status.TOO_HEAVY
    except Exception:  # noqa: BLE001 (a decoder may raise anything; the file is broken for all of it)
        return Status.BROKEN
    sys.stdout.buffer.write(drawn)
    return Status.GOOD


def _limit(name: str, most: int) -> None:
    """Take no more than this. Not every system has each limit: Linux, where it runs, has all."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 (not on every system)

        resource.setrlimit(getattr(resource, name), (most, most))


def _image(data: bytes, content_type: str, page: int) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 (after the limits)

    Image.MAX_IMAGE_PIXELS = None  # ours is asked below, before anything is decoded
    if content_type == JPEG and data.count(b"\xff\xda") > MOST_SCANS:
        raise Unfit(Status.TOO_HEAVY)
    formats = ["PNG"] if content_type == PNG else ["JPEG", "MPO"]
    with Image.open(BytesIO(data), formats=formats) as image:
        if image.width * image.height > MOST_PIXELS:
            raise Unfit(Status.TOO_MANY_PIXELS)
        image.draft("RGB", (LONGER_SIDE, LONGER_SIDE))
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):  # 16 bits of grey: all but the darkest would be white
            upright = upright.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
        upright.thumbnail((LONGER_SIDE, LONGER_SIDE))
        drawn = _as_jpeg(Image, upright)
    # Drawn also when it is only counted: what cannot be shown is of no use to staff.
    return drawn if page else b"1"


def _pdf(data: bytes, page: int) -> bytes:
    import pypdfium2  # noqa: PLC0415 (after the limits)

    try:
        document: Any = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == _NEEDS_PASSWORD
        raise Unfit(Status.LOCKED if locked else Status.BROKEN) from error
    pages = len(document)
    if pages > MOST_PAGES:
        raise Unfit(Status.TOO_MANY_PAGES)
    from PIL import Image  # noqa: PLC0415 (after the limits)

    # The first one also when they are only counted.
    shown = document[max(page, 1) - 1]
    drawn = _as_jpeg(Image, shown.render(scale=LONGER_SIDE / max(*shown.get_size(), 1)).to_pil())
    return drawn if page else str(pages).encode()


def _as_jpeg(pillow: ModuleType, image: Any) -> bytes:
    """Write the pixels anew: nothing else of the file is left. What is transparent is white."""
    pixels = image.convert("RGBA")
    paper = pillow.new("RGB", pixels.size, "white")
    paper.paste(pixels, mask=pixels.getchannel("A"))
    drawn = BytesIO()
    paper.save(drawn, "JPEG", quality=85)
    return drawn.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
