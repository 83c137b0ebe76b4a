"""Cancelling several campaigns, and what that gives back.

Each is cancelled in a transaction of its own: one that has left meanwhile is told, and keeps no
other from being cancelled. Figures come from the batches and their counters, never from a walk over
messages.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from accounts.models import SmsAccount, User
from messaging import campaigns
from messaging.models import Batch, BatchCounter, BatchState, Revision, Status

# Campaigns cancelled with one press: those of a page.
MOST = 50

# A campaign and the number of the revision that was seen.
Choice = tuple[uuid.UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A ticked campaign as it stands, with what cancelling it gives back, or has given back.

    Of what is leaving it is the most that can come back: the carrier may take some meanwhile.
    """

    revision: Revision
    returned_hundredths: int

    @property
    def pick(self) -> str:
        """What its box said when it was ticked."""
        return f"{self.revision.campaign.uuid}:{self.revision.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was ticked, in the order in which it stood on the page."""

    chosen: list[Chosen]

    @property
    def cancellable(self) -> list[Chosen]:
        """Those of which something may still be held back."""
        return [c for c in self.chosen if c.revision.is_cancellable]

    @property
    def recipients(self) -> int:
        """How many recipients those have."""
        return sum(c.revision.messages for c in self.cancellable)

    @property
    def returned_hundredths(self) -> int:
        """What cancelling those gives back."""
        return sum(c.returned_hundredths for c in self.cancellable)

    @property
    def is_certain(self) -> bool:
        """Whether exactly that comes back: nothing of them has begun to leave."""
        return all(c.revision.is_changeable for c in self.cancellable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one of several cancellations: `refusal` if it could not be cancelled."""

    revision: Revision
    refusal: campaigns.Refused | None
    returned_hundredths: int


def selection(*, account: SmsAccount, choices: Sequence[Choice]) -> Selection:
    """Give the ticked campaigns of the account as they stand."""
    revisions = _revisions(account, choices)
    returned = _returned(revisions)
    return Selection(
        chosen=[Chosen(revision=r, returned_hundredths=returned[r.pk]) for r in revisions]
    )


def cancel_each(
    *, account: SmsAccount, choices: Sequence[Choice], by: User, now: datetime
) -> list[Outcome]:
    """Cancel the chosen campaigns one by one, and tell what became of each."""
    refusals: dict[int, campaigns.Refused] = {}
    for revision in _revisions(account, choices):
        try:
            campaigns.cancel(revision=revision, by=by, now=now)
        except campaigns.Refused as refusal:
            refusals[revision.pk] = refusal
    return [
        Outcome(
            revision=c.revision,
            refusal=refusals.get(c.revision.pk),
            returned_hundredths=c.returned_hundredths,
        )
        for c in selection(account=account, choices=choices).chosen
    ]


def _revisions(account: SmsAccount, choices: Sequence[Choice]) -> list[Revision]:
    numbers = dict(choices[:MOST])
    found = Revision.objects.select_related("campaign", "sender", "account").filter(
        account=account, campaign__uuid__in=numbers, confirmed_at__isnull=False
    )
    wanted = {r.campaign.uuid: r for r in found if r.number == numbers[r.campaign.uuid]}
    return [wanted[campaign] for campaign in numbers if campaign in wanted]


def _returned(revisions: Sequence[Revision]) -> Mapping[int, int]:
    """Give the hundredths that would come back by revision, or came back once it is cancelled."""
    may_be = {r.pk: r.is_cancellable for r in revisions}
    sums: defaultdict[int, int] = defaultdict(int)
    batches = Batch.objects.filter(revision__in=may_be).values_list("revision_id", "state")
    for revision_id, state, price in batches.annotate(price=Sum("price_hundredths")):
        if state == (BatchState.SCHEDULED if may_be[revision_id] else BatchState.CANCELLED):
            sums[revision_id] += price
    counted = BatchCounter.objects.filter(
        batch__revision__in=may_be, batch__departed_at__isnull=False
    ).values_list("batch__revision_id", "batch__state", "status")
    for revision_id, state, status, price in counted.annotate(price=Sum("price_hundredths")):
        would = status == Status.OPEN and state == BatchState.LEAVING
        if would if may_be[revision_id] else Status(status).is_refunded:
            sums[revision_id] += price
    return sums
