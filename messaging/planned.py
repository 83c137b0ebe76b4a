"""What is planned on an account: all that is on its way and has not wholly left, the next first.

Read by key over (leaves_at, id) of the revisions: thousands with the same moment (all that waits
for Monday at 8:00) cost no more than one. Counts are capped. What batches and hand-overs say is
read for the rows of the page alone. Reads only.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, QuerySet

from accounts import keyset, suspension
from accounts.keyset import Order
from accounts.models import SmsAccount
from messaging import hand_overs, holds
from messaging.holds import LOOKS, Hold, Waiting
from messaging.models import (
    Batch,
    BatchState,
    HandOver,
    HandOverState,
    Message,
    Revision,
    RevisionState,
)
from senders import review

PAGE = 50
SOON = 5
# Counted no further than this.
MOST = 10_000
NEXT_FIRST = Order(name="planned", keys=("leaves_at", "id"), descending=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many there are, or that there are more than MOST."""

    shown: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One campaign with what its row says.

    `until` is the moment at which it leaves or goes on; `later` counts the moments after it at
    which other parts leave; `phone` is the recipient if there is only one.
    """

    revision: Revision
    hold: Hold
    until: datetime | None
    later: int
    phone: str

    @property
    def at(self) -> datetime | None:
        """The moment to show: when it goes on, else when its first part left or was due."""
        return self.until or self.revision.leaves_at

    @property
    def tone(self) -> str:
        """How the badge of its hold looks."""
        return LOOKS[self.hold][0]

    @property
    def icon(self) -> str:
        """What the badge of its hold shows."""
        return LOOKS[self.hold][1]

    @property
    def pick(self) -> str:
        """What its box says when it is ticked."""
        return f"{self.revision.campaign.uuid}:{self.revision.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Up to PAGE lines and the cursors around them, "" where there is nothing; how many in all."""

    lines: list[Line]
    earlier: str
    later: str
    count: Count
    is_suspended: bool

    @property
    def bears_lost_sender(self) -> bool:
        """Whether something on the page will be skipped because of its sender."""
        return any(line.hold is Hold.SENDER for line in self.lines)

    @property
    def mark(self) -> str:
        """A short text that changes when anything shown does."""
        said = [
            (
                x.revision.pk, x.revision.state, x.hold, x.until and x.until.timestamp(), x.later,
                x.revision.messages,
            )
            for x in self.lines
        ]  # fmt: skip
        around = (bool(self.earlier), bool(self.later), self.count, self.is_suspended)
        return hashlib.sha256(repr((said, around)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """The first few that wait for their moment, each with it as `leaves_at`, and how many do."""

    count: Count
    first: list[Revision]


def page(*, account: SmsAccount, cursor: str, now: datetime) -> Page:
    """Give the page at a cursor; "" is what leaves next."""
    listed = _listed(account.pk)
    found = keyset.page(rows=listed, order=NEXT_FIRST, cursor=cursor, size=PAGE)
    is_suspended = suspension.is_suspended(account_id=account.pk, now=now)
    return Page(
        lines=_lines(found.rows, is_suspended=is_suspended, now=now),
        earlier=found.before,
        later=found.after,
        count=_count(listed),
        is_suspended=is_suspended,
    )


def soon(*, account_id: int, now: datetime) -> Soon:
    """Give the next few of an account whose moment is still to come."""
    waiting = _listed(account_id).filter(leaves_at__gt=now).order_by("leaves_at", "pk")
    first = list(waiting[: SOON + 1])
    # Mostly they are few, and counted when they are read.
    few = Count(shown=len(first), is_more=False)
    return Soon(count=_count(waiting) if len(first) > SOON else few, first=first[:SOON])


def _lines(revisions: Sequence[Revision], *, is_suspended: bool, now: datetime) -> list[Line]:
    planned, waiting, phones = _planned(revisions), _waiting(revisions), _phones(revisions)
    found = []
    for revision in revisions:
        moments = planned.get(revision.pk, [])
        held = holds.of(
            state=RevisionState(revision.state),
            due_at=revision.due_at,
            planned=moments,
            waiting=waiting.get(revision.pk, []),
            is_suspended=is_suspended,
            is_sender_enabled=review.is_enabled(revision.sender, at=revision.leaves_at),
            now=now,
        )
        later = [m for m in moments if m > (held.until or now)]
        found.append(
            Line(
                revision=revision,
                hold=held.hold,
                until=held.until,
                later=len(later),
                phone=phones.get(revision.pk, ""),
            )
        )
    return found


def _listed(account_id: int) -> QuerySet[Revision]:
    return Revision.objects.select_related("campaign", "sender", "account").filter(
        account_id=account_id, leaves_at__isnull=False
    )


def _count(listed: QuerySet[Revision]) -> Count:
    found = listed.order_by()[: MOST + 1].count()
    return Count(shown=min(found, MOST), is_more=found > MOST)


def _planned(revisions: Sequence[Revision]) -> dict[int, list[datetime]]:
    """Give the different moments of the batches that have not left, by revision."""
    waiting = Batch.objects.filter(
        revision__in=[r.pk for r in revisions],
        state=BatchState.SCHEDULED,
        not_before__isnull=False,
    )
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for revision_id, moment in waiting.values_list("revision_id", "not_before").distinct():
        if moment is not None:
            found[revision_id].append(moment)
    return found


def _waiting(revisions: Sequence[Revision]) -> dict[int, list[Waiting]]:
    """Give the open hand-overs of what is leaving, by revision."""
    leaving = [r.pk for r in revisions if r.state == RevisionState.LEAVING]
    open_ = HandOver.objects.filter(
        batch__revision__in=leaving,
        batch__state=BatchState.LEAVING,
        state__in=hand_overs.OPEN,
    )
    found: defaultdict[int, list[Waiting]] = defaultdict(list)
    grouped = open_.values_list("batch__revision_id", "state", "trouble").annotate(
        at=Min("not_before")
    )
    for revision_id, state, trouble, at in grouped if leaving else []:
        found[revision_id].append(Waiting(state=HandOverState(state), trouble=trouble, at=at))
    return found


def _phones(revisions: Sequence[Revision]) -> dict[int, str]:
    """Give the recipient of each revision that has only one."""
    alone = [r.pk for r in revisions if r.messages == 1]
    first = Batch.objects.filter(revision__in=alone).values_list("first_message_id", "revision_id")
    owners = dict(first)
    rows = Message.objects.filter(pk__in=list(owners)).values_list("pk", "recipient")
    return {owners[pk]: recipient for pk, recipient in rows}
