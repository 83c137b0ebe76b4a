"""The quote: every recipient sized, priced and loaded, before anything is confirmed.

What is quoted is what is charged. A revision is loaded segment by segment, each in one
transaction that last moves `rows_loaded` from the value it read: of two loaders one is overtaken,
and one that dies is resumed from the last segment present. Two segments may be written at once,
but they are committed in their order. Nothing of a quote is visible in the history, and it lives
24 hours.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts import retrying, tariff
from messaging import bulk, closing, doorbell, events, loading
from messaging.audience import Audience, Segment
from messaging.models import (
    Batch,
    BatchCounter,
    Message,
    RefusedRow,
    Revision,
    RevisionState,
    Status,
)
from messaging.models.delivery import BATCH_SIZE
from messaging.pricing import Group, Pricing, add
from messaging.recipients import optout

# How long a quote may be confirmed, and how long its loader may be silent before another takes
# over.
LIFETIME = timedelta(hours=24)
LOADER_SILENCE = timedelta(seconds=15)
EMPTIED_AT_ONCE = 100
# Quotes of up to this many rows are made while the customer waits.
AT_ONCE = 500


class Overtaken(Exception):
    """Another loader wrote this segment, or the quote was dropped."""


class Ready(NamedTuple):
    """A batch that only lacks its id, and what is written with it."""

    batch: Batch
    messages: bulk.Packed
    counters: bulk.Packed


class Prepared(NamedTuple):
    """The rows with after < position <= until, ready to be written.

    `added` is what the counts of the revision grow by.
    """

    after: int
    until: int
    added: dict[str, int]
    refused: bulk.Packed
    batches: list[Ready]


class Loader:
    """Loads one revision; holds what must survive from one segment to the next."""

    def __init__(self, revision: Revision, *, reserve: Callable[[int], int]) -> None:
        """Prepare to load after the rows that are there; `reserve` gives the first of n ids."""
        self._revision = revision
        self._pricing = Pricing(revision=revision, prices=tariff.prices())
        self._audience = Audience(revision)
        self._audience.skip_to(revision.rows_loaded)
        self._read_to = revision.rows_loaded
        self._next_batch = Batch.objects.filter(revision=revision).count() + 1
        self._position = revision.messages + 1
        # For every row there is: one that becomes no message leaves its id unused.
        self._next_id = reserve(revision.rows_total - revision.rows_loaded)

    @property
    def is_through(self) -> bool:
        """Whether all rows are prepared."""
        return self._read_to >= self._revision.rows_total

    def prepare(self) -> Prepared:
        """Read, size and price the next segment, which `write` then takes."""
        after = self._read_to
        until = min(after + BATCH_SIZE, self._revision.rows_total)
        segment = self._audience.segment(after=after, until=until, priced=self._pricing.countries)
        groups = self._pricing.by_calendar(segment)
        total = add(group.total for group in groups)
        self._read_to = until
        return Prepared(
            after=after,
            until=until,
            added={
                "messages": total.messages,
                "parts": total.parts,
                "total_hundredths": total.price_hundredths,
                "refused": len(segment.refused),
                "duplicates": segment.duplicates,
                "opted_out": segment.opted_out,
            },
            refused=_refused(segment),
            batches=[self._ready(group, until=until) for group in groups],
        )

    def write(
        self, prepared: Prepared, *, now: datetime, turn: loading.Work = lambda: None
    ) -> None:
        """Load a segment. Raises Overtaken, and what `turn` raises.

        `turn` returns once the segment before is committed; all but the last step is done until
        then.
        """
        try:
            with transaction.atomic():
                bulk.insert_rows(
                    model=RefusedRow, rows=prepared.refused, same={"revision_id": self._revision.pk}
                )
                for batch, messages, counters in prepared.batches:
                    batch.save(force_insert=True)
                    same = {"batch_id": batch.pk}
                    bulk.insert_rows(model=Message, rows=messages, same=same)
                    bulk.insert_rows(model=BatchCounter, rows=counters, same=same)
                turn()
                self._advance(prepared, now=now)
        except IntegrityError as exc:
            # A number or a position is taken: by another loader, or something is wrong.
            if self._waits_for(prepared).exists():
                raise
            raise Overtaken from exc

    def step(self, *, now: datetime) -> None:
        """Prepare and load the next segment. Raises Overtaken."""
        self.write(self.prepare(), now=now)
        self._revision.refresh_from_db()

    def _advance(self, prepared: Prepared, *, now: datetime) -> None:
        done = prepared.until >= self._revision.rows_total
        moved = self._waits_for(prepared).update(
            rows_loaded=prepared.until,
            loaded_at=now,
            **{name: F(name) + n for name, n in prepared.added.items()},
            **({"state": RevisionState.QUOTED, "quoted_at": now} if done else {}),
        )
        if not moved:
            raise Overtaken

    def _waits_for(self, prepared: Prepared) -> QuerySet[Revision]:
        """Give the revision, unless what was prepared does not come next."""
        return Revision.objects.filter(
            pk=self._revision.pk, state=RevisionState.QUOTING, rows_loaded=prepared.after
        )

    def _ready(self, group: Group, *, until: int) -> Ready:
        """Take numbers, positions and ids for a batch, and pack what is written with it."""
        total = group.total
        batch = Batch(
            account_id=self._revision.account_id,
            revision=self._revision,
            number=self._next_batch,
            first_message_id=self._next_id,
            first_position=self._position,
            messages=total.messages,
            source_position=until,
            parts=total.parts,
            price_hundredths=total.price_hundredths,
            calendar=group.calendar,
        )
        ids = range(self._next_id, self._next_id + total.messages)
        self._next_batch += 1
        self._position += total.messages
        self._next_id += total.messages
        messages = bulk.pack({"id": ids, **group.messages._asdict()})
        return Ready(batch, messages, _counters(group))


def _refused(segment: Segment) -> bulk.Packed:
    rows = segment.refused
    return bulk.pack(
        {
            "position": [row.position for row in rows],
            "given": [row.given for row in rows],
            "reason": [str(row.reason) for row in rows],
        }
    )


def _counters(group: Group) -> bulk.Packed:
    sums = group.sums.values()
    return bulk.pack(
        {
            "status": [int(Status.OPEN)] * len(sums),
            "country": [country for country, _operator in group.sums],
            "operator": [operator for _country, operator in group.sums],
            "messages": [one.messages for one in sums],
            "parts": [one.parts for one in sums],
            "price_hundredths": [one.price_hundredths for one in sums],
        }
    )


def reserve_ids(count: int) -> int:
    """Reserve ids of messages and give the first; before the transaction that uses them."""
    return bulk.reserve_ids(name="message", count=count)


@retrying.on_deadlock
def load(*, revision: Revision, clock: Callable[[], datetime]) -> None:
    """Load a revision to its end. Stops quietly when another loader has taken over.

    `clock` is asked before each segment: a million rows take longer than one moment.
    """
    try:
        with loading.turn() as pause, loading.beside() as begin:
            loader = Loader(revision, reserve=reserve_ids)
            # Of what is being written, the oldest first: how to wait for its end.
            ends = deque([begin(lambda: None)])
            while True:
                prepared = loader.prepare()
                before = ends[-1]
                if len(ends) >= loading.WRITERS:
                    ends.popleft()()
                ends.append(begin(partial(loader.write, prepared, turn=before, now=clock())))
                if loader.is_through:
                    break
                time.sleep(pause)
            for end in ends:
                end()
    except Overtaken:
        return
    revision.refresh_from_db()
    events.tell(
        "quote.loaded", revision=revision, messages=revision.messages, refused=revision.refused
    )


def begin(*, revision: Revision, now: datetime) -> None:
    """Have a new revision loaded: a short one at once, a long one by a worker."""
    if revision.rows_total <= AT_ONCE:
        load(revision=revision, clock=lambda: now)
    else:
        doorbell.ring(task="load", ids=[revision.pk], queue="imports")


def load_by_id(*, revision_id: int, clock: Callable[[], datetime]) -> None:
    """Load the revision with this id if it still waits for it."""
    revision = (
        Revision.objects.select_related("account", "campaign", "sender")
        .filter(pk=revision_id, state=RevisionState.QUOTING)
        .first()
    )
    if revision is not None:
        load(revision=revision, clock=clock)


def silent_loaders(*, now: datetime) -> list[int]:
    """Give the quotes whose loader has written nothing for too long."""
    return list(
        Revision.objects.filter(
            state=RevisionState.QUOTING, loaded_at__lt=now - LOADER_SILENCE
        ).values_list("pk", flat=True)
    )


def is_stale(*, revision: Revision, now: datetime) -> bool:
    """Tell whether what the quote rests on changed: tariff, opt-outs, or a day went by."""
    return (
        revision.quoted_at is None
        or now - revision.quoted_at > LIFETIME
        or revision.tariff_mark != tariff.mark()
        or revision.opt_out_mark != optout.mark(account_id=revision.account_id)
    )


def empty(*, revision: Revision) -> None:
    """Delete what a quote loaded; its words and sources stay. Part of the caller's transaction."""
    batches = Batch.objects.filter(revision=revision)
    for first, count in batches.values_list("first_message_id", "messages"):
        Message.objects.filter(pk__gte=first, pk__lt=first + count).delete()
    BatchCounter.objects.filter(batch__revision=revision).delete()
    batches.delete()
    RefusedRow.objects.filter(revision=revision).delete()


def drop(*, revision: Revision) -> bool:
    """Make a quote stale and empty it, unless it was confirmed. Part of a transaction.

    Batches are locked before the revision, as a confirmation does.
    """
    closing.lock_batches(revision_id=revision.pk)
    if not Revision.objects.filter(
        pk=revision.pk, state__in=[RevisionState.QUOTING, RevisionState.QUOTED]
    ).update(state=RevisionState.STALE):
        return False
    empty(revision=revision)
    return True


@retrying.on_deadlock
def expire(*, now: datetime) -> int:
    """Empty the quotes that may no longer be confirmed and mark them stale; give how many."""
    old = Revision.objects.filter(
        state=RevisionState.QUOTED, loaded_at__lt=now - LIFETIME
    ).values_list("pk", flat=True)[:EMPTIED_AT_ONCE]
    emptied = 0
    for pk in list(old):
        with transaction.atomic():
            emptied += drop(revision=Revision.objects.get(pk=pk))
    return emptied
