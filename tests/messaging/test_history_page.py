"""The history: what left, found again by number and status."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.urls import reverse

from accounts.models import SmsAccount, User
from messaging import campaigns, history
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
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


def shown(page: HouseClient, account: SmsAccount, query: str = "") -> str:
    response = page.get(reverse("messaging:message-list", args=[account.name]) + query)
    assert response.status_code == 200
    return pages.words_of(response)


def rows(words: str) -> list[str]:
    return re.findall(r'<tr> <th scope="row".*?</tr>', words)


def test_an_empty_history_says_what_to_do_first(page: HouseClient, account: SmsAccount) -> None:
    words = shown(page, account)
    assert "Nothing sent yet" in words
    assert pages.compose_url(account) in words


def test_a_reader_is_not_asked_to_write(page: HouseClient, account: SmsAccount, bob: User) -> None:
    page.force_login(bob)
    assert "Write the first SMS" not in shown(page, account)


def test_a_row_says_when_to_whom_what_and_what_became_of_it(
    page: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    failed = {"state": base.ReceiptState.FAILED, "code": base.Cause.ABSENT}
    scenes.receive([scenes.receipt(revision, 1, now=now, **failed)], now=now)
    (row,) = rows(shown(page, account))
    for expected in (
        "10 Mar 2027, 10:00 CET",
        "+33 6 12 34 56 78",
        "SFR",
        "Martin",
        "Votre commande est prete.",
        "Not delivered",
        "switched off or out of reach",
        pages.message_url(revision),
    ):
        assert expected in row


def test_filters_find_a_number_in_both_forms_and_a_status(
    page: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    for number in scenes.numbers(3):
        revision = scenes.compose(account, alice, sender, now=now, numbers=(number,))
        scenes.hand_over_all(revision, carrier, now=now)
    scenes.receive([scenes.receipt(revision, 1, now=now)], now=now)
    assert len(rows(shown(page, account))) == 3
    assert len(rows(shown(page, account, "?number=%2B33612300001"))) == 1
    assert len(rows(shown(page, account, "?number=0033612300001"))) == 1
    assert len(rows(shown(page, account, "?status=delivered"))) == 1
    nothing = shown(page, account, "?status=delivered&number=%2B33612300001")
    assert "Nothing matches" in nothing
    assert "Clear the filter" in nothing


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("?number=0612345678", "international form", id="national form"),
        pytest.param("?number=hello", "characters that no phone number", id="letters"),
        pytest.param("?number=" + "9" * 100, "at most 40", id="endless"),
        pytest.param("?status=planned", "not one of the available", id="status"),
    ],
)
def test_a_filter_that_is_none_is_told_beside_its_field(
    page: HouseClient, account: SmsAccount, query: str, expected: str
) -> None:
    assert expected in shown(page, account, query)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("?cursor=x", id="nonsense"),
        pytest.param("?cursor=a:b:c", id="looks signed"),
        pytest.param("?number=%ED%A0%80", id="half a character in UTF-8"),
        pytest.param("?cursor=%ED%A0%80:x", id="half a character in the cursor"),
        pytest.param("?cursor=" + quote("é:ü"), id="letters with accents"),
    ],
)
def test_nonsense_in_the_address_is_never_a_crash(
    page: HouseClient, account: SmsAccount, query: str
) -> None:
    shown(page, account, query)


@pytest.mark.parametrize("name", ["number", "status", "cursor"])
def test_a_nul_in_the_address_is_never_a_crash(
    page: HouseClient, account: SmsAccount, name: str
) -> None:
    address = reverse("messaging:message-list", args=[account.name])
    assert page.get(f"{address}?{name}=%00").status_code == 200


@pytest.mark.parametrize("name", ["number", "status", "cursor", "other"])
def test_half_a_character_in_the_address_is_never_a_crash(
    page: HouseClient, account: SmsAccount, name: str
) -> None:
    address = reverse("messaging:message-list", args=[account.name])
    response = page.generic("GET", address, b"", pages.ESCAPES, QUERY_STRING=f"{name}=%5Cud800:x")
    assert response.status_code == 200


def test_pages_follow_each_other_in_both_directions_and_keep_the_filter(
    page: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    count = history.PAGE + 3
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(count))
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )
    scenes.hand_over_all(revision, carrier, now=now)
    first = shown(page, account, "?status=sent")
    assert len(rows(first)) == history.PAGE
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    assert "status=sent" in older
    second = shown(page, account, older.replace("&amp;", "&"))
    assert len(rows(second)) == 3
    (newer,) = re.findall(r'rel="prev" href="([^"]+)"', second)
    assert rows(shown(page, account, newer.replace("&amp;", "&"))) == rows(first)


def test_what_is_planned_stands_above_with_its_moment_and_a_link(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for days in range(1, 8):
        planned = scenes.compose(account, alice, sender, now=now, due_at=now + timedelta(days=days))
    words = shown(page, account)
    assert "7 planned" in words
    assert "Thu 11 Mar 2027, 10:00" in words
    assert words.count("/messages/") - words.count('/messages/"') == 5
    assert pages.message_url(planned) not in words
    assert not rows(words)


def test_the_history_of_another_customer_is_not_there(
    page: HouseClient, mallorys_account: SmsAccount
) -> None:
    address = reverse("messaging:message-list", args=[mallorys_account.name])
    assert page.get(address).status_code == 404


def test_a_cursor_of_another_account_shows_nothing_of_it(
    page: HouseClient,
    account: SmsAccount,
    mallory: User,
    mallorys_account: SmsAccount,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    theirs = factories.make_sender(mallorys_account, name="Theirs")
    revision = scenes.compose(
        mallorys_account, mallory, theirs, now=now, numbers=scenes.numbers(history.PAGE + 1)
    )
    campaigns.confirm(
        revision=revision, by=mallory, total_hundredths=revision.total_hundredths, now=now
    )
    scenes.hand_over_all(revision, carrier, now=now)
    nothing = history.Filter(recipient=None, shown=None)
    cursor = history.page(account_id=mallorys_account.pk, wanted=nothing, cursor="").older
    assert cursor
    assert "Theirs" not in shown(page, account, f"?cursor={cursor}")
