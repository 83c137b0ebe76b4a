"""Moving: another moment for what is planned, without a new quote.

An update of the batches under their locks, which everybody takes who lets them leave, cancels or
replaces them: one clear outcome, whoever is at it at the same time. The legal calendars decide
again. Whoever moves names the moment that was shown, so that two people do not undo each other.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from accounts import retrying, trail
from accounts.models import User
from messaging import campaigns, closing, events
from messaging.campaigns import NoLongerPlanned, Refused
from messaging.models import Batch, BatchState, Revision, RevisionState


class MovedMeanwhile(Refused):
    """Somebody else chose another moment since this one was shown."""

    def __init__(self, revision: Revision) -> None:
        """Keep the revision as it stands."""
        super().__init__(revision.pk)
        self.revision = revision


@retrying.on_deadlock
def move(
    *, revision: Revision, by: User, seen: datetime | None, due_at: datetime | None, now: datetime
) -> Revision:
    """Let what is planned leave at another moment; None: as soon as it may.

    `seen` is the moment that it was due at when that was decided. Moving again to the same moment
    changes nothing. Raises MovedMeanwhile, NoLongerPlanned, PastMoment, TooFarAhead,
    SenderNotEnabled or SenderEnds.
    """
    campaigns.check_moment(due_at, now=now)
    with transaction.atomic(durable=True):
        closing.lock_batches(revision_id=revision.pk)
        current = Revision.objects.select_related("campaign", "account").get(pk=revision.pk)
        if not current.is_changeable:
            raise NoLongerPlanned(current)
        if current.due_at == due_at:
            return current
        if current.due_at != seen:
            raise MovedMeanwhile(current)
        campaigns.check_sender(current, due_at=due_at, now=now)
        _move_within(current, due_at=due_at, now=now)
        trail.record(
            event="campaign.moved",
            subject=f"campaign:{current.campaign.uuid}:{current.number}",
            actor=by,
            account=current.account,
            now=now,
            before=_written(seen),
            after=_written(due_at),
        )
    events.tell("campaign.moved", revision=current, messages=current.messages)
    return current


def relist(*, revision_id: int) -> None:
    """List what is planned by its first batch, after one was held back. Part of a transaction.

    The revision is held first: of two batches held back at once the second sees the first one's.
    """
    revision = Revision.objects.select_for_update(no_key=True).get(pk=revision_id)
    waiting = Batch.objects.filter(revision=revision_id, state=BatchState.SCHEDULED)
    Revision.objects.filter(pk=revision.pk, state=RevisionState.SCHEDULED).update(
        leaves_at=waiting.aggregate(first=Min("not_before"))["first"]
    )


def _move_within(revision: Revision, *, due_at: datetime | None, now: datetime) -> None:
    revision.due_at = due_at
    revision.leaves_at = campaigns.plan_batches(revision, from_state=BatchState.SCHEDULED, now=now)
    Revision.objects.filter(pk=revision.pk, state=RevisionState.SCHEDULED).update(
        due_at=due_at, leaves_at=revision.leaves_at
    )
    campaigns.wake(revision, now=now)


def _written(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else "now"
