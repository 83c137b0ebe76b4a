"""Documents in their storage: kept with their request, gone with what failed, erased in time."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts.models import SmsAccount, TrailEntry, User
from senders import asking, filing, paper, review
from senders.asking import Words
from senders.models import Sender, SenderDocument, SenderRequest
from tests import papers

WORDS = Words(description="Shop", reason="Orders that are ready")
DAY = timedelta(days=1)


def folder() -> Path:
    return Path(str(settings.STORAGES["documents"]["OPTIONS"]["location"]))


def files() -> set[str]:
    return {path.name for path in folder().glob("*")}


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path) -> None:
    for path in folder().glob("*"):
        path.unlink()


@pytest.fixture
def asked(account: SmsAccount, alice: User, now: datetime) -> Sender:
    """Give a sender that was asked for with two documents."""
    kept = [papers.paper(), papers.paper(papers.PDF, name="../lettre.pdf")]
    return asking.ask(account=account, name="FOURNIL", words=WORDS, papers=kept, by=alice, now=now)


def test_documents_are_kept_with_what_staff_need_to_know(asked: Sender, alice: User) -> None:
    rows = list(SenderDocument.objects.order_by("pk"))
    assert [(d.original_name, d.content_type, d.size) for d in rows] == [
        ("kbis.jpg", paper.JPEG, len(papers.JPEG)),
        ("lettre.pdf", paper.PDF, len(papers.PDF)),
    ]
    assert {d.stored_as for d in rows} == files()
    assert filing.read(document=rows[1]) == papers.PDF
    trail = TrailEntry.objects.filter(event="document.added", actor=alice)
    assert {e.details["sha256"] for e in trail} == {d.sha256 for d in rows}


def test_nobody_else_on_the_machine_can_read_them(asked: Sender) -> None:
    for path in folder().glob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_storage_is_in_no_folder_that_is_served() -> None:
    served = [*settings.STATICFILES_DIRS, settings.STATIC_ROOT, settings.MEDIA_ROOT]
    for place in (str(s) for s in served if s):
        assert not settings.DOCUMENTS_DIR.resolve().is_relative_to(Path(place).resolve())


def test_a_name_of_the_storage_tells_nothing_of_the_customer(asked: Sender) -> None:
    assert not [name for name in files() if "kbis" in name or "lettre" in name]


def test_what_is_refused_leaves_neither_row_nor_file(
    asked: Sender, account: SmsAccount, alice: User, now: datetime
) -> None:
    before = files()
    with pytest.raises(review.NameTaken):
        asking.ask(
            account=account, name="FOURNIL", words=WORDS, papers=[papers.paper()], by=alice, now=now
        )
    assert files() == before
    assert SenderDocument.objects.count() == 2


def test_a_storage_that_fails_half_way_leaves_neither_row_nor_file(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    class Full(Exception):
        pass

    class Broken(ContentFile):  # type: ignore[type-arg]  # not generic at run time
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise Full

    kept = [papers.paper(), replace(papers.paper(), file=Broken(b"half of it"))]
    with pytest.raises(Full):
        asking.ask(account=account, name="FOURNIL", words=WORDS, papers=kept, by=alice, now=now)
    assert not files()
    assert not Sender.objects.filter(name="FOURNIL").exists()


def test_a_document_is_erased_so_many_days_after_the_decision(
    asked: Sender, sam: User, now: datetime
) -> None:
    review.enable(sender=asked, by=sam, now=now)
    kept = timedelta(days=settings.DOCUMENT_DAYS)
    assert filing.erase_due(now=now + kept - timedelta(seconds=1)) == 0
    assert filing.erase_due(now=now + kept) == 2
    assert filing.erase_due(now=now + kept) == 0
    assert not files()
    document = SenderDocument.objects.first()
    assert document is not None
    assert (document.erased_at, document.original_name) == (now + kept, "")
    assert document.sha256
    with pytest.raises(filing.Erased):
        filing.read(document=document)


def test_documents_of_what_was_taken_back_go_at_once(
    asked: Sender, alice: User, now: datetime
) -> None:
    review.remove(sender=asked, by=alice, clock=lambda: now)
    assert filing.erase_due(now=now) == 2
    assert not files()


def test_a_document_of_an_open_request_stays(asked: Sender, now: datetime) -> None:
    assert filing.erase_due(now=now + 1000 * DAY) == 0
    assert len(files()) == 2


def test_a_file_that_is_gone_is_told_as_erased(asked: Sender) -> None:
    document = SenderDocument.objects.get(original_name="kbis.jpg")
    storages["documents"].delete(document.stored_as)
    with pytest.raises(filing.Erased):
        filing.read(document=document)


def test_what_a_death_left_lying_is_swept_away_later(asked: Sender, now: datetime) -> None:
    for name, age in (("old.pdf", 2 * DAY), ("new.pdf", DAY / 2)):
        (folder() / name).write_bytes(b"x")
        written = (now - age).timestamp()
        os.utime(folder() / name, (written, written))
    for path in folder().glob("*-*"):
        os.utime(path, (0, 0))
    assert filing.sweep(now=now) == 1
    assert "old.pdf" not in files()
    assert len(files()) == 3


def test_a_row_that_was_marked_and_whose_file_stayed_is_swept(asked: Sender, now: datetime) -> None:
    SenderDocument.objects.update(erased_at=now)
    for path in folder().glob("*"):
        os.utime(path, (0, 0))
    assert filing.sweep(now=now) == 2


def test_nothing_is_swept_where_nothing_was_ever_kept(
    now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def listdir(path: str) -> tuple[list[str], list[str]]:
        return [], [found.name for found in (tmp_path / "no").iterdir()]

    monkeypatch.setattr(storages["documents"], "listdir", listdir)
    assert filing.sweep(now=now) == 0


def test_documents_of_each_round_stay_with_their_round(
    asked: Sender, alice: User, sam: User, now: datetime
) -> None:
    review.refuse(sender=asked, by=sam, reason="unreadable", now=now)
    again = Words(description="Shop", reason="Orders", changes="A better scan")
    opened = asking.ask_again(
        sender=asked, words=again, papers=[papers.paper()], by=alice, now=now + DAY
    )
    assert (opened.round, opened.changes, opened.documents.count()) == (2, "A better scan", 1)
    assert SenderRequest.objects.get(sender=asked, round=1).documents.count() == 2
