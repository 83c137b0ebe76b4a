"""Several workers that lend numbers to the same phones, and one that closes what is over."""

import random
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.db.models import Count

from accounts.models import SmsAccount, User
from messaging import campaigns, delivery
from senders import leases, shortnumbers, upkeep
from senders.bulk import Acceptance
from senders.models import Lease
from senders.window import WINDOW
from tests import factories, scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 12
GROUP = 20
PHONES = scenes.numbers(60)
# Close to each other: every other draw meets a pair that is held.
POOL = 8


@pytest.fixture
def accounts(account: SmsAccount, mallorys_account: SmsAccount) -> list[SmsAccount]:
    """Give two accounts."""
    return [account, mallorys_account]


def test_naive_lending_gives_a_pair_twice_or_comes_to_a_deadlock(
    accounts: list[SmsAccount], now: datetime
) -> None:
    pool = factories.make_pool(POOL, now=now)

    def naive(account: SmsAccount) -> None:
        with transaction.atomic():
            for phone in random.sample(PHONES, GROUP):
                held = Lease.objects.filter(phone=phone).values_list("number", flat=True)
                number = min(set(pool) - set(held))
                Lease.objects.create(
                    account=account, kind="short", number=number, phone=phone,
                    opened_at=now, expires_at=now,
                )  # fmt: skip

    def fails() -> bool:
        Lease.objects.all().delete()
        return bool(crowd.errors(crowd.at_once([partial(naive, a) for a in accounts * 2])))

    crowd.show(fails)


def test_workers_with_the_same_phones_lend_each_pair_once(
    accounts: list[SmsAccount], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    pool = factories.make_pool(POOL, now=now)

    def work(account: SmsAccount, moment: datetime) -> None:
        for start in range(0, len(PHONES), GROUP // 2):
            group = random.sample(PHONES, GROUP) + list(PHONES[start : start + GROUP // 2])
            lent = shortnumbers.lend(account_id=account.pk, phones=group, now=moment)
            assert lent.keys() == set(group)
            note(account, lent, at=moment)

    for round_ in range(ROUNDS):
        moment = now + round_ * 2 * WINDOW
        tidy = partial(upkeep.run, now=moment)
        results = crowd.at_once([*(partial(work, a, moment) for a in accounts * 2), tidy])

        assert not crowd.errors(results), crowd.errors(results)
        held = Lease.objects.filter(is_held=True).values("number", "phone")
        assert not held.annotate(n=Count("pk")).filter(n__gt=1).exists()
        opened = Lease.objects.filter(is_open=True).values("account", "phone")
        assert not opened.annotate(n=Count("pk")).filter(n__gt=1).exists()
        assert set(Lease.objects.values_list("number", flat=True)) <= set(pool)
        # A month passes, so that there is something to draw from again.
        upkeep.run(now=moment + leases.REST + WINDOW)
        Lease.objects.update(is_held=False, is_open=False)
    assert "deadlock" not in caplog.text


def test_workers_of_one_account_hand_two_campaigns_over_under_the_same_numbers(
    account: SmsAccount,
    alice: User,
    carrier: NotingCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 6)
    factories.make_pool(POOL, now=now)
    short = factories.short_sender(account)
    for _round in range(ROUNDS // 2):
        made = [scenes.compose(account, alice, short, now=now, numbers=PHONES) for _twice in "ab"]
        for revision in made:
            total = revision.total_hundredths
            campaigns.confirm(revision=revision, by=alice, total_hundredths=total, now=now)
            scenes.leave_all(revision, now=now)

        work = partial(
            delivery.deliver, account_id=account.pk, carrier=carrier, clock=scenes.at(now)
        )
        results = crowd.times(4, work)

        assert not crowd.errors(results), crowd.errors(results)
        assert len(carrier.references) == len(set(carrier.references))
        shown = {p: {m.sender for m in carrier.shown_on(p)} for p in PHONES}
        numbers = dict(Lease.objects.filter(is_open=True).values_list("phone", "number"))
        assert shown == {p: {numbers[p]} for p in PHONES}
        for revision in made:
            proofs.counters_are_rows(revision)
    assert not Lease.objects.filter(accepted_at__isnull=True).exists()
    assert "deadlock" not in caplog.text


def note(account: SmsAccount, lent: dict[str, str], *, at: datetime) -> None:
    """Note an answer for each, in one transaction, as a hand-over does."""
    with transaction.atomic():
        leases.accept(
            account_id=account.pk,
            acceptances=[
                Acceptance(
                    number=number, phone=phone, message_id=1, accepted_at=at + timedelta(seconds=1)
                )
                for phone, number in lent.items()
            ],
        )
