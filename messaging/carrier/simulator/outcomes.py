"""What becomes of a message: decided by the seed and the number alone.

The last four digits of the number choose a case of ENDINGS, so that a rehearsal can show each;
every other number is delivered, unless a percentage of failures is asked for. The same seed and
number always give the same outcome and delay. A message that would arrive after its validity
expires instead. docs/carrier.md has the table. Pure: no clock, no chance.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache, partial


class Ending(StrEnum):
    """The cases that a number can ask for by its last four digits."""

    ABSENT = "9985"
    EXPIRED = "9986"
    BARRED = "9987"
    REJECTED_NOT_BILLED = "9988"
    REFUSED = "9989"
    FULL = "9990"
    LATE_RECEIPT = "9991"
    UNKNOWN_THEN_DELIVERED = "9992"
    NO_RECEIPT = "9993"
    RECEIPT_TWICE = "9994"
    OUT_OF_ORDER = "9995"
    RECEIPT_AT_ONCE = "9996"
    INVALID_NUMBER = "9997"
    SPAM = "9998"
    UNKNOWN = "9999"


ENDINGS = {str(ending): ending for ending in Ending}
# Never delivered: the state and the cause of the only receipt, and whether it is billed.
_LOST = {
    Ending.ABSENT: ("failed", "absent", True),
    Ending.EXPIRED: ("expired", "absent", True),
    Ending.BARRED: ("failed", "barred", True),
    Ending.REJECTED_NOT_BILLED: ("rejected", "blocked", False),
    Ending.FULL: ("failed", "full", True),
    Ending.INVALID_NUMBER: ("failed", "invalid_number", True),
    Ending.SPAM: ("rejected", "spam", True),
}
# The causes of failures asked for by percentage.
_CHANCE = (Ending.ABSENT, Ending.FULL, Ending.INVALID_NUMBER)
# How much later than the message the receipt of LATE_RECEIPT comes.
LATE = timedelta(minutes=10)
NOW = timedelta(0)


class Kind(StrEnum):
    """What a receipt is to its message: there is one FINAL at most."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How this carrier behaves: delays between two limits, failures in percent."""

    seed: int
    shortest: timedelta
    longest: timedelta
    failures_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReceipt:
    """A receipt, its moment and the moment it is pushed, both counted from acceptance."""

    kind: Kind
    state: str
    code: str
    billed: bool
    at: timedelta
    due: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The life of a message. Nothing arrives when `arrives` is None."""

    refusal: str
    arrives: timedelta | None
    receipts: tuple[PlannedReceipt, ...]


_REFUSED = Plan(refusal="number", arrives=None, receipts=())


def planner(*, validity: timedelta, terms: Terms) -> Callable[[str], Plan]:
    """Give what decides on messages of a validity, by their number."""
    if terms.longest > terms.shortest or terms.failures_percent:
        return partial(_plan_by_chance, validity=validity, terms=terms)
    of_endings, of_others = _fixed(delay=terms.shortest, validity=validity)
    return lambda number: of_endings.get(number[-4:], of_others)


def _plan_by_chance(number: str, *, validity: timedelta, terms: Terms) -> Plan:
    ending = ENDINGS.get(number[-4:])
    delay, chance = _draw(number=number, terms=terms)
    if ending is None and chance % 100 < terms.failures_percent:
        ending = _CHANCE[chance // 100 % len(_CHANCE)]
    return _decide(ending, delay=delay, validity=validity)


@lru_cache(maxsize=64)
def _fixed(*, delay: timedelta, validity: timedelta) -> tuple[dict[str, Plan], Plan]:
    """Decide once for the numbers of each ending, and for all others."""
    plans = {text: _decide(e, delay=delay, validity=validity) for text, e in ENDINGS.items()}
    return plans, _decide(None, delay=delay, validity=validity)


@lru_cache(maxsize=4096)
def _decide(ending: Ending | None, *, delay: timedelta, validity: timedelta) -> Plan:
    if ending is Ending.REFUSED:
        return _REFUSED
    if delay > validity:
        return _only(_final("expired", code="absent", billed=True, at=validity))
    if ending in _LOST:
        state, code, billed = _LOST[ending]
        return _only(_final(state, code=code, billed=billed, at=delay))
    if ending is Ending.UNKNOWN:
        return _only(_provisional("unknown", at=delay, due=delay))
    return Plan(refusal="", arrives=delay, receipts=_receipts_of_arrival(ending, delay=delay))


def _draw(*, number: str, terms: Terms) -> tuple[timedelta, int]:
    """Draw a delay between the limits, and a number for chance, from seed and number."""
    digest = hashlib.blake2b(f"{terms.seed}:{number}".encode(), digest_size=8).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    delay = terms.shortest + (terms.longest - terms.shortest) * share
    return delay, int.from_bytes(digest[4:])


def _receipts_of_arrival(ending: Ending | None, *, delay: timedelta) -> tuple[PlannedReceipt, ...]:
    delivered = _final("delivered", code="", billed=True, at=delay)
    match ending:
        case Ending.NO_RECEIPT:
            return ()
        case Ending.LATE_RECEIPT:
            return (replace(delivered, due=delay + LATE),)
        case Ending.RECEIPT_AT_ONCE:
            return (replace(delivered, at=NOW, due=NOW),)
        case Ending.UNKNOWN_THEN_DELIVERED:
            unknown = _provisional("unknown", at=delay, due=delay)
            return (unknown, replace(delivered, at=2 * delay, due=2 * delay))
        case Ending.RECEIPT_TWICE:
            return (delivered, replace(delivered, kind=Kind.REPEAT, due=2 * delay))
        case Ending.OUT_OF_ORDER:
            return (delivered, _provisional("accepted", at=NOW, due=2 * delay))
        case _:
            return (delivered,)


def _only(receipt: PlannedReceipt) -> Plan:
    """Plan a message that never arrives and what is said of it."""
    return Plan(refusal="", arrives=None, receipts=(receipt,))


def _final(state: str, *, code: str, billed: bool, at: timedelta) -> PlannedReceipt:
    return PlannedReceipt(kind=Kind.FINAL, state=state, code=code, billed=billed, at=at, due=at)


def _provisional(state: str, *, at: timedelta, due: timedelta) -> PlannedReceipt:
    return PlannedReceipt(kind=Kind.PROVISIONAL, state=state, code="", billed=True, at=at, due=due)
