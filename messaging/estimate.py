"""The estimate under a text being written: its size, its cost so far, when it would leave.

Computed like the quote, from what is typed at this moment, and binding for nobody: the quote
decides. Nothing is written. Typed numbers beyond the first COUNTED are left to the review.
"""

from dataclasses import dataclass
from datetime import datetime

from accounts import phones, tariff
from accounts.models import SmsAccount
from messaging import calendar, campaigns, composing, sms
from messaging.recipients import optout
from senders import kinds

# Reading this many foreign numbers takes about 0.2 s, which a page that counts while one types
# can afford.
COUNTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is known before anything is composed.

    `unreached` numbers are valid, but not for this kind of sender. `opening` is the first moment
    when the message may leave if it has to wait, None if it leaves at once. `waits_for_hours` says
    that legal hours, and not only the writer, make it wait.
    """

    kind: str
    size: sms.Size
    clause: str
    # The address of a website that the sender does not let pass, "" if there is none.
    link: str
    replacement: sms.Replacement
    typed: int
    recipients: int
    left_out: int
    unreached: int
    total_hundredths: int
    balance_after_hundredths: int
    opening: datetime | None
    waits_for_hours: bool
    refused_moment: campaigns.Refused | None

    @property
    def is_complete(self) -> bool:
        """Whether all typed numbers are counted."""
        return self.typed <= COUNTED

    @property
    def is_too_long(self) -> bool:
        """Whether no SMS can be that long."""
        return self.size.parts > sms.MAX_PARTS

    @property
    def is_long(self) -> bool:
        """Whether a shorter text is advised."""
        return sms.ADVISED_PARTS < self.size.parts <= sms.MAX_PARTS

    @property
    def is_affordable(self) -> bool:
        """Whether the balance reaches for what is counted."""
        return self.balance_after_hundredths >= 0


def estimate(
    *,
    account: SmsAccount,
    kind: str,
    text: str,
    typed: list[str],
    is_commercial: bool,
    due_at: datetime | None,
    returned_hundredths: int,
    now: datetime,
) -> Estimate:
    """Estimate what sending `text` to the typed numbers would take, under a kind of sender.

    `returned_hundredths` is what the planned SMS gives back whose place this takes.
    """
    text = sms.normalise(text)
    clause = composing.clause_of(kind=kind, is_commercial=is_commercial)
    size = sms.measure(text, clause=clause)
    prices = tariff.prices()
    found = _recipients(account, typed[:COUNTED], is_commercial=is_commercial)
    reached = [phone for phone in found if kinds.reaches(kind, phone)]
    served = [phone for phone in reached if phone.country in prices]
    unreached = len(found) - len(reached)
    total = size.parts * sum(prices[phone.country] for phone in served)
    codes = _calendars(account, served) if is_commercial else {""}
    refused = _refused_moment(due_at, now=now)
    # The calendars do not reach as far as people can type.
    due = due_at if due_at and not refused else now
    leaves_at = campaigns.leaves_at(codes=codes, due_at=due, now=now)
    return Estimate(
        kind=kind,
        size=size,
        clause=clause,
        link=composing.link_in(text, kind=kind) or "",
        replacement=sms.replace_lookalikes(text),
        typed=len(typed),
        recipients=len(served),
        left_out=min(len(typed), COUNTED) - len(served) - unreached,
        unreached=unreached,
        total_hundredths=total,
        balance_after_hundredths=account.balance_hundredths + returned_hundredths - total,
        opening=leaves_at if leaves_at > now else None,
        waits_for_hours=leaves_at > due,
        refused_moment=refused,
    )


def _recipients(
    account: SmsAccount, typed: list[str], *, is_commercial: bool
) -> list[phones.Phone]:
    """Give the different valid numbers that did not opt out."""
    found: dict[str, phones.Phone] = {}
    for given in typed:
        try:
            phone = phones.parse(given)
        except phones.InvalidNumber:
            continue
        found.setdefault(phone.e164, phone)
    if optout.blocks(account=account, is_commercial=is_commercial):
        for number in optout.opted_out(account_id=account.pk, phones=list(found)):
            del found[number]
    return list(found.values())


def _calendars(account: SmsAccount, found: list[phones.Phone]) -> set[str]:
    """Give the calendars of the recipients; before one is typed, of the customer's country."""
    try:
        if not found:
            country = account.customer.country
            return {calendar.code_for(e164="+", country=country, alsace_moselle=False)}
        return {
            calendar.code_for(
                e164=phone.e164, country=phone.country, alsace_moselle=account.alsace_moselle
            )
            for phone in found
        }
    except calendar.UnknownCalendar:
        return {""}


def _refused_moment(due_at: datetime | None, *, now: datetime) -> campaigns.Refused | None:
    try:
        campaigns.check_moment(due_at, now=now)
    except campaigns.Refused as refusal:
        return refusal
    return None
