"""What each recipient of a quote gets and costs: the text rendered, sized and priced.

A text is personalised for rows that carry values, and sent as it stands for those that do not,
whatever it looks like. A row whose own text cannot be sent is refused with its reason and the rest
goes on. Reads no clock and no database: prices and rows are given.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from accounts import operators, phones
from messaging import calendar, links, personalise, sms
from messaging.audience import Recipient, RowRefusal, Segment, Values
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


class _Refused(Exception):
    """The row becomes no message."""

    def __init__(self, reason: RowRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


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
        for code, recipients in self._recipients_by_calendar(segment).items():
            messages = self._priced(recipients, segment=segment)
            if messages.recipient:
                found.append(Group(code, messages, _sums(messages)))
        return found

    def _recipients_by_calendar(self, segment: Segment) -> Mapping[str, list[Recipient]]:
        if not self._has_hours:
            return {"": segment.recipients}
        groups: defaultdict[str, list[Recipient]] = defaultdict(list)
        for recipient in segment.recipients:
            groups[self._calendar(recipient.phone)].append(recipient)
        return groups

    def _priced(self, recipients: list[Recipient], *, segment: Segment) -> Priced:
        """Price column by column: a million pass, and an object for each would cost as much."""
        kept, texts, parts = self._texts(recipients, segment=segment)
        numbers = [recipient.phone.e164 for recipient in kept]
        countries = [recipient.phone.country for recipient in kept]
        holders = list(map(operators.range_holder, numbers))
        shown = {holder: (holder or "")[:OPERATOR_LENGTH] for holder in set(holders)}
        return Priced(
            recipient=numbers,
            country=countries,
            operator=[shown[holder] for holder in holders],
            parts=parts,
            price_hundredths=[n * self._prices[c] for n, c in zip(parts, countries, strict=True)],
            text=texts,
        )

    def _texts(
        self, recipients: list[Recipient], *, segment: Segment
    ) -> tuple[list[Recipient], list[str | None], list[int]]:
        """Give those who get a message, with its text and parts; the others are refused."""
        if not self._template.columns:
            return recipients, [None] * len(recipients), [self._parts] * len(recipients)
        kept: list[Recipient] = []
        texts: list[str | None] = []
        counts: list[int] = []
        for recipient in recipients:
            try:
                text, parts = self._own_text(recipient.values)
            except _Refused as refusal:
                segment.refuse(recipient, refusal.reason)
                continue
            kept.append(recipient)
            texts.append(text)
            counts.append(parts)
        return kept, texts, counts

    def _own_text(self, values: Values) -> tuple[str | None, int]:
        """Give the text where it is not the revision's, and its parts. Raises _Refused."""
        if values is None:
            return None, self._parts
        try:
            text = sms.normalise(self._template.render(values))
        except personalise.MissingValue:
            raise _Refused(RowRefusal.NO_VALUE) from None
        alphabet, parts = sms.count_parts(text, clause=self._clause)
        # Nothing in the basic alphabets is a problem, unless it is all blank.
        is_suspect = alphabet is sms.Alphabet.UCS2 or text.isspace()
        if is_suspect and (problem := sms.problem(text)):
            raise _Refused(OF_PROBLEM[problem])
        if parts > sms.MAX_PARTS:
            raise _Refused(RowRefusal.TOO_MANY_PARTS)
        if not self._lets_links_pass and links.find(text):
            raise _Refused(RowRefusal.LINK)
        return (None if text == self._text else text), parts

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
