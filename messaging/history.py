"""The history: what left, newest first, read through departed batches.

Keyset pages on (departed_at, batch, message): no OFFSET and no count. Without a filter the ids of
a page follow from its batches alone; a status walks only the batches whose counter says that there
is one; an exact number goes through its index. Drafts, quotes and planned messages never show.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from messaging import statuses
from messaging.models import Batch, BatchCounter, HandOver, HandOverState, Message, Status
from messaging.statuses import Shown, ShownStatus

PAGE = 50
SALT = "messaging.history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show: an exact number in E.164, a status; None = all."""

    recipient: str | None
    shown: Shown | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message with what its row in the table says."""

    message: Message
    batch: Batch
    status: ShownStatus

    @property
    def position(self) -> int:
        """The message's position in its revision, from 1."""
        return self.batch.first_position + self.message.pk - self.batch.first_message_id

    @property
    def text(self) -> str:
        """What the recipient reads."""
        revision = self.batch.revision
        return (self.message.text or revision.text) + revision.clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Up to PAGE lines and the cursors around them, "" where there is nothing."""

    lines: list[Line]
    newer: str
    older: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """A place in the order; `backwards` reads towards the newer ones."""

    departed_at: datetime
    batch_id: int
    message_id: int
    backwards: bool


def page(*, account_id: int, wanted: Filter, cursor: str) -> Page:
    """Give the page at a cursor ("" = the newest). A cursor that is not ours starts again."""
    spot = _read_cursor(cursor)
    found = _messages(account_id=account_id, wanted=wanted, spot=spot, limit=PAGE + 1)
    more, found = len(found) > PAGE, found[:PAGE]
    backwards = spot is not None and spot.backwards
    if backwards:
        found.reverse()
    lines = lines_of(found)
    has_newer = more if backwards else spot is not None
    has_older = True if backwards else more
    return Page(
        lines=lines,
        newer=cursor_at(lines[0], backwards=True) if lines and has_newer else "",
        older=cursor_at(lines[-1], backwards=False) if lines and has_older else "",
    )


def line(*, account_id: int, campaign: uuid.UUID, revision: int, position: int) -> Line | None:
    """Find one message by its address, planned ones too; None if the account has no such."""
    batch = (
        Batch.objects.select_related("revision__campaign", "revision__sender", "account")
        .filter(
            account_id=account_id,
            revision__campaign__uuid=campaign,
            revision__number=revision,
            first_position__lte=position,
        )
        .exclude(state="loaded")
        .order_by("-first_position")
        .first()
    )
    if batch is None or position >= batch.first_position + batch.messages:
        return None
    message_id = batch.first_message_id + position - batch.first_position
    return lines_of([(Message.objects.get(pk=message_id), batch)])[0]


def hand_over_of(*, line: Line) -> HandOver | None:
    """Give the hand-over that holds a message, once its batch left."""
    return HandOver.objects.filter(
        batch=line.batch,
        first_message_id__lte=line.message.pk,
        last_message_id__gte=line.message.pk,
    ).first()


def _messages(
    *, account_id: int, wanted: Filter, spot: _Spot | None, limit: int
) -> list[tuple[Message, Batch]]:
    if wanted.recipient is not None:
        return _by_recipient(account_id, wanted, spot, limit)
    order = ("departed_at", "pk") if spot and spot.backwards else ("-departed_at", "-pk")
    batches = _departed(account_id).order_by(*order)
    if spot is not None:
        batches = batches.filter(_batches_from(spot))
    if wanted.shown is not None:
        return _by_status(batches, wanted.shown, spot, limit)
    owner = {i: b for b in batches[:limit] for i in _ids(b, spot)[:limit]}
    ids = list(owner)[:limit]
    rows = Message.objects.in_bulk(ids)
    return [(rows[i], owner[i]) for i in ids if i in rows]


def _departed(account_id: int) -> QuerySet[Batch]:
    return Batch.objects.select_related("revision__campaign", "revision__sender").filter(
        account_id=account_id, departed_at__isnull=False
    )


def _batches_from(spot: _Spot) -> Q:
    """The batches beyond a spot, its own among them.

    The first condition says nothing new: it is where the index begins to read.
    """
    at = spot.departed_at
    if spot.backwards:
        return Q(departed_at__gte=at) & (Q(departed_at__gt=at) | Q(pk__gte=spot.batch_id))
    return Q(departed_at__lte=at) & (Q(departed_at__lt=at) | Q(pk__lte=spot.batch_id))


def _ids(batch: Batch, spot: _Spot | None) -> range:
    """The ids of a batch beyond a spot, in reading order."""
    first, end = batch.first_message_id, batch.first_message_id + batch.messages
    if spot and spot.backwards:
        start = spot.message_id + 1 if batch.pk == spot.batch_id else first
        return range(start, end)
    last = spot.message_id - 1 if spot and batch.pk == spot.batch_id else end - 1
    return range(last, first - 1, -1)


def _by_status(
    batches: QuerySet[Batch], shown: Shown, spot: _Spot | None, limit: int
) -> list[tuple[Message, Batch]]:
    stored, condition = _stored(shown)
    counters = BatchCounter.objects.filter(batch=OuterRef("pk"), status__in=stored, messages__gt=0)
    found: list[tuple[Message, Batch]] = []
    for batch in batches.filter(Exists(counters)).iterator(chunk_size=limit):
        ids = _ids(batch, spot)
        if not ids:
            continue
        low, high = min(ids[0], ids[-1]), max(ids[0], ids[-1])
        rows = Message.objects.filter(condition, pk__gte=low, pk__lte=high)
        order = "pk" if ids.step > 0 else "-pk"
        found += [(row, batch) for row in rows.order_by(order)[: limit - len(found)]]
        if len(found) >= limit:
            break
    return found


def _by_recipient(
    account_id: int, wanted: Filter, spot: _Spot | None, limit: int
) -> list[tuple[Message, Batch]]:
    rows = Message.objects.filter(
        recipient=wanted.recipient, batch__account_id=account_id, batch__departed_at__isnull=False
    )
    if wanted.shown is not None:
        rows = rows.filter(_stored(wanted.shown)[1])
    if spot is not None:
        rows = rows.filter(_messages_beyond(spot))
    sign = "" if spot and spot.backwards else "-"
    rows = rows.select_related("batch__revision__campaign", "batch__revision__sender")
    rows = rows.order_by(f"{sign}batch__departed_at", f"{sign}batch_id", f"{sign}pk")
    return [(row, row.batch) for row in rows[:limit]]


def _messages_beyond(spot: _Spot) -> Q:
    op = "gt" if spot.backwards else "lt"
    at, batch = Q(batch__departed_at=spot.departed_at), Q(batch_id=spot.batch_id)
    return (
        Q(**{f"batch__departed_at__{op}": spot.departed_at})
        | at & Q(**{f"batch_id__{op}": spot.batch_id})
        | at & batch & Q(**{f"pk__{op}": spot.message_id})
    )


def _stored(shown: Shown) -> tuple[list[Status], Q]:
    """Give the stored statuses behind a shown one, and the condition on message rows."""
    stored = [status for status, words in statuses.OF_STATUS.items() if words is shown]
    condition = Q(status__in=[int(s) for s in stored])
    answered = Exists(
        HandOver.objects.filter(
            batch=OuterRef("batch_id"),
            first_message_id__lte=OuterRef("pk"),
            last_message_id__gte=OuterRef("pk"),
            state=HandOverState.ANSWERED,
        )
    )
    if shown is Shown.SENT:
        return [*stored, Status.OPEN], condition | Q(status__isnull=True) & Q(answered)
    if shown is Shown.WAITING:
        return [Status.OPEN], Q(status__isnull=True) & ~Q(answered)
    return stored, condition


def lines_of(found: Sequence[tuple[Message, Batch]]) -> list[Line]:
    """Give messages with their batches as lines of a table, in the same order."""
    # A message with a status of its own speaks for itself.
    speechless = {batch.pk for message, batch in found if message.status is None}
    hand_overs: dict[int, list[HandOver]] = {}
    for h in HandOver.objects.filter(batch__in=speechless):
        hand_overs.setdefault(h.batch_id, []).append(h)
    return [
        Line(
            message=message,
            batch=batch,
            status=statuses.of(
                message=message, hand_over=_holding(message, hand_overs), batch=batch
            ),
        )
        for message, batch in found
    ]


def _holding(message: Message, hand_overs: dict[int, list[HandOver]]) -> HandOver | None:
    of_batch = hand_overs.get(message.batch_id, [])
    held = (h for h in of_batch if h.first_message_id <= message.pk <= h.last_message_id)
    return next(held, None)


def cursor_at(line: Line, *, backwards: bool) -> str:
    """Name the page that begins beyond a line, towards the older ones or backwards."""
    departed = line.batch.departed_at
    assert departed is not None  # noqa: S101 (only departed batches are in a page)
    return signing.dumps(
        [departed.isoformat(), line.batch.pk, line.message.pk, backwards], salt=SALT
    )


def _read_cursor(cursor: str) -> _Spot | None:
    try:
        departed, batch_id, message_id, backwards = signing.loads(cursor, salt=SALT)
    except signing.BadSignature:
        return None
    return _Spot(
        departed_at=datetime.fromisoformat(departed),
        batch_id=batch_id,
        message_id=message_id,
        backwards=backwards,
    )


def totals(*, revision_id: int) -> dict[Shown, int]:
    """Count the messages of a revision by what is shown of them, from the counters."""
    sums: dict[Shown, int] = {}
    counted = (
        BatchCounter.objects.filter(batch__revision_id=revision_id, messages__gt=0)
        .values_list("batch__state", "status")
        .annotate(n=Sum("messages"))
    )
    for state, status, n in counted:
        shown = statuses.OF_STATUS.get(Status(status)) or _of_open(state)
        sums[shown] = sums.get(shown, 0) + n
    return sums


def _of_open(batch_state: str) -> Shown:
    """What open messages of a batch are shown as in totals, where hand-overs are not looked at."""
    return {
        "loaded": Shown.PLANNED,
        "scheduled": Shown.PLANNED,
        "leaving": Shown.WAITING,
        "left": Shown.SENT,
        "cancelled": Shown.CANCELLED,
    }[batch_state]
