"""The queue of the desk: which requests wait, which are through, and in which order.

What waits is read by its promise, the first first, so what is late stands on top; what is through,
the last first. Read by key, from an index. Reads only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import keyset
from accounts.keyset import Order
from accounts.models import Customer, User
from senders import deciding, promise
from senders.models import Decision, Outcome, SenderRequest

WAITING_FIRST = Order(name="desk waiting", keys=("promised_at", "id"), descending=False)
LAST_FIRST = Order(name="desk closed", keys=("closed_at", "id"), descending=True)
PAGE = 50
# Counted no further than this.
MOST = 10_000
# Customers that a search may mean.
MOST_CUSTOMERS = 50


class Show(models.TextChoices):
    """Which requests are listed."""

    WAITING = "waiting", _("Waiting for a decision")
    LATE = "late", _("Late")
    MINE = "mine", _("Taken by me")
    DECIDED = "decided", _("Decided")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    MORE_NEEDED = "more", _("More is needed")
    TAKEN_BACK = "taken-back", pgettext_lazy("requests", "Taken back")


OPEN = frozenset({Show.WAITING, Show.LATE, Show.MINE})
OUTCOMES = {
    Show.APPROVED: Outcome.APPROVED,
    Show.REFUSED: Outcome.REFUSED,
    Show.MORE_NEEDED: Outcome.MORE_NEEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is listed; `origin` and `text` are "" for all."""

    show: Show
    origin: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A request with what its row says; `left` is working time, negative once it is late."""

    request: SenderRequest
    decision: Decision | None
    holder: User | None
    left: timedelta

    @property
    def is_late(self) -> bool:
        """Whether its promise was missed."""
        return self.left < timedelta()

    @property
    def is_due_soon(self) -> bool:
        """Whether less than half a working day is left."""
        return not self.is_late and self.left < promise.WORKING_DAY / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Up to PAGE lines and the cursors around them, "" where there is nothing."""

    lines: list[Line]
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many wait, how many of them are late, and how many one person took; up to MOST."""

    waiting: int
    late: int
    mine: int


def page(*, wanted: Filter, by: User, cursor: str, now: datetime) -> Page:
    """Give the page at a cursor; "" is the first."""
    order = WAITING_FIRST if wanted.show in OPEN else LAST_FIRST
    rows = _rows(wanted, by=by, now=now).select_related(
        "sender__account__customer", "claimed_by", "decision__by"
    )
    found = keyset.page(rows=rows, order=order, cursor=cursor, size=PAGE)
    return Page(
        lines=[line(request, now=now) for request in found.rows],
        before=found.before,
        after=found.after,
    )


def line(request: SenderRequest, *, now: datetime) -> Line:
    """Tell what there is to say of a request at a moment."""
    end = request.closed_at or now
    return Line(
        request=request,
        decision=getattr(request, "decision", None),
        holder=deciding.holder(request, now=now),
        left=_left(request.promised_at, now=end),
    )


def following(request: SenderRequest, *, by: User, now: datetime) -> SenderRequest | None:
    """Give what is to be decided after a request, that nobody else works on."""
    waiting = SenderRequest.objects.filter(deciding.free_for(by, now=now), closed_at__isnull=True)
    same, at = Q(promised_at=request.promised_at, pk__gt=request.pk), request.promised_at
    later = waiting.filter(same | Q(promised_at__gt=at)) if at else waiting.exclude(pk=request.pk)
    return later.order_by("promised_at", "id").first()


def counts(*, by: User, now: datetime) -> Counts:
    """Count what waits."""
    return Counts(
        waiting=_count(SenderRequest.objects.filter(closed_at__isnull=True)),
        late=_count(_rows(Filter(show=Show.LATE, origin="", text=""), by=by, now=now)),
        mine=_count(_rows(Filter(show=Show.MINE, origin="", text=""), by=by, now=now)),
    )


def _count(rows: QuerySet[SenderRequest]) -> int:
    return rows.order_by()[:MOST].count()


def _left(promised_at: datetime | None, *, now: datetime) -> timedelta:
    """Give the working time until a promise ends; late, however it is counted, is below zero."""
    if promised_at is None:
        return timedelta()
    if now <= promised_at:
        return promise.working_time(since=now, until=promised_at)
    late = promise.working_time(since=promised_at, until=now)
    return -max(late, timedelta(seconds=1))


def _rows(wanted: Filter, *, by: User, now: datetime) -> QuerySet[SenderRequest]:
    is_open = wanted.show in OPEN
    rows = SenderRequest.objects.filter(closed_at__isnull=is_open)
    match wanted.show:
        case Show.LATE:
            rows = rows.filter(promised_at__lt=now)
        case Show.MINE:
            rows = rows.filter(claimed_by=by, claimed_at__gt=now - deciding.CLAIM)
        case Show.TAKEN_BACK:
            rows = rows.exclude(Exists(Decision.objects.filter(request=OuterRef("pk"))))
        case Show.DECIDED:
            rows = rows.filter(Exists(Decision.objects.filter(request=OuterRef("pk"))))
        case show if outcome := OUTCOMES.get(show):
            rows = rows.filter(decision__outcome=outcome)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    return rows.filter(_about(wanted.text)) if wanted.text else rows


def _about(text: str) -> Q:
    """Match a customer, an account or a sender."""
    found = Customer.objects.filter(name__icontains=text).order_by("pk")
    customers = list(found.values_list("pk", flat=True)[:MOST_CUSTOMERS])
    return (
        Q(sender__account__customer__in=customers)
        | Q(sender__account__name=text)
        | Q(sender__name__iexact=text)
    )
