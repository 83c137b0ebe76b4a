"""Uploads are cut off: what is too large anyway fills neither disk nor memory."""

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser
from django.test import RequestFactory

from senders import documents, uploads

KB = 1_000


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 100 * KB + 1)
    monkeypatch.setattr(uploads, "LARGEST_TOGETHER", 250 * KB)


def received(*sizes: int) -> list[int]:
    """Give how much of each file is kept, of files of these sizes."""
    pieces = [
        f'--x\r\nContent-Disposition: form-data; name="f"; filename="{n}.pdf"\r\n\r\n'.encode()
        + b"a" * size
        + b"\r\n"
        for n, size in enumerate(sizes)
    ]
    request = RequestFactory().post(
        "/", b"".join(pieces) + b"--x--\r\n", content_type="multipart/form-data; boundary=x"
    )
    return [file.size or 0 for file in _parsed(request)]


def _parsed(request: HttpRequest) -> Iterator["UploadedFile[bytes]"]:
    handlers = [uploads.CutOffHandler(request), TemporaryFileUploadHandler(request)]
    parser = MultiPartParser(request.META, request, handlers)
    _fields, files = parser.parse()
    yield from files.getlist("f")


def test_a_file_that_fits_is_kept_whole() -> None:
    assert received(0, 1, 100 * KB) == [0, 1, 100 * KB]


def test_of_a_larger_one_only_so_much_is_kept_that_it_is_known_as_too_large() -> None:
    (kept,) = received(5_000 * KB)
    assert kept > 100 * KB
    assert kept <= 100 * KB + 64 * 1024


def test_all_files_of_a_request_take_a_bounded_room() -> None:
    assert sum(received(*[90 * KB] * 20)) <= 250 * KB


def test_the_bounds_leave_room_for_what_the_form_takes() -> None:
    assert documents.LARGEST == 10_000_000
    assert documents.MOST_FILES == 10
