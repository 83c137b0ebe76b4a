"""Short numbers: which there are, which accounts may send from them, and to whom each is lent.

A number is drawn at random for one phone of one account and lent until 48 hours after the last
message; the pair is held for 30 days more, so that a late answer is nobody else's. Never the
number of the STOP clause: what is sent there concerns many accounts.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from random import SystemRandom

from django.conf import settings
from django.db import transaction

from accounts import retrying, trail
from accounts.models import SmsAccount
from senders import bulk, kinds
from senders.models import (
    SHORT_NAME,
    LeaseKind,
    Sender,
    SenderKind,
    SenderState,
    SenderValidity,
    ShortNumber,
)
from senders.window import WINDOW

# So often numbers are drawn blindly; what meets a held pair again is drawn among free ones.
ROUNDS = 3
OFFERED_AT_ONCE = 500
_SHAPE = re.compile(r"[0-9]{5}", re.ASCII)
_random = SystemRandom()


class PoolUnknown(Exception):
    """No short number is known: the carrier was not asked yet."""


def lend(*, account_id: int, phones: Collection[str], now: datetime) -> dict[str, str]:
    """Lend a number to each phone, the one it has already if its lease is open.

    Outside of any transaction, before anything is handed over; harmless to repeat. A phone that is
    not in the result has no number: those of the pool are all held for it. Raises PoolUnknown.
    """
    pool = list(_pool())
    if not pool:
        raise PoolUnknown
    borrower = _Borrower(account_id=account_id, phones=phones, now=now)
    borrower.keep()
    for _round in range(ROUNDS):
        if borrower.left:
            drawn = _random.choices(pool, k=len(borrower.left))
            borrower.take(dict(zip(borrower.left, drawn, strict=True)))
    while borrower.left:
        held = bulk.held_numbers(phones=borrower.left)
        # What was taken meanwhile is held, and may be ours.
        borrower.extend()
        free = {phone: _free(pool, held[phone]) for phone in borrower.left}
        # Who draws and loses saw another win, so this comes to an end.
        borrower.left = [phone for phone in borrower.left if free[phone]]
        borrower.take({phone: _random.choice(free[phone]) for phone in borrower.left})
    return borrower.numbers


class _Borrower:
    """The phones of one call, and what was lent to them so far."""

    def __init__(self, *, account_id: int, phones: Collection[str], now: datetime) -> None:
        self._account_id = account_id
        self._now = now
        self.left = sorted(set(phones))
        self.numbers: dict[str, str] = {}

    def keep(self) -> None:
        """Close what is over, and keep what is open; mostly there is neither."""
        opened = bulk.open_leases(account_id=self._account_id, phones=self.left, now=self._now)
        over = [phone for phone in self.left if opened.get(phone)]
        if over:
            bulk.close_ended(account_id=self._account_id, phones=over, now=self._now)
        self._extend([phone for phone in self.left if opened.get(phone) is False])

    def extend(self) -> None:
        """Keep what is open of all that is left."""
        self._extend(self.left)

    def _extend(self, phones: list[str]) -> None:
        until = self._now + WINDOW
        self._note(bulk.extend(account_id=self._account_id, phones=phones, until=until))

    def take(self, drawn: Mapping[str, str]) -> None:
        """Take what was drawn; others of the same account may have been quicker."""
        self._note(
            bulk.take(
                account_id=self._account_id,
                kind=LeaseKind.SHORT,
                drawn=drawn,
                opened_at=self._now,
                expires_at=self._now + WINDOW,
            )
        )
        self.extend()

    def _note(self, lent: Mapping[str, str]) -> None:
        self.numbers.update(lent)
        self.left = [phone for phone in self.left if phone not in lent]


@retrying.on_deadlock
def set_pool(*, numbers: Collection[str], now: datetime) -> None:
    """Keep the numbers that the carrier names; those it names no more are drawn no more.

    An answer without a usable number changes nothing: it is rather a mistake of the carrier.
    """
    named = {n for n in numbers if _SHAPE.fullmatch(n) and n != settings.STOP_NUMBER}
    if not named:
        return
    with transaction.atomic():
        known = dict(ShortNumber.objects.values_list("number", "is_active"))
        ShortNumber.objects.bulk_create(
            (ShortNumber(number=n, changed_at=now) for n in sorted(named - known.keys())),
            ignore_conflicts=True,
        )
        gone = [n for n, is_active in known.items() if is_active and n not in named]
        back = [n for n, is_active in known.items() if not is_active and n in named]
        for changed, is_active in ((gone, False), (back, True)):
            ShortNumber.objects.filter(number__in=changed).update(
                is_active=is_active, changed_at=now
            )


def offer(*, account: SmsAccount, now: datetime) -> None:
    """Let an account send from short numbers, if its customer is established in France; once."""
    if SenderKind.SHORT not in kinds.offered_to(account.customer):
        return
    with transaction.atomic():
        sender, is_new = Sender.objects.get_or_create(
            account=account,
            name=SHORT_NAME,
            defaults={"kind": SenderKind.SHORT, "state": SenderState.ENABLED},
        )
        if is_new:
            SenderValidity.objects.create(sender=sender, since=now)
            trail.record(
                event="sender.offered",
                subject=f"sender:{sender.pk}",
                actor=None,
                account=account,
                now=now,
            )


def offer_missing(*, now: datetime) -> None:
    """Offer short numbers to accounts that came to France with their customer."""
    without = SmsAccount.objects.filter(customer__country=kinds.FRANCE).exclude(
        senders__kind=SenderKind.SHORT
    )
    for account in without.select_related("customer").order_by("pk")[:OFFERED_AT_ONCE]:
        offer(account=account, now=now)


def _pool() -> Collection[str]:
    active = ShortNumber.objects.filter(is_active=True).exclude(number=settings.STOP_NUMBER)
    return active.values_list("number", flat=True)


def _free(pool: list[str], held: set[str]) -> list[str]:
    return [number for number in pool if number not in held]
