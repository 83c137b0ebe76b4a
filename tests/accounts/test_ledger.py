"""The ledger: a balance is the sum of its entries, and never negative."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import ledger
from accounts.models import CreditEntry, Customer, EntryKind, SmsAccount, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse(customer: Customer, now: datetime) -> SmsAccount:
    """Give an account with 5 credits from one entry."""
    account = factories.make_account(customer)
    credit(account, 500, "start", now=now)
    return account


def credit(account: SmsAccount, amount: int, reference: str, *, now: datetime) -> CreditEntry:
    return ledger.credit(
        account_id=account.pk,
        amount_hundredths=amount,
        kind=EntryKind.GIFT,
        reference=reference,
        actor=None,
        now=now,
    )


def debit(account: SmsAccount, amount: int, reference: str, *, now: datetime) -> CreditEntry:
    return ledger.debit(
        account_id=account.pk,
        amount_hundredths=amount,
        kind=EntryKind.CAMPAIGN,
        reference=reference,
        actor=None,
        now=now,
    )


def sum_of_entries(account: SmsAccount) -> int:
    return int(account.entries.aggregate(total=Sum("amount_hundredths"))["total"] or 0)


def assert_proven(account: SmsAccount, expected: int) -> None:
    balance = ledger.balance(account_id=account.pk)
    last = account.entries.order_by("-id").first()
    assert last
    assert balance == expected == sum_of_entries(account) == last.balance_after_hundredths


def test_a_debit_takes_the_amount_and_leaves_an_entry(purse: SmsAccount, now: datetime) -> None:
    entry = debit(purse, 120, "campaign:a:1", now=now)
    assert (entry.amount_hundredths, entry.balance_after_hundredths) == (-120, 380)
    assert (entry.kind, entry.reference, entry.created_at) == ("campaign", "campaign:a:1", now)
    assert_proven(purse, 380)


def test_a_credit_names_who_gave_it_and_why(purse: SmsAccount, sam: User, now: datetime) -> None:
    entry = ledger.credit(
        account_id=purse.pk,
        amount_hundredths=1,
        kind=EntryKind.GIFT,
        reference="gift:1",
        actor=sam,
        reason="a trade fair",
        now=now,
    )
    assert (entry.actor, entry.reason) == (sam, "a trade fair")
    assert_proven(purse, 501)


def test_a_refund_gives_back(purse: SmsAccount, now: datetime) -> None:
    debit(purse, 500, "campaign:a:1", now=now)
    ledger.refund(
        account_id=purse.pk,
        amount_hundredths=40,
        kind=EntryKind.REFUND,
        reference="batch:1:1",
        actor=None,
        now=now,
    )
    assert_proven(purse, 40)


def test_the_last_credit_can_be_spent(purse: SmsAccount, now: datetime) -> None:
    debit(purse, 500, "campaign:a:1", now=now)
    assert_proven(purse, 0)


def test_debit_refuses_when_credits_run_out(purse: SmsAccount, now: datetime) -> None:
    with pytest.raises(ledger.InsufficientCredits) as refusal:
        debit(purse, 501, "campaign:a:1", now=now)
    assert (refusal.value.balance_hundredths, refusal.value.needed_hundredths) == (500, 501)
    assert_proven(purse, 500)


def test_the_same_event_is_booked_once(purse: SmsAccount, now: datetime) -> None:
    debit(purse, 100, "campaign:a:1", now=now)
    with pytest.raises(ledger.AlreadyBooked) as refusal:
        debit(purse, 100, "campaign:a:1", now=now)
    assert refusal.value.reference == "campaign:a:1"
    assert_proven(purse, 400)


def test_the_same_event_is_known_even_when_credits_would_not_suffice(
    purse: SmsAccount, now: datetime
) -> None:
    debit(purse, 400, "campaign:a:1", now=now)
    with pytest.raises(ledger.AlreadyBooked):
        debit(purse, 400, "campaign:a:1", now=now)


def test_a_refusal_leaves_the_callers_transaction_usable(purse: SmsAccount, now: datetime) -> None:
    with transaction.atomic():
        with pytest.raises(ledger.AlreadyBooked):
            credit(purse, 100, "start", now=now)
        with pytest.raises(ledger.InsufficientCredits):
            debit(purse, 10_000, "campaign:b:1", now=now)
        debit(purse, 100, "campaign:c:1", now=now)
    assert_proven(purse, 400)


def test_two_accounts_may_have_events_of_the_same_name(purse: SmsAccount, now: datetime) -> None:
    other = factories.make_account(purse.customer)
    credit(other, 70, "start", now=now)
    assert_proven(other, 70)
    assert_proven(purse, 500)


@pytest.mark.parametrize(
    "amount", [0, -1, ledger.LARGEST_HUNDREDTHS + 1], ids=["nothing", "below zero", "absurd"]
)
def test_an_amount_that_is_no_movement_is_a_mistake_of_the_program(
    purse: SmsAccount, amount: int, now: datetime
) -> None:
    for move in (credit, debit):
        with pytest.raises(ValueError, match="cannot be booked"):
            move(purse, amount, "x", now=now)
    assert_proven(purse, 500)


def test_an_account_that_is_not_there_cannot_be_charged(db: None, now: datetime) -> None:
    nobody = SmsAccount(pk=999_999)
    for move in (credit, debit):
        with pytest.raises(SmsAccount.DoesNotExist):
            move(nobody, 1, "x", now=now)


@pytest.mark.django_db(transaction=True)
def test_a_movement_outside_a_transaction_is_refused(now: datetime) -> None:
    account = factories.make_account(factories.make_customer())
    with pytest.raises(ledger.OutsideTransaction):
        credit(account, 1, "x", now=now)
    assert ledger.balance(account_id=account.pk) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from([credit, debit]), st.integers(1, 2_000), st.integers(0, 8).map(str)
        ),
        max_size=25,
    )
)
def test_whatever_is_booked_the_balance_is_the_sum_of_entries_and_never_negative(
    purse: SmsAccount, now: datetime, moves: list[tuple[Any, int, str]]
) -> None:
    with transaction.atomic():
        expected, booked = 500, {("credit", "start")}
        for move, amount, reference in moves:
            event = (move.__name__, reference)
            change = amount if move is credit else -amount
            try:
                entry = move(purse, amount, reference, now=now)
            except ledger.AlreadyBooked:
                assert event in booked
            except ledger.InsufficientCredits:
                assert expected + change < 0
            else:
                booked.add(event)
                expected += change
                assert entry.balance_after_hundredths == expected >= 0
            assert_proven(purse, expected)
        transaction.set_rollback(True)
