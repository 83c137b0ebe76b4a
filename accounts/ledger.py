"""The credits of an account: the only door through which a balance changes.

Each movement is one conditional update and one entry, in the caller's transaction: either both
stay or neither. The balance is never read first, so that no two movements can overlook each other.
An entry is the business event named by its reference; the same event is booked once. Amounts are
whole hundredths of a credit, above zero; the sign is the ledger's. Nothing here edits history.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import CreditEntry, EntryKind, SmsAccount, User

# 10 trillion credits: a thousand such movements still fit the column.
LARGEST_HUNDREDTHS = 10**15


class InsufficientCredits(Exception):
    """The balance does not reach; nothing was changed."""

    def __init__(self, *, balance_hundredths: int, needed_hundredths: int) -> None:
        """Keep what there is and what it would take."""
        super().__init__(balance_hundredths, needed_hundredths)
        self.balance_hundredths = balance_hundredths
        self.needed_hundredths = needed_hundredths


class AlreadyBooked(Exception):
    """An entry of this kind and reference exists; nothing was changed."""

    def __init__(self, *, reference: str) -> None:
        """Keep the business event."""
        super().__init__(reference)
        self.reference = reference


class OutsideTransaction(Exception):
    """A movement must live or die with what it pays for."""


def debit(
    *,
    account_id: int,
    amount_hundredths: int,
    kind: EntryKind,
    reference: str,
    actor: User | None,
    now: datetime,
    reason: str = "",
) -> CreditEntry:
    """Take credits, all or nothing. Raises InsufficientCredits or AlreadyBooked."""
    return _book(
        account_id=account_id,
        change_hundredths=-_checked(amount_hundredths),
        kind=kind,
        reference=reference,
        actor=actor,
        now=now,
        reason=reason,
    )


def credit(
    *,
    account_id: int,
    amount_hundredths: int,
    kind: EntryKind,
    reference: str,
    actor: User | None,
    now: datetime,
    reason: str = "",
) -> CreditEntry:
    """Add credits. Raises AlreadyBooked."""
    return _book(
        account_id=account_id,
        change_hundredths=_checked(amount_hundredths),
        kind=kind,
        reference=reference,
        actor=actor,
        now=now,
        reason=reason,
    )


# Giving back and giving are the same movement; the two names keep call sites honest.
refund = credit


def balance(*, account_id: int) -> int:
    """Give the balance in hundredths, as of now: to be shown, never to decide upon."""
    return SmsAccount.objects.values_list("balance_hundredths", flat=True).get(pk=account_id)


def _checked(amount_hundredths: int) -> int:
    if not 0 < amount_hundredths <= LARGEST_HUNDREDTHS:
        raise ValueError(f"{amount_hundredths} hundredths cannot be booked")
    return amount_hundredths


def _book(
    *,
    account_id: int,
    change_hundredths: int,
    kind: EntryKind,
    reference: str,
    actor: User | None,
    now: datetime,
    reason: str,
) -> CreditEntry:
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction(reference)
    entry = CreditEntry(
        account_id=account_id,
        kind=kind,
        amount_hundredths=change_hundredths,
        reference=reference,
        actor=actor,
        reason=reason,
        created_at=now,
    )
    try:
        # A savepoint: a refusal undoes the balance and leaves the caller's transaction usable.
        with transaction.atomic():
            entry.balance_after_hundredths = _change_balance(entry)
            entry.save(force_insert=True)
    except IntegrityError:
        _refuse_known(entry)
        raise
    return entry


def _change_balance(entry: CreditEntry) -> int:
    account = SmsAccount.objects.filter(pk=entry.account_id)
    change = entry.amount_hundredths
    if account.filter(balance_hundredths__gte=-change).update(
        balance_hundredths=F("balance_hundredths") + change
    ):
        return balance(account_id=entry.account_id)
    _refuse_known(entry)
    there = balance(account_id=entry.account_id)
    raise InsufficientCredits(balance_hundredths=there, needed_hundredths=-change)


def _refuse_known(entry: CreditEntry) -> None:
    entries = CreditEntry.objects.filter(account_id=entry.account_id, kind=entry.kind)
    if entries.filter(reference=entry.reference).exists():
        raise AlreadyBooked(reference=entry.reference)
