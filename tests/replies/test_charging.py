"""Replies without credit: locked, opened when credit comes, oldest first."""

from datetime import datetime, timedelta

import pytest

from accounts.models import CreditEntry, Customer, EntryKind, SmsAccount
from replies import charging
from replies.models import Reply, ReplyState
from tests import answers, factories

MINUTE = timedelta(minutes=1)
TWO_PARTS = "x" * 161


@pytest.fixture
def poor(customer: Customer, now: datetime) -> SmsAccount:
    """Give an account without credit that wrote to a phone."""
    made = factories.make_account(customer, name="sms-poor1-1")
    answers.lend(made, at=now)
    return made


def states(account: SmsAccount) -> list[str]:
    found = Reply.objects.filter(account=account).order_by("received_at", "pk")
    return list(found.values_list("state", flat=True))


def receive(*texts: str, at: datetime) -> list[Reply]:
    """Receive replies a minute apart."""
    return [answers.receive_one(at=at + n * MINUTE, text=text) for n, text in enumerate(texts)]


def test_a_reply_without_credit_is_kept_locked_and_not_charged(
    poor: SmsAccount, now: datetime
) -> None:
    (reply,) = receive(TWO_PARTS, at=now)
    assert (reply.state, reply.account, reply.price_hundredths) == ("locked", poor, 200)
    assert (reply.opened_at, reply.excerpt) == (None, "")
    assert reply.text == TWO_PARTS
    assert not CreditEntry.objects.filter(kind=EntryKind.REPLY).exists()


def test_the_last_credit_opens_one_of_two(poor: SmsAccount, now: datetime) -> None:
    factories.give(poor, credits=1)
    answers.receive([answers.reply(at=now), answers.reply(at=now + MINUTE)], now=now + MINUTE)
    assert states(poor) == ["open", "locked"]
    assert answers.balance(poor) == 0


def test_credit_opens_and_charges_what_was_locked(poor: SmsAccount, now: datetime) -> None:
    (reply,) = receive("Oui,  à\n9 h", at=now)
    factories.give(poor, credits=5)
    assert charging.open_affordable(now=now + MINUTE) == 1
    reply.refresh_from_db()
    assert (reply.state, reply.opened_at) == (ReplyState.OPEN, now + MINUTE)
    assert reply.excerpt == "Oui, à 9 h"
    entry = CreditEntry.objects.get(kind=EntryKind.REPLY)
    assert (entry.reference, entry.amount_hundredths) == (reply.debit_reference, -100)
    assert charging.open_affordable(now=now + MINUTE) == 0
    assert answers.balance(poor) == 4


def test_they_are_opened_oldest_first_up_to_the_first_that_does_not_fit(
    poor: SmsAccount, now: datetime
) -> None:
    receive("one", TWO_PARTS, "one", at=now)
    factories.give(poor, credits=2)
    charging.open_affordable(now=now)
    assert states(poor) == ["open", "locked", "locked"]
    assert answers.balance(poor) == 1
    factories.give(poor, credits=2)
    charging.open_affordable(now=now)
    assert states(poor) == ["open", "open", "open"]
    assert answers.balance(poor) == 0


def test_older_means_received_earlier_not_brought_earlier(poor: SmsAccount, now: datetime) -> None:
    late = answers.receive_one(at=now + MINUTE)
    early = answers.receive_one(at=now)
    factories.give(poor, credits=1)
    charging.open_affordable(now=now)
    for reply in (early, late):
        reply.refresh_from_db()
    assert (early.state, late.state) == ("open", "locked")


def test_a_new_reply_does_not_overtake_one_that_waits_for_credit(
    poor: SmsAccount, now: datetime
) -> None:
    receive("one", at=now)
    factories.give(poor, credits=1)
    answers.receive_one(at=now + MINUTE)
    assert states(poor) == ["open", "locked"]


def test_a_reply_that_fits_is_opened_though_a_longer_one_does_not(
    poor: SmsAccount, now: datetime
) -> None:
    receive(TWO_PARTS, at=now)
    factories.give(poor, credits=1)
    answers.receive_one(at=now + MINUTE)
    assert states(poor) == ["locked", "open"]


def test_more_than_a_group_is_opened_in_one_sweep(
    poor: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charging, "GROUP", 2)
    receive(*["one"] * 5, at=now)
    factories.give(poor, credits=4)
    assert charging.open_affordable(now=now) == 4
    assert states(poor) == ["open"] * 4 + ["locked"]


def test_the_credit_of_one_account_opens_nothing_of_another(
    poor: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    receive("one", at=now)
    assert charging.open_affordable(now=now) == 0
    assert states(poor) == ["locked"]
