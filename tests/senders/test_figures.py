"""The figures of the desk: working time, in time or late, by week and by person."""

from datetime import date, datetime, timedelta

import pytest

from accounts.models import SmsAccount, User
from senders import figures, review
from senders.models import Outcome
from tests import factories

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def kim(db: None) -> User:
    """Give another member of staff."""
    return factories.make_user("kim", is_staff=True)


def decide(account: SmsAccount, name: str, by: User, *, asked: datetime, at: datetime) -> None:
    sender = factories.make_sender(account, name=name, enabled=False, now=asked)
    factories.decide(sender, Outcome.APPROVED, by=by, now=at)


def test_nothing_decided_is_nothing(db: None, now: datetime) -> None:
    found = figures.of(now=now)
    assert (found.whole.decided, found.whole.median, found.whole.percent) == (0, 0 * HOUR, 100)
    assert len(found.weeks) == figures.WEEKS
    assert found.most == 0
    assert all(bar.in_time == bar.late == 0 for bar in found.bars)


def test_decisions_are_counted_by_working_time_and_promise(
    account: SmsAccount, sam: User, kim: User, now: datetime
) -> None:
    decide(account, "One", sam, asked=now, at=now + HOUR)
    decide(account, "Two", sam, asked=now, at=now + DAY)
    decide(account, "Three", kim, asked=now, at=now + 6 * DAY)
    found = figures.of(now=now + 6 * DAY)
    assert (found.whole.decided, found.whole.in_time, found.whole.percent) == (3, 2, 66)
    assert found.whole.median == 12 * HOUR
    assert [(p.name, p.decided, p.percent) for p in found.people] == [
        ("kim@example.com", 1, 0),
        ("sam@example.com", 2, 100),
    ]


def test_weeks_begin_on_monday_and_the_present_one_is_the_last(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    sunday = datetime.fromisoformat("2027-03-14T23:30+01:00")
    decide(account, "One", sam, asked=now, at=sunday)
    decide(account, "Two", sam, asked=now, at=sunday + HOUR)
    *_rest, before, this = figures.of(now=sunday + 2 * HOUR).weeks
    assert (before.begins, before.decided) == (date(2027, 3, 8), 1)
    assert (this.begins, this.decided) == (date(2027, 3, 15), 1)


def test_what_is_older_than_the_weeks_is_left_out(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    decide(account, "Old", sam, asked=now, at=now + HOUR)
    assert figures.of(now=now + 90 * DAY).whole.decided == 0


def test_what_the_platform_enabled_is_left_out(account: SmsAccount, now: datetime) -> None:
    sender = factories.make_sender(account, name="Own", enabled=False)
    review.enable(sender=sender, by=None, now=now)
    assert figures.of(now=now).whole.decided == 0


def test_a_bar_shows_whatever_is_not_nothing(account: SmsAccount, sam: User, now: datetime) -> None:
    decide(account, "One", sam, asked=now - 10 * DAY, at=now)
    bar = figures.of(now=now).bars[-1]
    assert (bar.late, bar.in_time, bar.late_y) == (figures.HEIGHT, 0, 0)
    small = figures.Bar(week=bar.week, x=0, in_time=100, late=20)
    assert (small.in_time_y, small.late_y) == (20, 0)
