"""Leases of both kinds: lent before a hand-over, noted with its answers, closed and let go.

An answer is somebody's as long as its pair of number and phone is held: 30 days after the lease
closed, so that a late one is still known for what it is, and belongs to nobody else.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts import retrying
from senders import bulk, shortnumbers, virtualnumbers
from senders.bulk import Acceptance
from senders.models import Lease, LeaseKind, Sender, SenderKind
from senders.window import WINDOW

# How long a pair is held after its lease closed.
REST = timedelta(days=30)
# Leases closed or let go in one transaction.
GROUP = 2_000
# Clocks of two workers may differ so much: one opens a lease, the other claims.
SKEW = timedelta(seconds=10)


def lend(*, sender: Sender, phones: Collection[str], now: datetime) -> dict[str, str]:
    """Give the number that each phone is to see; a phone without one is left out.

    Outside of any transaction, before anything is handed over; harmless to repeat, and a lease
    that is not used only expires. A name needs no number. Raises shortnumbers.PoolUnknown.
    """
    if sender.kind == SenderKind.SHORT:
        return shortnumbers.lend(account_id=sender.account_id, phones=phones, now=now)
    return virtualnumbers.lend(sender=sender, phones=phones, now=now)


def accept(*, account_id: int, acceptances: Sequence[Acceptance]) -> None:
    """Note on each lease its last message, and keep a short one open for answers to it.

    Part of the caller's transaction: leases are locked by phone, and accounts after them. An
    answer that is recorded late never takes the place of that of a later message.
    """
    bulk.accept(account_id=account_id, acceptances=acceptances, window=WINDOW)


def lent(*, sender: Sender, phones: Collection[str], at: datetime) -> dict[str, str]:
    """Give the number that each phone saw of a sender at a moment."""
    if sender.kind == SenderKind.SHORT:
        return numbers_at(account_id=sender.account_id, phones=phones, at=at)
    return dict.fromkeys(phones, sender.name)


def numbers_at(*, account_id: int, phones: Collection[str], at: datetime) -> dict[str, str]:
    """Give the short number that an account used for each phone at a moment."""
    mine = Lease.objects.filter(
        account_id=account_id,
        kind=LeaseKind.SHORT,
        phone__in=phones,
        opened_at__lte=at + SKEW,
    )
    # One query for each of the two indexes that begin with the phone.
    found = [
        lease
        for is_open in (False, True)
        for lease in mine.filter(is_open=is_open).values_list("opened_at", "phone", "number")
    ]
    return {phone: number for _opened_at, phone, number in sorted(found)}


@retrying.on_deadlock
def close_ended(*, now: datetime) -> int:
    """Close up to GROUP leases that are over; give how many."""
    over = Lease.objects.filter(is_open=True, expires_at__lte=now)
    return _change(over.order_by("expires_at"), is_open=False, closed_at=now)


@retrying.on_deadlock
def let_go(*, now: datetime) -> int:
    """Hold up to GROUP pairs no longer, 30 days after their leases closed; give how many."""
    rested = Lease.objects.filter(is_held=True, is_open=False, closed_at__lte=now - REST)
    return _change(rested.order_by("closed_at"), is_held=False)


def _change(leases: QuerySet[Lease], **to: object) -> int:
    """Change the first leases that nobody else has locked: nobody is waited for."""
    with transaction.atomic():
        first = leases.select_for_update(skip_locked=True, no_key=True)
        ids = list(first.values_list("pk", flat=True)[:GROUP])
        return Lease.objects.filter(pk__in=ids).update(**to)
