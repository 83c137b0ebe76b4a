"""What the pages of a campaign say: its review before it is confirmed, its course afterwards.

Reads only. Figures come from the revision and the counters of its batches, never from a walk over
messages. Everything is found through the account, so that a foreign campaign is not there.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, QuerySet, Sum

from messaging import audience, calendar, campaigns, history, quote, repeats
from messaging.models import (
    Batch,
    BatchCounter,
    BatchState,
    RefusedRow,
    Revision,
    RevisionState,
)
from messaging.statuses import TONES, Shown, Tone
from senders.review import is_enabled

# Messages handed over in a second: what carriers commonly allow, not what this machine can do.
PACE = 100
REFUSED_SHOWN = 20
OPEN = (RevisionState.QUOTING, RevisionState.QUOTED)
MOVING = (RevisionState.SCHEDULED, RevisionState.LEAVING, RevisionState.CANCELLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The messages of a quote to one country."""

    code: str
    messages: int
    parts: int
    price_hundredths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """When the messages under one legal calendar leave; `country` is "" without a calendar."""

    country: str
    messages: int
    leaves_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A quote, ready to be read and confirmed; `replaced` is what stands of its campaign.

    `repeated` is what already said the same to the same recipients within 24 hours.
    """

    revision: Revision
    replaced: Revision | None
    repeated: Revision | None
    is_stale: bool
    countries: list[Country]
    departures: list[Departure]
    refused: list[RefusedRow]
    balance_after_hundredths: int

    @property
    def may_be_confirmed(self) -> bool:
        """Whether a confirmation has a chance; the confirmation itself decides."""
        return (
            not self.is_stale
            and not self.is_too_late
            and self.revision.messages > 0
            and self.balance_after_hundredths >= 0
        )

    @property
    def is_too_late(self) -> bool:
        """Whether what it would replace began to leave, or was cancelled."""
        return self.replaced is not None and not self.replaced.is_changeable

    @property
    def parts_each(self) -> int:
        """How many parts each message has."""
        return self.revision.parts // self.revision.messages if self.revision.messages else 0

    @property
    def leaves_apart(self) -> bool:
        """Whether legal hours let some leave later than others."""
        return len({d.leaves_at for d in self.departures}) > 1

    @property
    def leaves_at(self) -> datetime | None:
        """When the first message may leave."""
        return min((d.leaves_at for d in self.departures), default=None)

    @property
    def ends_at(self) -> datetime | None:
        """About when the last message is handed over."""
        return max((d.ends_at for d in self.departures), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How many messages of a revision are shown as one status."""

    shown: Shown
    tone: Tone
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a confirmed revision is."""

    revision: Revision
    bars: list[Bar]
    done: int
    leaves_at: datetime | None
    has_left: bool
    is_moving: bool

    @property
    def is_sender_lost(self) -> bool:
        """Whether what has not left will be skipped, because its sender is not enabled."""
        sender = self.revision.sender
        is_lost = not is_enabled(sender, at=self.leaves_at)
        return self.revision.is_cancellable and is_lost


def latest(*, account_id: int, campaign: uuid.UUID) -> Revision | None:
    """Find the last revision of a campaign of the account."""
    return _revisions(account_id, campaign).order_by("-number").first()


def standing(*, account_id: int, campaign: uuid.UUID) -> Revision | None:
    """Find the revision of a campaign of the account that was confirmed and not replaced."""
    return _revisions(account_id, campaign).filter(state__in=campaigns.CONFIRMED).first()


def typed_numbers(*, revision: Revision) -> list[str]:
    """Give the numbers of a revision as they were typed."""
    return [
        row.given for row in audience.rows(revision=revision, after=0, until=revision.rows_total)
    ]


def review(*, revision: Revision, now: datetime) -> Review:
    """Put together what has to be known before confirming."""
    replaced = standing(account_id=revision.account_id, campaign=revision.campaign.uuid)
    returned = replaced.total_hundredths if replaced and replaced.is_changeable else 0
    after = revision.account.balance_hundredths + returned - revision.total_hundredths
    is_stale = revision.state == RevisionState.STALE or quote.is_stale(revision=revision, now=now)
    return Review(
        revision=revision,
        replaced=replaced,
        repeated=repeats.lately(revision=revision, now=now),
        is_stale=is_stale,
        countries=_countries(revision),
        departures=departures(revision=revision, due_at=revision.due_at, now=now),
        refused=list(refused_rows(revision=revision)[:REFUSED_SHOWN]),
        balance_after_hundredths=after,
    )


def refused_rows(*, revision: Revision) -> QuerySet[RefusedRow]:
    """Give the rows that became no message, in their order."""
    return RefusedRow.objects.filter(revision=revision).order_by("position")


def course(*, revision: Revision) -> Course:
    """Count how far a confirmed revision is."""
    totals = history.totals(revision_id=revision.pk)
    bars = [
        Bar(shown=shown, tone=TONES[shown], messages=totals[shown])
        for shown in Shown
        if totals.get(shown)
    ]
    open_ = sum(bar.messages for bar in bars if bar.tone is Tone.BUSY)
    return Course(
        revision=revision,
        bars=bars,
        done=revision.messages - open_,
        leaves_at=departure(revision=revision),
        has_left=Batch.objects.filter(revision=revision, departed_at__isnull=False).exists(),
        is_moving=revision.state in MOVING or open_ > 0,
    )


def departure(*, revision: Revision) -> datetime | None:
    """Tell when the first planned message of a revision leaves; None once all have."""
    waiting = Batch.objects.filter(revision=revision, state=BatchState.SCHEDULED)
    at: datetime | None = waiting.aggregate(at=Min("not_before"))["at"]
    return at


def departures(*, revision: Revision, due_at: datetime | None, now: datetime) -> list[Departure]:
    """Tell when the parts of a revision would leave if it were due at a moment, the next first."""
    counted = (
        Batch.objects.filter(revision=revision)
        .values_list("calendar")
        .annotate(n=Sum("messages"))
        .order_by("calendar")
    )
    found = []
    for code, messages in counted:
        leaves_at = campaigns.leaves_at(codes={code}, due_at=due_at, now=now)
        found.append(
            Departure(
                country=code[:2],
                messages=messages,
                leaves_at=leaves_at,
                ends_at=_end(code=code, start=leaves_at, messages=messages),
            )
        )
    return sorted(found, key=lambda d: (d.leaves_at, d.country))


def _revisions(account_id: int, campaign: uuid.UUID) -> QuerySet[Revision]:
    return Revision.objects.select_related(
        "campaign", "account__customer", "sender", "created_by", "confirmed_by", "declared_by"
    ).filter(account_id=account_id, campaign__uuid=campaign)


def _countries(revision: Revision) -> list[Country]:
    counted = (
        BatchCounter.objects.filter(batch__revision=revision)
        .values("country")
        .annotate(n=Sum("messages"), p=Sum("parts"), price=Sum("price_hundredths"))
        .order_by("-n", "country")
    )
    return [
        Country(code=c["country"], messages=c["n"], parts=c["p"], price_hundredths=c["price"])
        for c in counted
    ]


def _end(*, code: str, start: datetime, messages: int) -> datetime:
    """Tell about when the last of `messages` leaves, nights and holidays in between included."""
    needed = timedelta(seconds=messages // PACE)
    if not code:
        return start + needed
    while (room := calendar.closing(code=code, moment=start) - start) < needed:
        needed -= room
        start = calendar.next_opening(code=code, moment=start + room)
    return start + needed
