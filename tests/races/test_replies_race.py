"""Replies judged, charged and opened by several at once: each once, and no credit twice."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts import ledger
from accounts.models import CreditEntry, Customer, EntryKind, SmsAccount, User
from messaging.carrier import base
from messaging.models import OptOut
from replies import charging, inbound
from replies.models import Reply, ReplyState
from tests import answers, factories, scenes
from tests.races import crowd, proofs

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 20
WORKERS = 6
SECOND = timedelta(seconds=1)


@pytest.fixture
def poor(customer: Customer, sam: User, now: datetime) -> SmsAccount:
    """Give an account without credit that wrote to a phone; sam is there to give some."""
    made = factories.make_account(customer)
    answers.lend(made, at=now)
    return made


def store(count: int, *, at: datetime, text: str = "Oui") -> None:
    """Put replies into the inbox, a second apart."""
    told = [answers.reply(at=at + n * SECOND, text=text) for n in range(count)]
    inbound.store(replies=told, now=at)


def take(told: list[base.Reply], *, now: datetime) -> None:
    """Bring replies, and judge what there is."""
    inbound.store(replies=told, now=now)
    inbound.apply_group(now=now)


def states() -> list[str]:
    return list(Reply.objects.order_by("received_at", "pk").values_list("state", flat=True))


def debits(account: SmsAccount) -> int:
    return CreditEntry.objects.filter(account=account, kind=EntryKind.REPLY).count()


def start_again(account: SmsAccount, *, credits: int) -> None:  # noqa: A002 (the word of the trade)
    """Forget the replies; have just so many credits."""
    Reply.objects.all().delete()
    there = answers.balance(account)
    if there > credits:
        with transaction.atomic():
            ledger.debit(
                account_id=account.pk,
                amount_hundredths=(there - credits) * 100,
                kind=EntryKind.CAMPAIGN,
                reference=str(uuid.uuid4()),
                actor=None,
                now=factories.NOW,
            )
    elif there < credits:
        factories.give(account, credits=credits - there)


def test_naive_charging_opens_two_replies_for_the_last_credit(
    poor: SmsAccount, now: datetime
) -> None:
    def naive(reply: Reply) -> None:
        if ledger.balance(account_id=poor.pk) >= 100:
            Reply.objects.filter(pk=reply.pk).update(
                state=ReplyState.OPEN, opened_at=now, account=poor, lease_id=poor.leases.get().pk
            )
            SmsAccount.objects.filter(pk=poor.pk).update(balance_hundredths=0)

    def opens_both() -> bool:
        Reply.objects.all().delete()
        SmsAccount.objects.filter(pk=poor.pk).update(balance_hundredths=100)
        store(2, at=now)
        crowd.at_once([partial(naive, reply) for reply in Reply.objects.all()])
        return states() == [ReplyState.OPEN, ReplyState.OPEN]

    crowd.show(opens_both)


def test_the_last_credit_opens_one_of_two_replies(
    poor: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "GROUP", 1)
    for _round in range(ROUNDS):
        start_again(poor, credits=1)
        store(2, at=now)
        results = crowd.times(2, partial(inbound.apply_group, now=now))
        while inbound.apply_group(now=now):
            pass
        assert not crowd.errors(results)
        assert sorted(states()) == [ReplyState.LOCKED, ReplyState.OPEN]
        assert answers.balance(poor) == 0
    assert debits(poor) == ROUNDS
    proofs.money_adds_up(poor)


def test_naive_judging_charges_a_reply_twice(poor: SmsAccount, now: datetime) -> None:
    def naive() -> None:
        for reply in list(Reply.objects.filter(state=ReplyState.WAITING)):
            with transaction.atomic():
                ledger.debit(
                    account_id=poor.pk,
                    amount_hundredths=100,
                    kind=EntryKind.REPLY,
                    reference=str(uuid.uuid4()),
                    actor=None,
                    now=now,
                )
                Reply.objects.filter(pk=reply.pk).update(
                    state=ReplyState.OPEN, opened_at=now, account=poor, lease=poor.leases.get()
                )

    def charges_twice() -> bool:
        start_again(poor, credits=50)
        store(3, at=now)
        crowd.times(3, naive)
        return answers.balance(poor) < 47

    crowd.show(charges_twice)


def test_a_reply_brought_and_judged_by_many_at_once_is_one_and_charged_once(
    poor: SmsAccount, now: datetime
) -> None:
    for done in range(1, ROUNDS + 1):
        start_again(poor, credits=50)
        told = [answers.reply(at=now) for _n in range(8)]
        assert not crowd.errors(crowd.times(WORKERS, partial(take, told, now=now)))
        inbound.apply_group(now=now)
        assert states() == [ReplyState.OPEN] * 8
        assert debits(poor) == 8 * done
    proofs.money_adds_up(poor)


def test_what_was_locked_is_opened_once_oldest_first_whoever_looks(
    poor: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charging, "GROUP", 3)
    for _round in range(ROUNDS):
        start_again(poor, credits=0)
        store(10, at=now)
        inbound.apply_group(now=now)
        look = partial(charging.open_affordable, now=now)
        gives = [partial(factories.give, poor, credits=3), partial(factories.give, poor, credits=4)]
        works: list[Callable[[], object]] = [look, *gives, *[look] * WORKERS]
        assert not crowd.errors(crowd.at_once(works))
        look()
        assert states() == [ReplyState.OPEN] * 7 + [ReplyState.LOCKED] * 3
        assert answers.balance(poor) == 0
    proofs.money_adds_up(poor)


def test_stop_said_at_once_many_times_is_one_opt_out(
    poor: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "GROUP", 1)
    for _round in range(ROUNDS):
        OptOut.objects.all().delete()
        start_again(poor, credits=0)
        store(WORKERS, at=now, text="STOP")
        results = crowd.times(WORKERS, partial(inbound.apply_group, now=now))
        while inbound.apply_group(now=now):
            pass
        assert not crowd.errors(results)
        assert states() == [ReplyState.STOPPED] * WORKERS
        assert OptOut.objects.get().phone == scenes.PHONE


def test_groups_over_several_accounts_never_wait_in_a_circle(
    customer: Customer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "GROUP", 7)
    accounts = [factories.make_account(customer, credits=20) for _n in range(4)]
    phones = scenes.numbers(12)
    for place, phone in enumerate(phones):
        answers.lend(accounts[place % 4], at=now, phone=phone)
    for _round in range(ROUNDS // 2):
        texts = ("Oui", "x" * 161, "STOP")
        told = [
            answers.reply(at=now + n * SECOND, phone=phones[n * 5 % 12], text=texts[n % 3])
            for n in range(60)
        ]
        inbound.store(replies=told, now=now)
        works: list[Callable[[], object]] = [
            *[partial(inbound.apply_group, now=now)] * WORKERS,
            *[partial(charging.open_affordable, now=now)] * 2,
            *[partial(factories.give, account, credits=2) for account in accounts],
        ]
        assert not crowd.errors(crowd.at_once(works))
        while inbound.apply_group(now=now):
            pass
    charging.open_affordable(now=now)
    assert not Reply.objects.filter(state=ReplyState.WAITING).exists()
    for account in accounts:
        opened = Reply.objects.filter(account=account, state=ReplyState.OPEN)
        assert debits(account) == opened.count()
        proofs.money_adds_up(account)
