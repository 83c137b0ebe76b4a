"""Supporting documents, for staff at the desk and nobody else.

A file comes from a stranger. Its pages are drawn anew and shown as images; the original is only
ever a download under a name of ours, and could run nothing if a browser opened it all the same.
"""

import uuid

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import trail
from accounts.access import StaffRequest, staff_view
from senders import documents, filing, notices
from senders.models import ContentType, SenderDocument

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@staff_view(permission=notices.PERMISSION)
@require_safe
def document_page(_request: StaffRequest, document: uuid.UUID, page: int) -> HttpResponse:
    """Give a page of a document as an image that we drew."""
    found = _document_or_404(document)
    if not 1 <= page <= found.pages:
        raise Http404
    try:
        image = filing.page_image(document=found, page=page)
    except (filing.Erased, documents.Unacceptable) as exc:
        raise Http404 from exc
    return _file(image, content_type="image/jpeg", name=f"inline; filename={document}-{page}.jpg")


@staff_view(permission=notices.PERMISSION)
@require_safe
def document_detail(request: StaffRequest, document: uuid.UUID) -> HttpResponse:
    """Give the original as a download, and note who took it."""
    found = _document_or_404(document)
    try:
        data = filing.read(document=found)
    except filing.Erased as exc:
        raise Http404 from exc
    trail.record(
        event="document.downloaded",
        subject=f"document:{found.uuid}",
        actor=request.user,
        account=found.request.sender.account,
        now=timezone.now(),
    )
    suffix = ContentType(found.content_type).name.lower()
    name = f"attachment; filename={document}.{suffix}"
    return _file(data, content_type=found.content_type, name=name)


def _file(data: bytes, *, content_type: str, name: str) -> HttpResponse:
    headers = {**_HEADERS, "Content-Disposition": name}
    return HttpResponse(data, content_type=content_type, headers=headers)


def _document_or_404(document: uuid.UUID) -> SenderDocument:
    found = SenderDocument.objects.select_related("request__sender__account").filter(uuid=document)
    try:
        return found.get()
    except SenderDocument.DoesNotExist as exc:
        raise Http404 from exc
