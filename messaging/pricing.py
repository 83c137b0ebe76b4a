"""What each recipient of a quote gets and costs: the text rendered, sized and priced.

A text is personalised for rows that carry values, and sent as it stands for those that do not,
whatever it looks like. A row whose own text cannot be sent is refused with its reason and the rest
goes on. Reads no clock and no database: prices and rows are given.
"""

from collections import defaultdict
from collections.abc import Mapping
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
    """A message before it has an id; the fields are columns of the table, in this order.

    `text` is None where it is the revision's.
    """

    recipient: str
    country: str
    operator: str
    parts: int
    price_hundredths: int
    text: str | None


COLUMNS = Priced._fields


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

    def by_calendar(self, segment: Segment) -> dict[str, list[Priced]]:
        """Give the messages of a segment by legal calendar; rows that become none are refused."""
        groups: defaultdict[str, list[Priced]] = defaultdict(list)
        for recipient in segment.recipients:
            try:
                priced = self._priced(recipient)
            except _Refused as refusal:
                segment.refuse(recipient.row, refusal.reason)
            else:
                groups[self._calendar(recipient.phone)].append(priced)
        return dict(groups)

    def _priced(self, recipient: Recipient) -> Priced:
        row, phone = recipient
        text, parts = self._own_text(row.values)
        e164, country, _kind = phone
        operator = (operators.range_holder(e164) or "")[:OPERATOR_LENGTH]
        return Priced(e164, country, operator, parts, parts * self._prices[country], text)

    def _own_text(self, values: Values) -> tuple[str | None, int]:
        """Give the text where it is not the revision's, and its parts. Raises _Refused."""
        if values is None or not self._template.columns:
            return None, self._parts
        try:
            text = sms.normalise(self._template.render(values))
        except personalise.MissingValue:
            raise _Refused(RowRefusal.NO_VALUE) from None
        size = sms.measure(text, clause=self._clause)
        # Nothing in the basic alphabets is a problem, unless it is all blank.
        is_suspect = size.alphabet is sms.Alphabet.UCS2 or text.isspace()
        if is_suspect and (problem := sms.problem(text)):
            raise _Refused(OF_PROBLEM[problem])
        if size.parts > sms.MAX_PARTS:
            raise _Refused(RowRefusal.TOO_MANY_PARTS)
        if not self._lets_links_pass and links.find(text):
            raise _Refused(RowRefusal.LINK)
        return (None if text == self._text else text), size.parts

    def _calendar(self, phone: phones.Phone) -> str:
        """Give the legal calendar that a recipient obeys, "" for any time."""
        if not self._has_hours:
            return ""
        return calendar.code_for(
            e164=phone.e164,
            country=phone.country,
            alsace_moselle=self._revision.account.alsace_moselle,
        )
