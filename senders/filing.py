"""Where supporting documents lie: put there, read for staff, erased.

The storage and the database know nothing of each other's transactions. Files are written first
and taken away again when the transaction that names them fails; a row is marked before its file
goes. What a death in between leaves lying is found later, because no row names it.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.db.models import Q

from accounts import trail
from senders import documents
from senders.documents import Judged
from senders.models import ContentType, SenderDocument, SenderRequest

# Erased in one run.
GROUP = 500
# A file that no row names may belong to a request that is being written.
SETTLED = timedelta(days=1)


class Erased(Exception):
    """The file of this document is no longer kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A file that was judged and is to be kept; its name is only shown."""

    file: "File[bytes]"
    name: str
    judged: Judged


def judged(*, file: "File[bytes]", name: str) -> Paper:
    """Judge a file, which is read into memory meanwhile. Raises documents.Unacceptable."""
    if (file.size or 0) > documents.LARGEST:
        raise documents.Unacceptable(fault=documents.Fault.TOO_LARGE)
    file.seek(0)
    return Paper(
        file=file, name=documents.plain_name(name), judged=documents.judge(bytes(file.read()))
    )


@contextmanager
def stored(papers: Sequence[Paper]) -> Iterator[list[tuple[Paper, str]]]:
    """Write files, and give each with its name in the storage; should the block fail, none stays.

    Around a whole transaction, never inside one: only then is its end known.
    """
    written: list[tuple[Paper, str]] = []
    try:
        for paper in papers:
            suffix = ContentType(paper.judged.content_type).name.lower()
            # Noted first: a file may fail when half of it is written.
            written.append((paper, f"{uuid.uuid4()}.{suffix}"))
            paper.file.seek(0)
            _storage().save(written[-1][1], paper.file)
        yield written
    except BaseException:
        for _paper, name in written:
            _storage().delete(name)
        raise


def attach(
    *, request: SenderRequest, written: Sequence[tuple[Paper, str]], now: datetime
) -> list[SenderDocument]:
    """Name stored files as the documents of a request. Part of the caller's transaction."""
    return [
        SenderDocument.objects.create(
            request=request,
            stored_as=name,
            original_name=paper.name,
            content_type=paper.judged.content_type,
            size=paper.judged.size,
            sha256=paper.judged.sha256,
            pages=paper.judged.pages,
            created_at=now,
        )
        for paper, name in written
    ]


def read(*, document: SenderDocument) -> bytes:
    """Give the content of a document. Raises Erased."""
    if document.erased_at is None:
        try:
            with _storage().open(document.stored_as) as file:
                return bytes(file.read())
        except FileNotFoundError as exc:
            raise Erased from exc
    raise Erased


def page_image(*, document: SenderDocument, page: int) -> bytes:
    """Draw a page of a document as a JPEG. Raises Erased or documents.Unacceptable."""
    return documents.page_image(
        data=read(document=document), content_type=document.content_type, page=page
    )


def erase_due(*, now: datetime) -> int:
    """Erase documents that were decided about long enough ago; give how many. Harmless twice.

    Those of a request that was taken back are of no use to anybody, and go at once.
    """
    until = now - timedelta(days=settings.DOCUMENT_DAYS)
    due = SenderDocument.objects.filter(
        Q(request__closed_at__lte=until)
        | Q(request__closed_at__isnull=False, request__decision=None),
        erased_at__isnull=True,
    ).select_related("request__sender__account")
    erased = [document for document in due.order_by("pk")[:GROUP] if _erase(document, now=now)]
    return len(erased)


def sweep(*, now: datetime) -> int:
    """Remove files that no row names, once nobody can be writing their row; give how many."""
    storage, removed = _storage(), 0
    try:
        _folders, names = storage.listdir("")
    except FileNotFoundError:
        return 0
    kept = SenderDocument.objects.filter(erased_at__isnull=True)
    for name in sorted(set(names) - set(kept.values_list("stored_as", flat=True))):
        if storage.get_modified_time(name) <= now - SETTLED:
            storage.delete(name)
            removed += 1
    return removed


def _erase(document: SenderDocument, *, now: datetime) -> bool:
    kept = SenderDocument.objects.filter(pk=document.pk, erased_at__isnull=True)
    with transaction.atomic(durable=True):
        if not kept.update(erased_at=now, original_name=""):
            return False
        trail.record(
            event="document.erased",
            subject=f"document:{document.uuid}",
            actor=None,
            account=document.request.sender.account,
            now=now,
        )
    _storage().delete(document.stored_as)
    return True


def _storage() -> Storage:
    return storages["documents"]
