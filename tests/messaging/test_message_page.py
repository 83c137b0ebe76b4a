"""The page of one message: all that is known, and its way step by step."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.models import SmsAccount, User
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Revision
from senders.models import Sender
from tests import factories, pages, scenes
from tests.house_client import HouseClient


@pytest.fixture
def page(
    house_client: HouseClient, alice: User, sender: Sender, now: datetime
) -> Iterator[HouseClient]:
    """Alice's browser, within legal hours."""
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        yield house_client


@pytest.fixture
def sent(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A message that was composed and is about to leave."""
    return scenes.compose(account, alice, sender, now=now)


def steps(page: HouseClient, revision: Revision) -> list[str]:
    words = pages.words_of(page.get(pages.message_url(revision)))
    found = re.findall(r"<li[^>]*> <span>(.*?)</span> <time", words)
    return [
        re.sub(r"<[^>]+>", "", step).removesuffix("alice@example.com").strip() for step in found
    ]


def test_the_way_of_a_message_is_told_step_by_step(
    page: HouseClient, sent: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    begun = ["Written", "Confirmed", "Debited: 1 credit", "Due"]
    assert steps(page, sent) == begun
    scenes.hand_over_all(sent, carrier, now=now)
    carried = [*begun, "Left", "Handed over to the carrier", "Accepted by the carrier"]
    assert steps(page, sent) == carried
    scenes.receive([scenes.receipt(sent, 1, now=now)], now=now)
    assert steps(page, sent) == [*carried, "Delivered"]


def test_a_planned_message_says_that_it_will_leave(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    planned = scenes.compose(account, alice, sender, now=now, due_at=now + timedelta(days=2))
    assert steps(page, planned)[-1] == "Will leave"
    assert "every 30s" in pages.words_of(page.get(pages.message_url(planned)))


def test_the_details_are_all_there(page: HouseClient, sent: Revision) -> None:
    words = pages.words_of(page.get(pages.message_url(sent)))
    for expected in (
        "SMS to +33 6 12 34 56 78",
        "France",
        "SFR",
        "Martin",
        "Standard",
        "1 credit",
        "Declared not commercial by alice@example.com, Wed 10 Mar 2027, 10:00 (Europe/Paris)",
        "Times in Europe/Paris",
    ):
        assert expected in words


def test_the_short_number_it_was_sent_from_is_told(
    page: HouseClient, account: SmsAccount, alice: User, carrier: InProcessCarrier, now: datetime
) -> None:
    (number,) = factories.make_pool(1, now=now)
    sent = scenes.compose(account, alice, factories.short_sender(account), now=now)
    address = pages.message_url(sent)
    assert "Short number (allows a reply)" in pages.words_of(page.get(address))
    scenes.hand_over_all(sent, carrier, now=now)
    assert f"sent from {number}" in pages.words_of(page.get(address))
    assert steps(page, sent)[5] == f"Handed over to the carrier from {number}"
    status = page.get(pages.message_url(sent, view="message-status"))
    assert f"from {number}" in pages.words_of(status)
    history = page.get(f"/sms/{account.name}/messages/")
    assert "Short number" in pages.words_of(history)


def test_a_message_for_which_no_number_was_free_says_so(
    page: HouseClient, account: SmsAccount, alice: User, carrier: InProcessCarrier, now: datetime
) -> None:
    (number,) = factories.make_pool(1, now=now)
    sent = scenes.compose(account, alice, factories.short_sender(account), now=now)
    factories.make_lease(account, number=number, phone=scenes.PHONE, now=now)
    scenes.hand_over_all(sent, carrier, now=now)
    words = pages.words_of(page.get(pages.message_url(sent)))
    assert "No number that allows a reply was free for this recipient." in words
    assert "Its credits were given back." in words
    assert "sent from" not in words


def test_the_status_refreshes_itself_until_it_is_final(
    page: HouseClient, sent: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    address = pages.message_url(sent, view="message-status")
    assert "hx-get" in pages.words_of(page.get(address, headers={"HX-Request": "true"}))
    scenes.hand_over_all(sent, carrier, now=now)
    scenes.receive([scenes.receipt(sent, 1, now=now)], now=now)
    final = pages.words_of(page.get(address, headers={"HX-Request": "true"}))
    assert "Delivered" in final
    assert "hx-get" not in final


def test_what_may_be_done_goes_away_with_what_may_not_any_more(
    page: HouseClient, sent: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    shown = pages.words_of(page.get(pages.message_url(sent)))
    polled = f"{pages.message_url(sent, view='message-status')}?seen={sent.mark}"
    assert polled in shown
    assert "Before it leaves" in shown
    assert 'id="acts"' not in pages.words_of(page.get(polled))
    scenes.hand_over_all(sent, carrier, now=now)
    later = pages.words_of(page.get(polled))
    assert 'id="acts" hx-swap-oob="true"' in later
    assert "Before it leaves" not in later


def test_credits_that_came_back_are_told(
    page: HouseClient, sent: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    scenes.hand_over_all(sent, carrier, now=now)
    unbilled = {"state": base.ReceiptState.REJECTED, "billed": False}
    scenes.receive([scenes.receipt(sent, 1, now=now, **unbilled)], now=now)
    words = pages.words_of(page.get(pages.message_url(sent)))
    assert "Its credits were given back." in words


def test_a_message_that_is_not_there_is_not_found(page: HouseClient, sent: Revision) -> None:
    for position in (0, 2, 10**12, 10**30):
        assert page.get(pages.message_url(sent, position)).status_code == 404
    sent.number = 10**30
    assert page.get(pages.message_url(sent)).status_code == 404


def test_a_message_of_another_customer_is_not_there(
    page: HouseClient, mallory: User, mallorys_account: SmsAccount, account: SmsAccount,
    now: datetime,
) -> None:  # fmt: skip
    theirs = scenes.compose(
        mallorys_account, mallory, factories.make_sender(mallorys_account), now=now
    )
    address = pages.message_url(theirs)
    assert page.get(address).status_code == 404
    assert page.get(address.replace(mallorys_account.name, account.name)).status_code == 404
