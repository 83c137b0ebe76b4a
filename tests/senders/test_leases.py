"""Leases: what the carrier accepted is noted, what is over is closed, what rested is let go."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import SmsAccount
from senders import leases, shortnumbers, upkeep
from senders.bulk import Acceptance
from senders.models import Lease
from tests import factories

pytestmark = pytest.mark.django_db

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
PHONE = "+33612345678"
PHONES = [f"+3361234567{n}" for n in range(4)]


@pytest.fixture
def number(account: SmsAccount, now: datetime) -> str:
    """Lend the only number of the pool to the phone."""
    (only,) = factories.make_pool(1, now=now)
    shortnumbers.lend(account_id=account.pk, phones=[PHONE], now=now)
    return only


def accept(account: SmsAccount, number: str, message_id: int, at: datetime) -> Lease:
    told = Acceptance(number=number, phone=PHONE, message_id=message_id, accepted_at=at)
    leases.accept(account_id=account.pk, acceptances=[told])
    return Lease.objects.get(number=number, phone=PHONE)


def test_the_first_message_opens_the_window_by_the_carriers_clock(
    account: SmsAccount, number: str, now: datetime
) -> None:
    lease = accept(account, number, 7, now + SECOND)
    assert lease.message_id == 7
    assert (lease.first_accepted_at, lease.accepted_at) == (now + SECOND, now + SECOND)
    assert lease.expires_at == now + SECOND + 48 * HOUR


def test_a_later_message_moves_the_last_one_and_not_the_first(
    account: SmsAccount, number: str, now: datetime
) -> None:
    accept(account, number, 7, now)
    lease = accept(account, number, 8, now + HOUR)
    assert (lease.message_id, lease.first_accepted_at) == (8, now)
    assert (lease.accepted_at, lease.expires_at) == (now + HOUR, now + 49 * HOUR)


def test_an_answer_recorded_late_takes_no_later_messages_place(
    account: SmsAccount, number: str, now: datetime
) -> None:
    accept(account, number, 8, now + HOUR)
    lease = accept(account, number, 7, now)
    assert (lease.message_id, lease.first_accepted_at) == (8, now)
    assert (lease.accepted_at, lease.expires_at) == (now + HOUR, now + 49 * HOUR)


def test_noting_the_same_acceptance_again_changes_nothing(
    account: SmsAccount, number: str, now: datetime
) -> None:
    first = accept(account, number, 7, now + SECOND)
    again = accept(account, number, 7, now + SECOND)
    assert Lease.objects.filter(pk=first.pk).values().get() == {
        k: v for k, v in vars(again).items() if k != "_state"
    }


def test_an_acceptance_is_noted_on_a_lease_that_closed_meanwhile(
    account: SmsAccount, number: str, now: datetime
) -> None:
    leases.close_ended(now=now + 48 * HOUR)
    lease = accept(account, number, 7, now)
    assert (lease.message_id, lease.is_open) == (7, False)


def test_nothing_is_noted_on_the_lease_of_another_account(
    mallorys_account: SmsAccount, number: str, now: datetime
) -> None:
    assert accept(mallorys_account, number, 7, now).message_id is None


def test_many_acceptances_are_noted_at_once(account: SmsAccount, now: datetime) -> None:
    factories.make_pool(9, now=now)
    numbers = shortnumbers.lend(account_id=account.pk, phones=PHONES, now=now)
    told = [
        Acceptance(number=numbers[p], phone=p, message_id=n, accepted_at=now + n * SECOND)
        for n, p in enumerate(reversed(PHONES))
    ]
    leases.accept(account_id=account.pk, acceptances=told)
    rows = Lease.objects.values_list("phone", "message_id", "accepted_at")
    assert set(rows) == {(a.phone, a.message_id, a.accepted_at) for a in told}


def test_a_lease_is_closed_at_its_end_and_held_for_30_days_more(
    account: SmsAccount, number: str, now: datetime
) -> None:
    end = now + 48 * HOUR
    steps = [end - SECOND, end, end + 30 * DAY - SECOND, end + 30 * DAY]
    seen = []
    for moment in steps:
        upkeep.run(now=moment)
        seen.append(Lease.objects.values_list("is_open", "is_held").get())
    assert seen == [(True, True), (False, True), (False, True), (False, False)]
    assert Lease.objects.get().closed_at == end


def test_a_large_campaigns_leases_are_closed_group_by_group(
    account: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "GROUP", 3)
    factories.make_pool(1, now=now)
    shortnumbers.lend(account_id=account.pk, phones=PHONES, now=now)
    upkeep.run(now=now + 48 * HOUR)
    assert not Lease.objects.filter(is_open=True).exists()


def test_the_number_of_a_moment_is_that_of_the_lease_of_then(
    account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    factories.make_pool(5, now=now)
    later = now + 48 * HOUR
    first = shortnumbers.lend(account_id=account.pk, phones=[PHONE], now=now)
    second = shortnumbers.lend(account_id=account.pk, phones=[PHONE], now=later)
    shortnumbers.lend(account_id=mallorys_account.pk, phones=[PHONE], now=now)

    def at(moment: datetime) -> dict[str, str]:
        return leases.numbers_at(account_id=account.pk, phones=[PHONE], at=moment)

    assert [at(m) for m in (now - HOUR, now, later - HOUR, later)] == [{}, first, first, second]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["lend", "accept", "upkeep"]),
            st.integers(0, 1),
            st.lists(st.sampled_from(PHONES), min_size=1),
            st.sampled_from([0, 1, 30, 47, 48, 49, 24 * 30]),
        ),
        max_size=20,
    )
)
def test_whatever_happens_a_pair_is_held_once_and_an_account_sees_one_number(
    account: SmsAccount,
    mallorys_account: SmsAccount,
    now: datetime,
    acts: list[tuple[str, int, list[str], int]],
) -> None:
    Lease.objects.all().delete()
    factories.make_pool(4, now=now)
    for act, place, phones, hours in acts:
        now += hours * HOUR
        who = (account, mallorys_account)[place]
        mine = Lease.objects.filter(account=who, is_open=True)
        before = dict(mine.filter(expires_at__gt=now).values_list("phone", "number"))
        lent = do(act, who, phones, now=now)
        assert before.items() >= {p: n for p, n in lent.items() if p in before}.items()
        assert dict(mine.filter(phone__in=lent).values_list("phone", "number")) == lent
        held_once(now)


def do(act: str, who: SmsAccount, phones: list[str], *, now: datetime) -> dict[str, str]:
    match act:
        case "lend":
            return shortnumbers.lend(account_id=who.pk, phones=phones, now=now)
        case "accept":
            told = dict(
                Lease.objects.filter(account=who, is_held=True).values_list("phone", "number")
            )
            leases.accept(
                account_id=who.pk,
                acceptances=[
                    Acceptance(number=n, phone=p, message_id=1, accepted_at=now)
                    for p, n in told.items()
                ],
            )
        case "upkeep":
            upkeep.run(now=now)
    return {}


def held_once(now: datetime) -> None:
    def doubled(*fields: str, **which: Any) -> bool:
        counted = Lease.objects.filter(**which).values(*fields).annotate(n=Count("pk"))
        return bool(counted.filter(n__gt=1).exists())

    assert not doubled("number", "phone", is_held=True)
    assert not doubled("account", "phone", is_open=True)
    assert not Lease.objects.filter(accepted_at__gt=now).exists()
