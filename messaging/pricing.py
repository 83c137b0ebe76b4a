"""What each recipient of a quote gets and costs: the text rendered, sized and priced.

A text is personalised for rows that carry values, and sent as it stands for those that do not,
whatever it looks like. A row whose own text cannot be sent is refused with its reason and the rest
goes on. Reads no clock and no database: prices and rows are given.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from accounts import operators, phones
from messaging import calendar, links, partcounts, personalise, sms
from messaging.audience import Recipients, RowRefusal, Segment, Values
from messaging.models import Revision
from senders import kinds

OPERATOR_LENGTH = 40

OF_PROBLEM = {
    sms.Problem.EMPTY: RowRefusal.TEXT_EMPTY,
    sms.Problem.NUL: RowRefusal.TEXT_NUL,
    sms.Problem.LONE_SURROGATE: RowRefusal.TEXT_LONE_SURROGATE,
}


class Priced(NamedTuple):
    """Messages before they have ids: columns of the table, each with a value for each message.

    `text` is None where it is the revision's.
    """

    recipient: Sequence[str]
    country: Sequence[str]
    operator: Sequence[str]
    parts: Sequence[int]
    price_hundredths: Sequence[int]
    text: Sequence[str | None]


COLUMNS = Priced._fields


class Sum(NamedTuple):
    """What messages come to together."""

    messages: int
    parts: int
    price_hundredths: int


class Group(NamedTuple):
    """Messages that obey one legal calendar, and their sums by country and operator."""

    calendar: str
    messages: Priced
    sums: dict[tuple[str, str], Sum]

    @property
    def total(self) -> Sum:
        """What all of them come to."""
        return add(self.sums.values())


def add(several: Iterable[Sum]) -> Sum:
    """Add up."""
    messages = parts = price = 0
    for one in several:
        messages, parts, price = (
            messages + one.messages,
            parts + one.parts,
            price + one.price_hundredths,
        )
    return Sum(messages, parts, price)


class _Texts(NamedTuple):
    """What each row gets: its text (None: the revision's) and its parts, or why it gets none."""

    text: list[str | None]
    parts: list[int]
    refusal: list[RowRefusal | None]


class Pricing:
    """Turns recipients of one revision into messages."""

    def __init__(self, *, revision: Revision, prices: Mapping[str, int]) -> None:
        """Prepare for a revision; `prices` are hundredths of a credit by country."""
        self._revision = revision
        self._prices = prices
        self._template = personalise.Template(revision.text)
        self._text, self._clause = revision.text, revision.clause
        self._has_hours = revision.is_commercial
        self._lets_links_pass = kinds.lets_links_pass(revision.sender.kind)
        self._parts = sms.measure(revision.text, clause=revision.clause).parts
        self.countries = frozenset(prices)

    def by_calendar(self, segment: Segment) -> list[Group]:
        """Give the messages of a segment by legal calendar; rows that become none are refused."""
        found = []
        for code, recipients in self._recipients_by_calendar(segment.recipients).items():
            messages = self._priced(recipients, segment=segment)
            if messages.recipient:
                found.append(Group(code, messages, _sums(messages)))
        return found

    def _recipients_by_calendar(self, recipients: Recipients) -> Mapping[str, Recipients]:
        if not self._has_hours:
            return {"": recipients}
        places: defaultdict[str, list[int]] = defaultdict(list)
        for at, phone in enumerate(recipients.phone):
            places[self._calendar(phone)].append(at)
        return {code: recipients.at(its) for code, its in places.items()}

    def _priced(self, recipients: Recipients, *, segment: Segment) -> Priced:
        """Price column by column: a million pass, and an object for each would cost as much."""
        texts = self._texts(recipients.values)
        is_kept = [not refusal for refusal in texts.refusal]
        kept = segment.refuse(recipients, texts.refusal)
        parts = list(compress(texts.parts, is_kept))
        numbers = [phone.e164 for phone in kept.phone]
        countries = [phone.country for phone in kept.phone]
        holders = operators.range_holders(numbers)
        shown = {holder: (holder or "")[:OPERATOR_LENGTH] for holder in set(holders)}
        return Priced(
            recipient=numbers,
            country=countries,
            operator=[shown[holder] for holder in holders],
            parts=parts,
            price_hundredths=[n * self._prices[c] for n, c in zip(parts, countries, strict=True)],
            text=list(compress(texts.text, is_kept)),
        )

    def _texts(self, rows: Sequence[Values]) -> _Texts:
        """Render and size the texts: the ordinary ones all at once, the others with care."""
        refusals: list[RowRefusal | None] = [None] * len(rows)
        if not self._template.columns:
            return _Texts([None] * len(rows), [self._parts] * len(rows), refusals)
        texts = self._template.render_each(rows)
        written = [text or "" for text in texts]
        counted = partcounts.of_each(written, clause=self._clause)
        if not self._lets_links_pass:
            pairs = zip(written, counted, strict=True)
            counted = [0 if links.find(text) else n for text, n in pairs]
        for at, n in enumerate(counted):
            if not 0 < n <= sms.MAX_PARTS:
                texts[at], counted[at], refusals[at] = self._judged(rows[at], texts[at])
        if self._text in texts:
            texts = [None if text == self._text else text for text in texts]
        return _Texts(texts, counted, refusals)

    def _judged(
        self, values: Values, text: str | None
    ) -> tuple[str | None, int, RowRefusal | None]:
        """Give a text that is not ordinary as it is kept, its parts, and why it cannot be sent."""
        if values is None:
            return None, self._parts, None
        if text is None:
            return None, 0, RowRefusal.NO_VALUE
        text = sms.normalise(text)
        alphabet, parts = sms.count_parts(text, clause=self._clause)
        # Nothing in the basic alphabets is a problem, unless it is all blank.
        is_suspect = alphabet is sms.Alphabet.UCS2 or text.isspace()
        if is_suspect and (problem := sms.problem(text)):
            return text, parts, OF_PROBLEM[problem]
        if parts > sms.MAX_PARTS:
            return text, parts, RowRefusal.TOO_MANY_PARTS
        if not self._lets_links_pass and links.find(text):
            return text, parts, RowRefusal.LINK
        return text, parts, None

    def _calendar(self, phone: phones.Phone) -> str:
        """Give the legal calendar that a recipient obeys."""
        return calendar.code_for(
            e164=phone.e164,
            country=phone.country,
            alsace_moselle=self._revision.account.alsace_moselle,
        )


def _sums(messages: Priced) -> dict[tuple[str, str], Sum]:
    # Thousands have the same size and price: they are counted before anything is added.
    alike = Counter(
        zip(
            messages.country,
            messages.operator,
            messages.parts,
            messages.price_hundredths,
            strict=True,
        )
    )
    found: defaultdict[tuple[str, str], list[Sum]] = defaultdict(list)
    for (country, operator, parts, price), n in sorted(alike.items()):
        found[country, operator].append(Sum(n, n * parts, n * price))
    return {key: add(several) for key, several in found.items()}
