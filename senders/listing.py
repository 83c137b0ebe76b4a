"""The senders of an account as its pages show them, with the last request and what became of it.

An account has a bounded number of names and few numbers, so a page holds them all: they are read by
account, then sorted and searched in memory. What was removed is not shown. Reads only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts.models import SmsAccount, TrailEntry
from senders import kinds
from senders.models import (
    Decision,
    Outcome,
    Sender,
    SenderDocument,
    SenderKind,
    SenderRequest,
    SenderState,
)

BY_NAME = "name"
# A virtual number that ends within this is warned about.
SOON = timedelta(days=30)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sender with its last round."""

    sender: Sender
    request: SenderRequest | None
    withdrawn_because: str

    @property
    def decision(self) -> Decision | None:
        """What was decided about the last round, if anything was."""
        return getattr(self.request, "decision", None) if self.request else None

    @property
    def needs_more(self) -> bool:
        """Whether it was refused until more has come."""
        decision = self.decision
        return (
            self.sender.state == SenderState.REFUSED
            and decision is not None
            and decision.outcome == Outcome.MORE_NEEDED
        )

    @property
    def is_news(self) -> bool:
        """Whether staff decided and nobody of the account has looked at it yet."""
        decision = self.decision
        is_by_staff = decision is not None and decision.by_id is not None
        return is_by_staff and self.request is not None and self.request.seen_at is None

    @property
    def promised_at(self) -> datetime | None:
        """Until when an answer is promised, as long as it is awaited."""
        return self.request.promised_at if self.request and not self.request.closed_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All lines asked for; the virtual numbers that end soon; whether any sender may be used."""

    lines: list[Line]
    ending: list[Sender]
    total: int


# Columns of the page by the name that sorts by them.
COLUMNS: dict[str, Callable[[Line], object]] = {
    "name": lambda line: line.sender.label.casefold(),
    "kind": lambda line: str(SenderKind(line.sender.kind).label),
    "origin": lambda line: line.request.get_origin_display() if line.request else "",
    "description": lambda line: line.sender.description.casefold(),
    "status": lambda line: str(SenderState(line.sender.state).label),
    "message": lambda line: (line.decision.text if line.decision else "").casefold(),
    "promised": lambda line: line.promised_at or _NEVER,
    "used": lambda line: line.sender.last_used_at or _NEVER,
}


def page(*, account: SmsAccount, wanted: str, sort: str, now: datetime) -> Page:
    """Give the senders whose name or description holds some words, in an order."""
    lines = _lines(account)
    key = COLUMNS.get(sort.removeprefix("-"), COLUMNS[BY_NAME])
    found = [line for line in lines if wanted.casefold() in _searched(line)]
    found.sort(key=COLUMNS[BY_NAME])  # type: ignore[arg-type]  # each column is of one type
    found.sort(key=key, reverse=sort.startswith("-"))  # type: ignore[arg-type]
    ending = [line.sender for line in lines if is_ending(line.sender, now=now)]
    return Page(lines=found, ending=ending, total=len(lines))


def find(*, account: SmsAccount, name: str) -> Line | None:
    """Find a sender of the account that was not removed."""
    return next((line for line in _lines(account, name=name)), None)


def rounds(*, sender: Sender) -> list[tuple[SenderRequest, list[SenderDocument]]]:
    """Give what was asked and decided, the last first, each with its documents."""
    asked = SenderRequest.objects.filter(sender=sender).select_related("decision", "asked_by")
    found = asked.prefetch_related("documents").order_by("-round")
    return [(request, list(request.documents.all())) for request in found]


def is_ending(sender: Sender, *, now: datetime) -> bool:
    """Tell whether a virtual number ends soon."""
    ends = sender.term_ends_at
    is_running = sender.state in (SenderState.ENABLED, SenderState.DISABLED)
    return ends is not None and is_running and now < ends <= now + SOON


def _lines(account: SmsAccount, **more: object) -> list[Line]:
    shown = Sender.objects.filter(
        account=account, kind__in=kinds.offered_to(account.customer), **more
    ).exclude(state=SenderState.REMOVED)
    senders = list(shown)
    asked = SenderRequest.objects.filter(sender__in=senders).select_related("decision")
    last = {request.sender_id: request for request in asked.order_by("round")}
    reasons = _withdrawn([s for s in senders if s.state == SenderState.WITHDRAWN])
    return [
        Line(
            sender=sender,
            request=last.get(sender.pk),
            withdrawn_because=reasons.get(sender.pk, ""),
        )
        for sender in senders
    ]


def _withdrawn(senders: Sequence[Sender]) -> dict[int, str]:
    """Give why staff withdrew senders: the trail tells."""
    subjects = {f"sender:{sender.pk}": sender.pk for sender in senders}
    if not subjects:
        return {}
    told = TrailEntry.objects.filter(event="sender.withdrawn", subject__in=subjects)
    return {subjects[e.subject]: str(e.details.get("reason", "")) for e in told.order_by("at")}


def _searched(line: Line) -> str:
    return f"{line.sender.label}\n{line.sender.name}\n{line.sender.description}".casefold()
