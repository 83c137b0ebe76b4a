"""The page of a campaign: how far it is and what became of its messages."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import SmsAccount, User
from messaging import campaigns
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Revision
from senders.models import Sender
from tests import pages, scenes
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
def confirmed(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A confirmed campaign to four phones."""
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(4))
    return campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )


def bars(page: HouseClient, revision: Revision) -> dict[str, int]:
    shown = pages.words_of(page.get(pages.campaign_url("campaign-detail", revision)))
    found = re.findall(r'<th scope="row">([^<]+)</th>\s*<td class="number">(\d+)</td>', shown)
    return {name: int(count) for name, count in found}


def test_a_campaign_that_waits_shows_when_it_leaves(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(
        account, alice, sender, now=now, numbers=scenes.numbers(2), due_at=now + timedelta(days=1)
    )
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )
    shown = pages.words_of(page.get(pages.campaign_url("campaign-detail", revision)))
    assert "Planned" in shown
    assert 'Thu 11 Mar 2027, 10:00</time> <span class="soft">(Europe/Paris)' in shown


def test_messages_are_counted_by_what_became_of_them(
    page: HouseClient, confirmed: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    assert bars(page, confirmed) == {"Planned": 4}
    scenes.hand_over_all(confirmed, carrier, now=now)
    assert bars(page, confirmed) == {"Sent": 4}
    failed = {"state": base.ReceiptState.FAILED, "code": base.Cause.ABSENT}
    told = [
        scenes.receipt(confirmed, 1, now=now),
        scenes.receipt(confirmed, 2, now=now),
        scenes.receipt(confirmed, 3, now=now, **failed),
    ]
    scenes.receive(told, now=now)
    assert bars(page, confirmed) == {"Sent": 1, "Delivered": 2, "Not delivered": 1}


def test_the_page_refreshes_itself_until_every_outcome_is_known(
    page: HouseClient, confirmed: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    address = pages.campaign_url("campaign-progress", confirmed)
    moving = pages.words_of(page.get(address, headers={"HX-Request": "true"}))
    assert f'hx-get="{address}?seen=1-scheduled"' in moving
    scenes.hand_over_all(confirmed, carrier, now=now)
    scenes.receive([scenes.receipt(confirmed, n, now=now) for n in range(1, 5)], now=now)
    through = pages.words_of(page.get(address, headers={"HX-Request": "true"}))
    assert "hx-get" not in through
    assert "4 of 4" in through


def test_a_campaign_that_is_not_confirmed_leads_to_its_review(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))
    response: Any = page.get(pages.campaign_url("campaign-detail", revision))
    assert response.url == pages.campaign_url("quote-detail", revision)


def test_a_reader_sees_the_campaign(page: HouseClient, confirmed: Revision, bob: User) -> None:
    page.force_login(bob)
    response = page.get(pages.campaign_url("campaign-detail", confirmed))
    assert response.status_code == 200
    assert "Write a new one" not in pages.words_of(response)
