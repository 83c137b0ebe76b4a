"""How the inbox writes what a carrier told: by what is said, once for all alike.

Receipts next to each other nearly always say the same of messages whose references count up, and
bear numbers of the carrier that count up too. So little is written of them, and what is done with
them later is done once for all. Receipts in any other order are written one by one. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, compress, count, groupby, repeat
from operator import attrgetter, ne

import msgspec

from messaging.carrier import base

# Names of many receipts: each, or the first, when each of the others has the number after.
Names = str | list[str]

# Moment, number of the carrier, reference and operator of a receipt.
One = tuple[datetime, str, str, str]

# Receipts in a row whose references do not count up at least so far are written one by one.
SHORT = 8
_TRIES = 8
# Of the largest number that counts up, as of a position; and the first that is too large.
_DIGITS = 9
_TOO_LARGE = 1_000_000_000

_said = attrgetter("state", "code", "billed")


class Told(msgspec.Struct, frozen=True, array_like=True):
    """Receipts of a push, next to each other, that say the same of their messages.

    Each of `moments` is that of the next `counts` of them. `operators` is a text where all have
    the same.
    """

    carrier: str
    state: base.ReceiptState
    code: base.Cause
    billed: bool
    moments: list[datetime]
    counts: list[int]
    carrier_ids: Names
    references: Names
    operators: str | list[str]

    @property
    def messages(self) -> int:
        """How many receipts they are."""
        return sum(self.counts)

    def each(self) -> Iterator[One]:
        """Give them one by one."""
        number = self.messages
        operators = self.operators
        return zip(
            chain.from_iterable(map(repeat, self.moments, self.counts)),
            unfold(self.carrier_ids, number=number),
            unfold(self.references, number=number),
            [operators] * number if isinstance(operators, str) else operators,
            strict=True,
        )


_CONTENT = msgspec.json.Decoder(list[Told])


def write(receipts: Iterable[base.Receipt], *, carrier: str) -> bytes:
    """Write receipts, in their order."""
    return msgspec.json.encode(list(_tell(receipts, carrier=carrier)))


def read(content: str) -> list[Told]:
    """Read what was written."""
    return _CONTENT.decode(content)


def unfold(names: Names, *, number: int) -> list[str]:
    """Give each of the names."""
    if isinstance(names, list):
        return names
    if number == 1:
        return [names]
    head, first = _split(names)
    return list(map(head.__add__, map(str, range(first, first + number))))


def _tell(receipts: Iterable[base.Receipt], *, carrier: str) -> Iterator[Told]:
    for (state, code, billed), alike in groupby(receipts, key=_said):
        for rows, references in _parts(list(alike)):
            moments, counts = _moments(rows)
            operators = [row.operator for row in rows]
            yield Told(
                carrier=carrier,
                state=state,
                code=code,
                billed=billed,
                moments=moments,
                counts=counts,
                carrier_ids=_fold([row.carrier_id for row in rows]),
                references=references,
                operators=operators[0] if len(set(operators)) == 1 else operators,
            )


def _parts(rows: list[base.Receipt]) -> Iterator[tuple[list[base.Receipt], Names]]:
    """Part receipts that say the same by their references: those that count up, and the rest.

    What says the same may be told in any order.
    """
    names = [row.reference for row in rows]
    lengths = _runs(names)
    if lengths is None:
        rows = sorted(rows, key=lambda row: _split(row.reference))
        names = [row.reference for row in rows]
        lengths = _runs(names)
    if lengths is None:
        yield rows, names
        return
    start = 0
    for length in lengths:
        yield rows[start : start + length], names[start]
        start += length


def _moments(rows: Sequence[base.Receipt]) -> tuple[list[datetime], list[int]]:
    found = [(at, len(list(same))) for at, same in groupby(rows, key=attrgetter("at"))]
    return [at for at, _number in found], [number for _at, number in found]


def _fold(names: list[str]) -> Names:
    return names[0] if _run_length(names) == len(names) else names


def _runs(names: list[str]) -> list[int] | None:
    """Tell how many names count up, and how many after these; None when they are few each time."""
    lengths: list[int] = []
    start = 0
    while start < len(names):
        if len(lengths) >= _TRIES and start < len(lengths) * SHORT:
            return None
        lengths.append(_run_length(names[start:] if start else names))
        start += lengths[-1]
    return lengths


def _run_length(names: list[str]) -> int:
    """Tell how many names, from the first on, count up."""
    head, first = _split(names[0])
    if first < 0:
        return 1
    longest = min(len(names), _TOO_LARGE - first)
    numbers = map(str, range(first, first + longest))
    if names[-1] == f"{head}{first + longest - 1}":
        # Mostly all do, which one comparison tells: no name has a NUL.
        if "\0".join(names) == head + f"\0{head}".join(numbers):
            return longest
        numbers = map(str, range(first, first + longest))
    differ = map(ne, names, map(head.__add__, numbers))
    return next(compress(count(), differ), longest)


def _split(name: str) -> tuple[str, int]:
    """Part a name from the number that it ends in; -1 when it counts up to nothing."""
    number = name[len(name.rstrip("0123456789")) :].lstrip("0") or name[-1:]
    if not (number.isascii() and number.isdecimal()) or len(number) > _DIGITS:
        return name, -1
    return name[: -len(number)], int(number)
