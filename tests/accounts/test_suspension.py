"""Suspensions: intervals that hold their beginning and not their end."""

from datetime import datetime, timedelta

import pytest

from accounts import suspension
from accounts.models import SmsAccount, Suspension, TrailEntry, User

HOUR = timedelta(hours=1)


def is_suspended(account: SmsAccount, now: datetime) -> bool:
    return suspension.is_suspended(account_id=account.pk, now=now)


def test_an_account_is_suspended_from_its_moment_until_it_is_resumed(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    suspension.resume(account=account, by=sam, now=now + HOUR)
    moments = [now - HOUR, now, now + HOUR / 2, now + HOUR]
    assert [is_suspended(account, m) for m in moments] == [False, True, True, False]


def test_a_suspension_concerns_one_account(
    account: SmsAccount, mallorys_account: SmsAccount, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    assert not is_suspended(mallorys_account, now)


def test_a_suspended_account_is_not_suspended_again(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    with pytest.raises(suspension.AlreadySuspended):
        suspension.suspend(account=account, by=sam, reason="again", clock=lambda: now + HOUR)
    assert Suspension.objects.get().reason == "unpaid"


def test_an_account_that_is_not_suspended_is_not_resumed(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    with pytest.raises(suspension.NotSuspended):
        suspension.resume(account=account, by=sam, now=now)


def test_a_clock_that_is_behind_leaves_an_empty_interval(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    suspension.resume(account=account, by=sam, now=now - HOUR)
    interval = Suspension.objects.get()
    assert interval.since == interval.until == now


def test_the_trail_names_both_steps(account: SmsAccount, sam: User, now: datetime) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    suspension.resume(account=account, by=sam, now=now + HOUR)
    steps = TrailEntry.objects.filter(subject=f"account:{account.name}", event__startswith="acc")
    assert list(steps.order_by("at").values_list("event", "actor")) == [
        ("account.suspended", sam.pk),
        ("account.resumed", sam.pk),
    ]
