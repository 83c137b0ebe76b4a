"""All that the desk knows of one request: asked, found, shown, and decided before. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from senders import checks, queue
from senders.checks import Finding
from senders.models import Decision, SenderDocument, SenderRequest

# Pages of a document that are drawn; the rest is in the original.
PAGES_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A document with the pages that are drawn; `is_new` if no round before had this content."""

    document: SenderDocument
    is_new: bool

    @property
    def pages(self) -> range:
        """The numbers of the pages that are drawn; none once the file is erased."""
        if self.document.erased_at:
            return range(0)
        return range(1, min(self.document.pages, PAGES_SHOWN) + 1)

    @property
    def more(self) -> int:
        """How many pages only the original has."""
        return max(0, self.document.pages - PAGES_SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What reads otherwise than in the round before."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round and what was decided, if it was decided."""

    request: SenderRequest
    decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A request from all sides; `earlier` holds the rounds before it, the last first."""

    line: queue.Line
    findings: list[Finding]
    shown: list[Shown]
    changes: list[Change]
    earlier: list[Round]


def open_request(request: SenderRequest, *, now: datetime) -> Dossier:
    """Put together what there is to know of a request at a moment."""
    before = list(
        SenderRequest.objects.filter(sender=request.sender_id, round__lt=request.round)
        .select_related("decision__by", "asked_by")
        .order_by("-round")
    )
    last = before[0] if before else None
    return Dossier(
        line=queue.line(request, now=now),
        findings=checks.findings(request),
        shown=_shown(request, before=before),
        changes=changes(request, before=last) if last else [],
        earlier=[Round(request=r, decision=getattr(r, "decision", None)) for r in before],
    )


def changes(request: SenderRequest, *, before: SenderRequest) -> list[Change]:
    """Tell what somebody wrote otherwise when asking again."""
    pairs = [
        (_("Description"), before.description, request.description),
        (_("Reason"), before.reason, request.reason),
        (_("Origin"), before.get_origin_display(), request.get_origin_display()),
    ]
    return [Change(label=name, before=old, after=new) for name, old, new in pairs if old != new]


def _shown(request: SenderRequest, *, before: Iterable[SenderRequest]) -> list[Shown]:
    known = set(
        SenderDocument.objects.filter(request__in=list(before)).values_list("sha256", flat=True)
    )
    rows = request.documents.order_by("pk")
    return [Shown(document=row, is_new=row.sha256 not in known) for row in rows]
