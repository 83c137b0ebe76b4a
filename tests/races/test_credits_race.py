"""The last credits, and one business event booked by many at once."""

import uuid
from datetime import datetime

import pytest
from django.db import transaction
from django.db.models import Sum

from accounts import gifts, ledger
from accounts.models import CreditEntry, EntryKind, SmsAccount, TrailEntry, User
from tests.races import crowd

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WANTING = 64
LAST = 10
CREDIT = 100


def keep(account: SmsAccount, *, hundredths: int) -> None:
    """Let the account have just so much."""
    SmsAccount.objects.filter(pk=account.pk).update(balance_hundredths=hundredths)


def test_naive_debit_overdraws(account: SmsAccount) -> None:
    def naive() -> bool:
        there = ledger.balance(account_id=account.pk)
        if there < CREDIT:
            return False
        keep(account, hundredths=there - CREDIT)
        return True

    def overdraws() -> bool:
        keep(account, hundredths=LAST * CREDIT)
        return sum(r is True for r in crowd.times(WANTING, naive)) > LAST

    crowd.show(overdraws)


def test_the_last_credits_are_spent_once(account: SmsAccount, alice: User, now: datetime) -> None:
    spent = ledger.balance(account_id=account.pk) - LAST * CREDIT
    with transaction.atomic():
        ledger.debit(
            account_id=account.pk,
            amount_hundredths=spent,
            kind=EntryKind.CAMPAIGN,
            reference="all but the last",
            actor=alice,
            now=now,
        )

    def want() -> CreditEntry:
        with transaction.atomic():
            return ledger.debit(
                account_id=account.pk,
                amount_hundredths=CREDIT,
                kind=EntryKind.CAMPAIGN,
                reference=f"campaign:{uuid.uuid4()}:1",
                actor=alice,
                now=now,
            )

    results = crowd.times(WANTING, want)

    assert sum(isinstance(r, CreditEntry) for r in results) == LAST
    assert sum(isinstance(r, ledger.InsufficientCredits) for r in results) == WANTING - LAST
    assert ledger.balance(account_id=account.pk) == 0
    entries = CreditEntry.objects.filter(account=account).order_by("pk")
    assert entries.aggregate(sum=Sum("amount_hundredths"))["sum"] == 0
    after = [r.balance_after_hundredths for r in results if isinstance(r, CreditEntry)]
    assert sorted(after) == [n * CREDIT for n in range(LAST)]


def test_naive_check_then_insert_books_twice(account: SmsAccount, now: datetime) -> None:
    def books_twice() -> bool:
        subject = f"control:{uuid.uuid4()}"
        entries = TrailEntry.objects.filter(subject=subject)

        def naive() -> None:
            if not entries.exists():
                TrailEntry.objects.create(at=now, account=account, event="x", subject=subject)

        crowd.times(16, naive)
        return entries.count() > 1

    crowd.show(books_twice)


def test_one_gift_posted_by_many_is_booked_once(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    before, token = ledger.balance(account_id=account.pk), uuid.uuid4()

    results = crowd.times(
        16,
        lambda: gifts.give(
            account=account, amount_hundredths=700, by=sam, reason="sorry", token=token, now=now
        ),
    )

    assert sum(isinstance(r, CreditEntry) for r in results) == 1
    assert all(isinstance(e, ledger.AlreadyBooked) for e in crowd.errors(results))
    assert ledger.balance(account_id=account.pk) == before + 700
