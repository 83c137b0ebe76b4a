"""Supporting documents: judged by what they hold, opened in a process that has little to lose."""

import hashlib
import struct
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from senders import documents, paper
from senders.documents import Fault
from senders.models import ContentType
from tests import papers


@pytest.mark.parametrize(
    ("data", "content_type", "pages"),
    [
        pytest.param(papers.PDF, ContentType.PDF, 1, id="PDF"),
        pytest.param(papers.image("PDF", pages=3), ContentType.PDF, 3, id="PDF of three pages"),
        pytest.param(papers.JPEG, ContentType.JPEG, 1, id="JPEG"),
        pytest.param(papers.PNG, ContentType.PNG, 1, id="PNG"),
        pytest.param(papers.JPEG + b"what a phone adds", ContentType.JPEG, 1, id="phone's JPEG"),
    ],
)
def test_a_document_is_known_by_its_content(data: bytes, content_type: str, pages: int) -> None:
    judged = documents.judge(data)
    assert (judged.content_type, judged.pages, judged.size) == (content_type, pages, len(data))
    assert judged.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(b"", Fault.EMPTY, id="nothing"),
        pytest.param(papers.PNG + b"\0" * 10_000_000, Fault.TOO_LARGE, id="more than 10 MB"),
        pytest.param(papers.HTML, Fault.OTHER_TYPE, id="HTML named anything"),
        pytest.param(b" " + papers.PDF, Fault.OTHER_TYPE, id="PDF with something in front"),
        pytest.param(b"GIF89a" + b"\0" * 100, Fault.OTHER_TYPE, id="GIF"),
        pytest.param(b"<svg xmlns='x'/>", Fault.OTHER_TYPE, id="SVG"),
        pytest.param(b"%PDF-1.7\n" + papers.HTML, Fault.AMBIGUOUS, id="PDF that is HTML"),
        pytest.param(papers.JPEG[:20] + b"<?PHP x" + papers.JPEG, Fault.AMBIGUOUS, id="PHP inside"),
        pytest.param(papers.zipped_behind(papers.PDF), Fault.AMBIGUOUS, id="PDF and archive"),
        pytest.param(papers.zipped_behind(papers.JPEG), Fault.AMBIGUOUS, id="JPEG and archive"),
        pytest.param(papers.PNG[:60] + papers.PDF, Fault.AMBIGUOUS, id="PNG and PDF"),
        pytest.param(b"%PDF-1.7\nnothing", Fault.BROKEN, id="PDF without a page"),
        pytest.param(papers.PNG[:50], Fault.BROKEN, id="half a PNG"),
        pytest.param(b"\xff\xd8\xff" + b"\0" * 50, Fault.BROKEN, id="no JPEG behind its mark"),
        pytest.param(papers.pixel_bomb(), Fault.TOO_MANY_PIXELS, id="50,000 x 50,000 pixels"),
        pytest.param(papers.image("PDF", pages=51), Fault.TOO_MANY_PAGES, id="51 pages"),
        pytest.param(papers.JPEG + b"\xff\xda" * 65, Fault.TOO_HEAVY, id="scan upon scan"),
    ],
)
def test_what_is_no_proper_document_is_refused(data: bytes, fault: Fault) -> None:
    with pytest.raises(documents.Unacceptable) as refusal:
        documents.judge(data)
    assert refusal.value.fault == fault


def test_exactly_ten_megabytes_are_taken() -> None:
    data = papers.JPEG + b"\0" * (10_000_000 - len(papers.JPEG))
    assert documents.judge(data).size == 10_000_000


def test_a_page_is_drawn_anew_within_bounds() -> None:
    photo = Image.new("RGB", (3000, 2000), "red")
    told = Image.Exif()
    told[0x010E] = "where I live"
    written = BytesIO()
    photo.save(written, "JPEG", exif=told)
    drawn = documents.page_image(data=written.getvalue(), content_type=paper.JPEG, page=1)
    assert b"where I live" not in drawn
    with Image.open(BytesIO(drawn)) as image:
        assert (image.format, max(image.size)) == ("JPEG", paper.LONGER_SIDE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_whatever_its_colours_a_picture_is_shown_as_it_looks(mode: str) -> None:
    picture = Image.new("L", (200, 100), 0)
    picture.paste(255, (100, 0, 200, 100))
    if mode == "I;16":
        row = struct.pack("<200H", *[10_000] * 100, *[60_000] * 100)
        picture = Image.frombytes(mode, (200, 100), row * 100)
    picture = picture.convert(mode)
    written = BytesIO()
    picture.save(written, "PNG")
    drawn = documents.page_image(data=written.getvalue(), content_type=paper.PNG, page=1)
    with Image.open(BytesIO(drawn)) as image:
        grey = image.convert("L")
        left, right = grey.crop((0, 0, 90, 100)), grey.crop((110, 0, 200, 100))
    assert left.getextrema()[1] < 80  # type: ignore[operator]  # one band has two plain numbers
    assert right.getextrema()[0] > 200  # type: ignore[operator]


@pytest.mark.parametrize("page", [1, 2])
def test_each_page_of_a_pdf_is_drawn(page: int) -> None:
    data = papers.image("PDF", pages=2)
    assert documents.page_image(data=data, content_type=paper.PDF, page=page)[:2] == b"\xff\xd8"


def test_a_page_that_is_not_there_is_refused() -> None:
    with pytest.raises(documents.Unacceptable):
        documents.page_image(data=papers.PDF, content_type=paper.PDF, page=2)


def test_a_decoder_that_does_not_come_to_an_end_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(documents, "_PATIENCE", 0.001)
    with pytest.raises(documents.Unacceptable) as refusal:
        documents.judge(papers.PNG)
    assert refusal.value.fault == Fault.TOO_HEAVY


@pytest.fixture
def taken_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Fault]:
    """Let a decoder do something else than decode, and give what is said of the file."""

    def take_over(harm: str) -> Fault:
        program = Path(paper.__file__).read_text(encoding="utf-8")
        program = program.replace("SECONDS = 5", "SECONDS = 1")
        place = tmp_path_factory.mktemp("harm") / "paper.py"
        place.write_text(program.replace("data = sys.stdin.buffer.read()", harm))
        monkeypatch.setattr(paper, "__file__", str(place))
        with pytest.raises(documents.Unacceptable) as refusal:
            documents.judge(papers.PNG)
        return refusal.value.fault

    return take_over


@pytest.mark.parametrize("harm", ["x = bytearray(2 << 30)", "while True: pass"])
def test_a_decoder_that_was_taken_over_gets_no_memory_and_no_time(
    taken_over: Callable[[str], Fault], harm: str
) -> None:
    assert taken_over(harm) == Fault.TOO_HEAVY


def test_a_decoder_that_was_taken_over_writes_nothing(
    taken_over: Callable[[str], Fault], tmp_path: Path
) -> None:
    taken_over(f"open({str(tmp_path / 'x')!r}, 'wb').write(b'x' * 10)")
    assert (tmp_path / "x").read_bytes() == b""


def test_the_decoder_sees_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spy = tmp_path_factory.mktemp("spy") / "spy.py"
    spy.write_text("import os, sys; sys.stdout.write(str(len(set(os.environ) - {'LC_CTYPE'})))")
    monkeypatch.setattr(paper, "__file__", str(spy))
    monkeypatch.setenv("SECRET_KEY", "secret")
    assert documents.judge(papers.PNG).pages == 0
    assert sys.executable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("kbis.pdf", "kbis.pdf", id="plain"),
        pytest.param("../../etc/passwd", "passwd", id="a path"),
        pytest.param("C:\\temp\\kbis.pdf", "kbis.pdf", id="a path of Windows"),
        pytest.param("fdp.\u202egpj", "fdp.gpj", id="turned around"),
        pytest.param("kbis\0.pdf", "kbis.pdf", id="NUL"),
        pytest.param("a\r\nSet-Cookie: b", "a Set-Cookie: b", id="two lines"),
        pytest.param("x" * 500, "x" * 120, id="very long"),
        pytest.param("extrait été.pdf", "extrait été.pdf", id="accents"),
    ],
)
def test_a_name_is_a_text_that_can_do_no_harm(name: str, shown: str) -> None:
    assert documents.plain_name(name) == shown


@given(st.text())
def test_any_name_comes_out_as_one_short_line(name: str) -> None:
    shown = documents.plain_name(name)
    assert len(shown) <= documents.LONGEST_NAME
    assert shown.isprintable()
    assert "/" not in shown
    assert documents.plain_name(shown) == shown
