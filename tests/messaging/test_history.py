"""The history: what left, newest first, each once, page by page, with its filters."""

from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, User
from messaging import campaigns, history
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.history import Filter
from messaging.models import Revision
from messaging.statuses import Shown
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

ALL = Filter(recipient=None, shown=None)


@pytest.fixture
def full(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier, now: datetime
) -> list[Revision]:
    """Three campaigns of 30, 90 and 1 messages, a minute apart; every tenth is not delivered."""
    made = []
    for minute, count in enumerate((30, 90, 1)):
        moment = now + timedelta(minutes=minute)
        revision = scenes.compose(account, alice, sender, now=moment, numbers=scenes.numbers(count))
        campaigns.confirm(
            revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=moment
        )
        scenes.hand_over_all(revision, carrier, now=moment)
        failed = {"state": base.ReceiptState.FAILED, "code": base.Cause.ABSENT}
        told = [
            scenes.receipt(revision, p, now=moment, **(failed if p % 10 == 0 else {}))
            for p in range(1, count + 1)
        ]
        scenes.receive(told[: count - 5 if count > 5 else 1], now=moment)
        made.append(revision)
    return made


def walk(account: SmsAccount, wanted: Filter) -> list[int]:
    """Read all pages towards the older ones and give the message ids."""
    ids: list[int] = []
    cursor = ""
    while True:
        page = history.page(account_id=account.pk, wanted=wanted, cursor=cursor)
        ids += [line.message.pk for line in page.lines]
        if not page.older:
            return ids
        cursor = page.older


def test_every_message_is_shown_once_newest_batch_first(
    full: list[Revision], account: SmsAccount
) -> None:
    ids = walk(account, ALL)
    assert len(ids) == len(set(ids)) == 121
    assert ids == sorted(ids, reverse=True)


def test_newer_and_older_lead_through_the_same_pages(
    full: list[Revision], account: SmsAccount
) -> None:
    first = history.page(account_id=account.pk, wanted=ALL, cursor="")
    second = history.page(account_id=account.pk, wanted=ALL, cursor=first.older)
    third = history.page(account_id=account.pk, wanted=ALL, cursor=second.older)
    back = history.page(account_id=account.pk, wanted=ALL, cursor=third.newer)

    assert [len(p.lines) for p in (first, second, third)] == [50, 50, 21]
    assert (first.newer, third.older) == ("", "")
    assert [x.message.pk for x in back.lines] == [x.message.pk for x in second.lines]
    start = history.page(account_id=account.pk, wanted=ALL, cursor=back.newer)
    assert [x.message.pk for x in start.lines] == [x.message.pk for x in first.lines]
    assert start.newer == ""


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (Shown.DELIVERED, 1 + 77 + 23),
        (Shown.FAILED, 8 + 2),
        (Shown.SENT, 10),
        (Shown.WAITING, 0),
        (Shown.UNKNOWN, 0),
    ],
)
def test_a_status_is_filtered_exactly(
    full: list[Revision], account: SmsAccount, shown: Shown, expected: int
) -> None:
    ids = walk(account, Filter(recipient=None, shown=shown))
    assert len(ids) == len(set(ids)) == expected


def test_an_exact_number_is_found_in_every_campaign(
    full: list[Revision], account: SmsAccount
) -> None:
    phone = scenes.numbers(10)[9]
    wanted = Filter(recipient=phone, shown=None)
    page = history.page(account_id=account.pk, wanted=wanted, cursor="")
    assert [line.message.recipient for line in page.lines] == [phone] * 2
    failed = Filter(recipient=phone, shown=Shown.FAILED)
    assert len(walk(account, failed)) == 2


def test_another_account_sees_nothing(full: list[Revision], mallorys_account: SmsAccount) -> None:
    assert walk(mallorys_account, ALL) == []
    assert walk(mallorys_account, Filter(recipient=scenes.numbers(1)[0], shown=None)) == []


def test_planned_messages_and_quotes_do_not_show(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    scenes.compose(account, alice, sender, now=now, due_at=now + timedelta(days=1))
    scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(3))
    assert walk(account, ALL) == []


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "\ud83d", "é", "a" * 5000])
def test_a_foreign_cursor_starts_again(
    full: list[Revision], account: SmsAccount, cursor: str
) -> None:
    page = history.page(account_id=account.pk, wanted=ALL, cursor=cursor)
    assert len(page.lines) == 50


def test_one_message_is_found_by_its_address_in_its_own_account_only(
    full: list[Revision], account: SmsAccount, mallorys_account: SmsAccount
) -> None:
    campaign = full[1].campaign.uuid
    found = history.line(account_id=account.pk, campaign=campaign, revision=1, position=90)
    assert found is not None
    assert (found.position, found.message.recipient) == (90, scenes.numbers(90)[89])
    assert history.line(account_id=account.pk, campaign=campaign, revision=1, position=91) is None
    assert history.line(account_id=account.pk, campaign=campaign, revision=2, position=1) is None
    foreign = history.line(
        account_id=mallorys_account.pk, campaign=campaign, revision=1, position=90
    )
    assert foreign is None


def test_totals_come_from_the_counters(full: list[Revision]) -> None:
    assert history.totals(revision_id=full[1].pk) == {
        Shown.DELIVERED: 77,
        Shown.FAILED: 8,
        Shown.SENT: 5,
    }


def test_a_page_costs_few_queries_whatever_the_size(
    full: list[Revision], account: SmsAccount, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        history.page(account_id=account.pk, wanted=ALL, cursor="")
