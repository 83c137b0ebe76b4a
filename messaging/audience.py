"""Who gets a revision's messages: rows of its sources, after refusals, duplicates and opt-outs.

Reads the frozen sources from front to back and sorts each row into one of four bins. Nothing is
written here and no text is priced. The first of several equal numbers wins, in the order of the
sources, so a loader that resumes first re-reads what it had loaded.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from accounts import phones
from messaging.models import RecipientSource, Revision, SourceChunk, SourceKind
from messaging.recipients import optout

# A row refused is shown and downloaded as it was given, up to this many characters.
GIVEN_SHOWN = 80


class RowRefusal(StrEnum):
    """Why a row with a good number is refused; bad numbers carry a phones.Reason."""

    NO_PRICE = "NO_PRICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a source, as given."""

    position: int
    given: str
    values: dict[str, str] | None
    lenient: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A row that will become a message."""

    position: int
    phone: phones.Phone
    values: dict[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that becomes none, with the code of its reason."""

    position: int
    given: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Segment:
    """The rows up to `last_position`, sorted into bins."""

    last_position: int = 0
    recipients: list[Recipient] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    duplicates: int = 0
    opted_out: int = 0


def freeze(*, revision: Revision, kind: SourceKind, given: list[str], chunk_size: int) -> None:
    """Write the rows of a source as given, once, after the sources already there."""
    source = RecipientSource.objects.create(
        revision=revision,
        ordinal=revision.sources.count() + 1,
        kind=kind,
        first_position=revision.rows_total + 1,
        rows=len(given),
    )
    SourceChunk.objects.bulk_create(
        SourceChunk(
            source=source,
            first_position=source.first_position + start,
            rows=len(given[start : start + chunk_size]),
            content=json.dumps([[g, None] for g in given[start : start + chunk_size]]),
        )
        for start in range(0, len(given), chunk_size)
    )


class Audience:
    """Walks the sources of a revision; remembers the numbers seen, some 70 bytes each."""

    def __init__(self, revision: Revision) -> None:
        """Stand before the first row."""
        self._revision = revision
        self._seen: set[int] = set()

    def skip_to(self, position: int) -> None:
        """Re-read what is loaded already, to know its numbers."""
        for row in rows(revision=self._revision, after=0, until=position):
            try:
                phone = phones.parse(row.given, lenient=row.lenient)
            except phones.InvalidNumber:
                continue
            self._seen.add(int(phone.e164))

    def segment(self, *, after: int, until: int, priced: frozenset[str]) -> Segment:
        """Sort the rows with after < position <= until; `priced` are the countries we serve."""
        out = Segment(last_position=until)
        for row in rows(revision=self._revision, after=after, until=until):
            self._sort(row, out, priced)
        self._leave_out_opted_out(out)
        return out

    def _sort(self, row: Row, out: Segment, priced: frozenset[str]) -> None:
        try:
            phone = phones.parse(row.given, lenient=row.lenient)
        except phones.InvalidNumber as refusal:
            reason = str(refusal.reason)
        else:
            number = int(phone.e164)
            if number in self._seen:
                out.duplicates += 1
                return
            self._seen.add(number)
            if phone.country in priced:
                out.recipients.append(
                    Recipient(position=row.position, phone=phone, values=row.values)
                )
                return
            reason = RowRefusal.NO_PRICE
        out.refused.append(
            Refusal(position=row.position, given=row.given[:GIVEN_SHOWN], reason=reason)
        )

    def _leave_out_opted_out(self, out: Segment) -> None:
        revision = self._revision
        if not optout.blocks(account=revision.account, is_commercial=revision.is_commercial):
            return
        out_of_it = optout.opted_out(
            account_id=revision.account_id, phones=[r.phone.e164 for r in out.recipients]
        )
        out.opted_out = len(out_of_it)
        out.recipients = [r for r in out.recipients if r.phone.e164 not in out_of_it]


def rows(*, revision: Revision, after: int, until: int) -> Iterator[Row]:
    """Give the rows with after < position <= until, in order, one chunk in memory at a time."""
    chunks = (
        SourceChunk.objects.filter(
            source__revision=revision, first_position__lte=until, source__first_position__lte=until
        )
        .order_by("first_position")
        .values_list("first_position", "rows", "source__kind", "id")
    )
    for first, count, kind, chunk_id in chunks:
        if first + count - 1 <= after:
            continue
        content = SourceChunk.objects.values_list("content", flat=True).get(pk=chunk_id)
        for position, (given, values) in enumerate(json.loads(content), start=first):
            if after < position <= until:
                yield Row(
                    position=position,
                    given=given,
                    values=values,
                    lenient=kind != SourceKind.TYPED,
                )
