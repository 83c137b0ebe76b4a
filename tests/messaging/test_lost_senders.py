"""A sender that staff withdraw, or its owner disables, after something was planned under it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.core import mail

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging import campaigns, losses, planned
from messaging.carrier.inprocess import InProcessCarrier
from messaging.holds import Hold
from messaging.models import Message, Revision, RevisionState, Status
from senders import notices, review, virtualnumbers
from senders.models import NoticeKind, Sender, SenderNotice
from tests import factories, pages, scenes
from tests.house_client import HouseClient

DAY = timedelta(days=1)
LOSSES = ["disabled", "withdrawn"]


@pytest.fixture
def lose(sender: Sender, alice: User, sam: User, now: datetime) -> Callable[[str], None]:
    """Give what takes the sender away."""
    ways = {
        "disabled": partial(review.disable, sender=sender, by=alice, clock=scenes.at(now)),
        "withdrawn": partial(
            review.withdraw, sender=sender, by=sam, reason="fraud", clock=scenes.at(now)
        ),
    }
    return lambda how: ways[how]()


@pytest.fixture
def tomorrow(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A campaign to three for tomorrow."""
    return scenes.confirmed(
        account, alice, sender, now=now, due_at=now + DAY, numbers=scenes.numbers(3)
    )


@pytest.fixture
def page(house_client: HouseClient, alice: User, now: datetime) -> Iterator[HouseClient]:
    """Alice's browser."""
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        yield house_client


@pytest.mark.parametrize("how", LOSSES)
def test_what_was_planned_under_it_is_skipped_and_given_back(
    how: str,
    lose: Callable[[str], None],
    tomorrow: Revision,
    account: SmsAccount,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    lose(how)
    scenes.hand_over_all(tomorrow, carrier, now=now + DAY)
    rows = Message.objects.values_list("status", "reason")
    assert list(rows) == [(Status.SKIPPED, "sender")] * 3
    assert ledger.balance(account_id=account.pk) == 100_000
    tomorrow.refresh_from_db()
    assert tomorrow.state == RevisionState.LEFT


def test_what_was_disabled_and_enabled_again_in_time_leaves(
    lose: Callable[[str], None],
    tomorrow: Revision,
    sender: Sender,
    alice: User,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    lose("disabled")
    review.reenable(sender=sender, by=alice, now=now + timedelta(hours=1))
    scenes.hand_over_all(tomorrow, carrier, now=now + DAY)
    assert not Message.objects.filter(status=Status.SKIPPED).exists()


def test_whoever_planned_it_is_told_once(
    lose: Callable[[str], None], tomorrow: Revision, alice: User, now: datetime
) -> None:
    assert losses.tell(now=now) == 0
    lose("disabled")
    assert [losses.tell(now=now), losses.tell(now=now + timedelta(minutes=1))] == [1, 0]
    notices.send_owed(clock=lambda: now)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([alice.email], "Your sender Martin is not enabled")
    assert "1 planned SMS or campaign bears it" in sent.body
    assert "/planned/" in sent.body


def test_a_sender_that_is_lost_again_is_told_again(
    lose: Callable[[str], None], tomorrow: Revision, sender: Sender, alice: User, now: datetime
) -> None:
    hour = timedelta(hours=1)
    lose("disabled")
    losses.tell(now=now)
    review.reenable(sender=sender, by=alice, now=now + hour)
    assert losses.tell(now=now + hour) == 0
    review.disable(sender=sender, by=alice, clock=scenes.at(now + 2 * hour))
    assert losses.tell(now=now + 2 * hour) == 1


def test_of_a_withdrawal_owners_hear_once(
    lose: Callable[[str], None], tomorrow: Revision, now: datetime
) -> None:
    lose("withdrawn")
    losses.tell(now=now)
    assert [n.kind for n in SenderNotice.objects.all()] == [NoticeKind.WITHDRAWN]


def test_what_was_cancelled_is_nobody_s_loss(
    lose: Callable[[str], None], tomorrow: Revision, alice: User, now: datetime
) -> None:
    lose("disabled")
    campaigns.cancel(revision=tomorrow, by=alice, now=now)
    assert losses.tell(now=now) == 0


@pytest.mark.parametrize("how", LOSSES)
def test_the_customer_reads_it_on_the_pages_of_what_is_planned(
    how: str,
    lose: Callable[[str], None],
    tomorrow: Revision,
    account: SmsAccount,
    page: HouseClient,
) -> None:
    lose(how)
    listed = pages.words_of(page.get(f"/sms/{account.name}/planned/"))
    assert "Sender not enabled" in listed
    assert "Some of these bear a sender that is not enabled" in listed
    told = pages.words_of(page.get(pages.campaign_url("campaign-detail", tomorrow)))
    assert "The sender Martin is not enabled: what has not left is skipped" in told


def test_nothing_is_said_while_the_sender_is_enabled(
    tomorrow: Revision, account: SmsAccount, page: HouseClient
) -> None:
    listed = pages.words_of(page.get(f"/sms/{account.name}/planned/"))
    told = pages.words_of(page.get(pages.campaign_url("campaign-detail", tomorrow)))
    assert "not enabled" not in listed + told


def test_a_virtual_number_whose_term_was_cut_short_is_lost_to_what_comes_later(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    number = factories.make_virtual(account)
    scenes.confirmed(account, alice, number, now=now, due_at=now + 2 * DAY)
    virtualnumbers.move_end(sender=number, until=now + DAY, by=sam, now=now)
    (line,) = planned.page(account=account, cursor="", now=now).lines
    assert (line.hold, line.until) == (Hold.SENDER, now + 2 * DAY)
