"""Who gets a revision's messages: rows of its sources, after refusals, duplicates and opt-outs.

Reads the frozen sources from front to back and sorts each row into one of four bins. Nothing is
priced here and no text is rendered. The first of several equal numbers wins, in the order of the
sources, so a loader that resumes first re-reads what it had loaded. A million rows pass through
here: they are columns, and one chunk of them is in memory at a time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import NamedTuple, cast

import msgspec
from django.db.models import F

from accounts import phones
from messaging.models import RecipientSource, Revision, SourceChunk, SourceKind
from messaging.recipients import optout
from senders import kinds
from senders.models import SenderKind

# A row refused is shown and downloaded as it was given, up to this many characters.
GIVEN_SHOWN = 80
# What people typed is in international form; what comes out of files is repaired.
LENIENT: dict[str, bool] = {SourceKind.TYPED: False, SourceKind.LIST: True}

# Values by column; None where the source has no columns, and the text is sent as it stands.
Values = Mapping[str, str] | None
_CONTENT = msgspec.json.Decoder(list[tuple[str, dict[str, str] | None]])


class RowRefusal(StrEnum):
    """Why a row with a good number is refused; bad numbers carry a phones.Reason."""

    NO_PRICE = "NO_PRICE"
    # The sender does not reach it.
    NOT_METROPOLITAN = "NOT_METROPOLITAN"
    NOT_FRENCH = "NOT_FRENCH"
    # Of personalised texts.
    NO_VALUE = "NO_VALUE"
    TEXT_EMPTY = "TEXT_EMPTY"
    TEXT_NUL = "TEXT_NUL"
    TEXT_LONE_SURROGATE = "TEXT_LONE_SURROGATE"
    TOO_MANY_PARTS = "TOO_MANY_PARTS"
    LINK = "LINK"


# Why a sender of a kind does not reach a number, if it does not.
UNREACHED: dict[str, RowRefusal] = {
    SenderKind.SHORT: RowRefusal.NOT_METROPOLITAN,
    SenderKind.VIRTUAL: RowRefusal.NOT_FRENCH,
}


class Row(NamedTuple):
    """One row of a source, as given."""

    position: int
    given: str
    values: Values


class Recipients(NamedTuple):
    """Rows that will become messages, as columns: an object for each would take as long again."""

    position: list[int]
    given: list[str]
    values: list[Values]
    phone: list[phones.Phone]

    def extend(self, more: "Recipients") -> None:
        """Put others behind them."""
        self.position.extend(more.position)
        self.given.extend(more.given)
        self.values.extend(more.values)
        self.phone.extend(more.phone)

    def at(self, places: Sequence[int]) -> "Recipients":
        """Give those at some places, which ascend."""
        if len(places) == len(self.position):
            return self
        return Recipients._make(list(map(column.__getitem__, places)) for column in self)


class _Stretch(NamedTuple):
    """Rows of a chunk that follow each other, and how their numbers are read."""

    first_position: int
    lenient: bool
    content: Sequence[tuple[str, Values]]

    @property
    def phones(self) -> list[phones.Phone | phones.Reason]:
        """Give the numbers, or why they are none."""
        return phones.parse_each([given for given, _values in self.content], lenient=self.lenient)


class Refusal(NamedTuple):
    """A row that becomes no message, with the code of its reason."""

    position: int
    given: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Segment:
    """The rows up to `last_position`, sorted into bins."""

    last_position: int
    recipients: Recipients = field(default_factory=lambda: Recipients([], [], [], []))
    refused: list[Refusal] = field(default_factory=list)
    duplicates: int = 0
    opted_out: int = 0

    def refuse(self, rows: Recipients, reasons: Sequence[str | None]) -> Recipients:
        """Put the rows that have a reason into the bin of those refused, and give the others."""
        if not any(reasons):
            return rows
        for position, given, reason in zip(rows.position, rows.given, reasons, strict=True):
            if reason:
                self.refused.append(Refusal(position, _storable(given)[:GIVEN_SHOWN], reason))
        return rows.at([at for at, reason in enumerate(reasons) if not reason])


def freeze(
    *, revision: Revision, kind: SourceKind, rows: Iterable[tuple[str, Values]], chunk_size: int
) -> int:
    """Write the rows of a source as given, once, after the sources already there; count them.

    Part of the caller's transaction. `rows` may be a stream: a chunk of it is held at a time.
    """
    source = RecipientSource.objects.create(
        revision=revision,
        ordinal=revision.sources.count() + 1,
        kind=kind,
        first_position=revision.rows_total + 1,
        rows=0,
    )
    stream = iter(rows)
    while chunk := list(islice(stream, chunk_size)):
        SourceChunk.objects.create(
            source=source,
            first_position=source.first_position + source.rows,
            rows=len(chunk),
            content=json.dumps(chunk, separators=(",", ":")),
        )
        source.rows += len(chunk)
    source.save(update_fields=["rows"])
    revision.rows_total += source.rows
    revision.save(update_fields=["rows_total"])
    return source.rows


def copy(source: RecipientSource, *, to: Revision) -> None:
    """Give another revision the same frozen rows. Part of the caller's transaction."""
    chunks = list(source.chunks.order_by("first_position"))
    source.pk = None
    source.revision = to
    source.save(force_insert=True)
    for chunk in chunks:
        chunk.pk = None
        chunk.source = source
    SourceChunk.objects.bulk_create(chunks)


class Audience:
    """Walks the sources of a revision; remembers the numbers seen, some 70 bytes each."""

    def __init__(self, revision: Revision) -> None:
        """Stand before the first row."""
        self._revision = revision
        self._kind = revision.sender.kind
        self._seen: set[int] = set()

    def skip_to(self, position: int) -> None:
        """Re-read what is loaded already, to know its numbers."""
        for stretch in _stretches(revision=self._revision, after=0, until=position):
            self._seen.update(
                int(phone.e164) for phone in stretch.phones if isinstance(phone, phones.Phone)
            )

    def segment(self, *, after: int, until: int, priced: frozenset[str]) -> Segment:
        """Sort the rows with after < position <= until; `priced` are the countries we serve."""
        out = Segment(last_position=until)
        for stretch in _stretches(revision=self._revision, after=after, until=until):
            out.recipients.extend(self._sort(stretch, out, priced))
        out.refused.sort()
        self._leave_out_opted_out(out)
        return out

    def _sort(self, stretch: _Stretch, out: Segment, priced: frozenset[str]) -> Recipients:
        found = stretch.phones
        rows = Recipients(
            position=list(range(stretch.first_position, stretch.first_position + len(found))),
            given=[given for given, _values in stretch.content],
            values=[values for _given, values in stretch.content],
            # What is none is refused first.
            phone=cast("list[phones.Phone]", found),
        )
        rows = out.refuse(rows, [None if isinstance(p, phones.Phone) else p for p in found])
        rows = self._new(rows, out)
        if unreached := UNREACHED.get(self._kind):
            kind = self._kind
            reasons = [None if kinds.reaches(kind, phone) else unreached for phone in rows.phone]
            rows = out.refuse(rows, reasons)
        no_price = RowRefusal.NO_PRICE
        return out.refuse(rows, [None if p.country in priced else no_price for p in rows.phone])

    def _new(self, rows: Recipients, out: Segment) -> Recipients:
        """Give the rows whose numbers were not seen yet, the first of each."""
        numbers = [int(phone.e164) for phone in rows.phone]
        places = range(len(numbers))
        first = dict(zip(reversed(numbers), reversed(places), strict=True))
        new = first.keys() - self._seen
        self._seen |= new
        out.duplicates += len(numbers) - len(new)
        return rows.at(sorted(first[number] for number in new)) if len(new) < len(numbers) else rows

    def _leave_out_opted_out(self, out: Segment) -> None:
        revision = self._revision
        if not optout.blocks(account=revision.account, is_commercial=revision.is_commercial):
            return
        numbers = [phone.e164 for phone in out.recipients.phone]
        out_of_it = optout.opted_out(account_id=revision.account_id, phones=numbers)
        if out_of_it:
            out.opted_out = len(out_of_it)
            places = [at for at, number in enumerate(numbers) if number not in out_of_it]
            out.recipients = out.recipients.at(places)


def rows(*, revision: Revision, after: int, until: int) -> Iterator[Row]:
    """Give the rows with after < position <= until, in order, one chunk in memory at a time."""
    for stretch in _stretches(revision=revision, after=after, until=until):
        for position, (given, values) in enumerate(stretch.content, start=stretch.first_position):
            yield Row(position, given, values)


def _stretches(*, revision: Revision, after: int, until: int) -> Iterator[_Stretch]:
    """Give the same rows by chunk."""
    chunks = SourceChunk.objects.filter(
        source__revision=revision,
        source__first_position__lte=until,
        first_position__lte=until,
        first_position__gt=after + 1 - F("rows"),
    ).order_by("first_position")
    for first, kind, chunk_id in chunks.values_list("first_position", "source__kind", "id"):
        content = _read(SourceChunk.objects.values_list("content", flat=True).get(pk=chunk_id))
        start = max(after + 1 - first, 0)
        yield _Stretch(first + start, LENIENT[kind], content[start : until + 1 - first])


def _read(content: str) -> Sequence[tuple[str, Values]]:
    try:
        return _CONTENT.decode(content)
    except msgspec.DecodeError:
        # Stricter than the library: somebody typed a lone surrogate, and is told so later.
        return [(given, values) for given, values in json.loads(content)]


def _storable(given: str) -> str:
    """Make what a file held fit for both databases; nobody is called by it any more."""
    return given.replace("\0", "\ufffd").encode(errors="replace").decode()
