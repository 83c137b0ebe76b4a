"""Short numbers: drawn for one phone of one account, kept while open, nobody else's for long."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db.models import QuerySet

from accounts.models import SmsAccount, TrailEntry, User
from senders import leases, review, shortnumbers, validity
from senders.models import SHORT_NAME, Lease, Sender, SenderKind, SenderValidity, ShortNumber
from tests import factories

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONES = ("+33612345678", "+33612345679", "+33712345670")
PHONE = PHONES[0]


@pytest.fixture
def pool(now: datetime) -> tuple[str, ...]:
    """Give a pool of three numbers."""
    return factories.make_pool(3, now=now)


def lend(account: SmsAccount, *phones: str, now: datetime) -> dict[str, str]:
    return shortnumbers.lend(account_id=account.pk, phones=phones or (PHONE,), now=now)


def held(**which: str) -> QuerySet[Lease]:
    return Lease.objects.filter(is_held=True, **which)


def close_and_let_go(now: datetime) -> None:
    leases.close_ended(now=now)
    leases.let_go(now=now)


def test_each_phone_is_lent_a_number_of_the_pool_for_48_hours(
    account: SmsAccount, pool: tuple[str, ...], now: datetime
) -> None:
    numbers = lend(account, *PHONES, now=now)
    assert numbers.keys() == set(PHONES)
    assert set(numbers.values()) <= set(pool)
    lease = Lease.objects.get(phone=PHONE)
    assert (lease.account, lease.number, lease.kind) == (account, numbers[PHONE], "short")
    assert (lease.opened_at, lease.expires_at) == (now, now + 48 * HOUR)
    assert (lease.is_open, lease.is_held, lease.accepted_at) == (True, True, None)


def test_while_it_is_open_the_same_phone_sees_the_same_number(
    account: SmsAccount, pool: tuple[str, ...], now: datetime
) -> None:
    first = lend(account, now=now)
    assert lend(account, PHONE, PHONE, now=now + 47 * HOUR) == first
    assert Lease.objects.get().expires_at == now + 95 * HOUR


def test_a_clock_that_is_behind_shortens_no_lease(
    account: SmsAccount, pool: tuple[str, ...], now: datetime
) -> None:
    lend(account, now=now)
    lend(account, now=now - HOUR)
    assert Lease.objects.get().expires_at == now + 48 * HOUR


def test_after_48_hours_another_number_is_drawn(
    account: SmsAccount, pool: tuple[str, ...], now: datetime
) -> None:
    first = lend(account, now=now)
    second = lend(account, now=now + 48 * HOUR)
    assert second != first
    closed, opened = Lease.objects.order_by("pk")
    assert (closed.is_open, closed.is_held, closed.closed_at) == (False, True, now + 48 * HOUR)
    assert opened.is_open


def test_two_accounts_never_hold_the_same_number_for_a_phone(
    account: SmsAccount, mallorys_account: SmsAccount, pool: tuple[str, ...], now: datetime
) -> None:
    ours = lend(account, *PHONES, now=now)
    theirs = lend(mallorys_account, *PHONES, now=now)
    assert all(ours[p] != theirs[p] for p in PHONES)


def test_a_phone_for_which_all_numbers_are_held_is_left_out(
    account: SmsAccount, pool: tuple[str, ...], now: datetime
) -> None:
    drawn = [lend(account, now=now + n * 48 * HOUR) for n in range(3)]
    assert {number for numbers in drawn for number in numbers.values()} == set(pool)
    assert lend(account, *PHONES, now=now + 144 * HOUR).keys() == {*PHONES} - {PHONE}


def test_the_last_free_number_is_found(
    account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    pool = factories.make_pool(40, now=now)
    free = pool[17]
    for number in pool:
        if number != free:
            factories.make_lease(mallorys_account, number=number, phone=PHONE, now=now)
    assert lend(account, now=now) == {PHONE: free}


def test_a_pair_is_lent_again_30_days_after_it_closed(account: SmsAccount, now: datetime) -> None:
    (number,) = factories.make_pool(1, now=now)
    lend(account, now=now)
    closed = now + 48 * HOUR
    assert lend(account, now=closed) == {}
    close_and_let_go(closed + 30 * DAY - timedelta(seconds=1))
    assert lend(account, now=closed + 30 * DAY) == {}
    close_and_let_go(closed + 30 * DAY)
    assert lend(account, now=closed + 30 * DAY) == {PHONE: number}
    assert list(Lease.objects.order_by("pk").values_list("is_held", flat=True)) == [False, True]


def test_without_any_known_number_nothing_is_lent_and_that_is_said(
    account: SmsAccount, now: datetime
) -> None:
    with pytest.raises(shortnumbers.PoolUnknown):
        lend(account, now=now)


def test_the_number_of_the_stop_clause_is_never_lent(account: SmsAccount, now: datetime) -> None:
    shortnumbers.set_pool(numbers=["36111"], now=now)
    ShortNumber.objects.create(number="36111", changed_at=now)
    with pytest.raises(shortnumbers.PoolUnknown):
        lend(account, now=now)


def test_a_number_that_left_the_pool_is_drawn_no_more_and_its_leases_stay(
    account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    (old,) = factories.make_pool(1, now=now)
    lend(account, now=now)
    shortnumbers.set_pool(numbers=["38999"], now=now)
    assert lend(mallorys_account, now=now) == {PHONE: "38999"}
    assert held(number=old).get().is_open


def test_a_phone_whose_number_left_the_pool_gets_another(
    account: SmsAccount, now: datetime
) -> None:
    (old,) = factories.make_pool(1, now=now)
    lend(account, now=now)
    shortnumbers.set_pool(numbers=["38999"], now=now)
    assert lend(account, now=now + HOUR) == {PHONE: "38999"}
    lease = held(number=old).get()
    assert (lease.is_open, lease.closed_at) == (False, now + HOUR)


@pytest.mark.parametrize(
    ("named", "known"),
    [
        pytest.param([], {"38000", "38001"}, id="an empty answer changes nothing"),
        pytest.param(["36111"], {"38000", "38001"}, id="nor one of the STOP number alone"),
        pytest.param(["38001", "38002"], {"38001", "38002"}, id="one goes, one comes"),
        pytest.param(["38001", "x", "+33612", "٣٨٠٠٢", "380001"], {"38001"}, id="odd ones are not"),
    ],
)
def test_the_pool_is_what_the_carrier_names(
    named: list[str], known: set[str], now: datetime
) -> None:
    factories.make_pool(2, now=now)
    shortnumbers.set_pool(numbers=named, now=now)
    active = ShortNumber.objects.filter(is_active=True)
    assert set(active.values_list("number", flat=True)) == known


def test_a_number_that_comes_back_is_drawn_again(account: SmsAccount, now: datetime) -> None:
    for named in ("38000", "38001", "38000"):
        shortnumbers.set_pool(numbers=[named], now=now)
    assert lend(account, now=now) == {PHONE: "38000"}


def test_an_account_in_france_has_its_short_number_from_the_beginning(
    account: SmsAccount, now: datetime
) -> None:
    sender = Sender.objects.get(account=account)
    assert (sender.kind, sender.state) == (SenderKind.SHORT, "enabled")
    assert validity.is_valid(sender_id=sender.pk, now=factories.NOW)
    assert TrailEntry.objects.get(event="sender.offered").subject == f"sender:{sender.pk}"


def test_offering_again_changes_nothing(account: SmsAccount, sam: User, now: datetime) -> None:
    sender = Sender.objects.get(account=account)
    review.withdraw(sender=sender, by=sam, reason="abuse", clock=lambda: now)
    shortnumbers.offer(account=account, now=now)
    shortnumbers.offer_missing(now=now)
    assert Sender.objects.get(account=account).state == "withdrawn"


def test_an_account_elsewhere_has_none(mallorys_account: SmsAccount, now: datetime) -> None:
    shortnumbers.offer(account=mallorys_account, now=now)
    shortnumbers.offer_missing(now=now)
    assert not Sender.objects.filter(account=mallorys_account).exists()


def test_an_account_that_comes_to_france_is_offered_one(
    mallorys_account: SmsAccount, now: datetime
) -> None:
    customer = mallorys_account.customer
    customer.country = "FR"
    customer.save()
    shortnumbers.offer_missing(now=now)
    assert Sender.objects.get(account=mallorys_account).kind == SenderKind.SHORT


def test_accounts_from_before_are_offered_one_by_the_migration(
    account: SmsAccount, mallorys_account: SmsAccount
) -> None:
    SenderValidity.objects.filter(sender__account=account).delete()
    Sender.objects.filter(account=account).delete()
    migration = import_module("senders.migrations.0004_offer_short_numbers")
    for _twice in range(2):
        migration.offer(apps, None)
    sender = Sender.objects.get()
    assert (sender.account, sender.kind, sender.name) == (account, "short", SHORT_NAME)
    assert sender.validities.get().until is None
