"""Segments: the rows of a quote, prepared piece by piece, and each piece written once.

A segment is written in one transaction that last moves `rows_loaded` from the value it read: of two
loaders one is overtaken, and one that dies is resumed from the last segment present. Two segments
may be written at once, but they are committed in their order.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts import tariff
from messaging import bulk, loading
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
