"""The messages of one account to one phone, for whoever looks at what the phone replies.

Found through the index of recipients, never by a walk over batches. Only what was handed over
counts: nobody answers what did not leave.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from messaging import history, references
from messaging.history import Line
from messaging.models import Batch, HandOver, Message, Status


def by_id(*, account_id: int, ids: Collection[int]) -> dict[int, Line]:
    """Give messages of the account by their row; what is not there, or not its own, is absent."""
    rows = list(Message.objects.filter(pk__in=ids).order_by("pk"))
    batches = _batches().filter(account_id=account_id).in_bulk({row.batch_id for row in rows})
    found = [(row, batches[row.batch_id]) for row in rows if row.batch_id in batches]
    return {line.message.pk: line for line in history.lines_of(found)}


def to_phone(
    *, account_id: int, phone: str, kind: str, since: datetime, until: datetime | None, most: int
) -> list[Line]:
    """Give the last messages from senders of a kind that were answered for within two moments."""
    answered = _hand_overs(answered_at__gte=since)
    if until is not None:
        answered = answered.filter(answered_at__lte=until)
    rows = _to(account_id, phone).filter(Exists(answered), batch__revision__sender__kind=kind)
    rows = rows.select_related("batch__revision__campaign", "batch__revision__sender")
    last = [(row, row.batch) for row in rows.order_by("-pk")[:most]]
    return history.lines_of(last[::-1])


def last_before(*, account_id: int, phone: str, moment: datetime) -> int | None:
    """Give the row of the last message that had been handed over before a moment."""
    rows = _to(account_id, phone).filter(Exists(_hand_overs(claimed_at__lte=moment)))
    newest = rows.order_by("-batch__departed_at", "-pk").values_list("pk", flat=True)
    return newest.first()


def reference_of(line: Line) -> str:
    """Name a message as the carrier and the panel's addresses do."""
    revision = line.batch.revision
    name = references.names(campaign=revision.campaign.uuid, revision=revision.number)
    return name(line.position)


def _batches() -> QuerySet[Batch]:
    return Batch.objects.select_related("revision__campaign", "revision__sender")


def _to(account_id: int, phone: str) -> QuerySet[Message]:
    return Message.objects.filter(
        Q(status__isnull=True) | Q(status__lt=Status.SKIPPED),
        recipient=phone,
        batch__account_id=account_id,
        batch__departed_at__isnull=False,
    )


def _hand_overs(**when: datetime) -> QuerySet[HandOver]:
    return HandOver.objects.filter(
        batch=OuterRef("batch_id"),
        first_message_id__lte=OuterRef("pk"),
        last_message_id__gte=OuterRef("pk"),
        **when,
    )
