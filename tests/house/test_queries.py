"""How often a page asks the database: a page that asks once for each row is found here."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, SmsAccount, User
from messaging import campaigns
from messaging.carrier.inprocess import InProcessCarrier
from senders import review
from senders.models import Outcome, Sender
from tests import factories, scenes
from tests.house.test_access import PAGES, Found, address, found  # noqa: F401 (a fixture)
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db

Limit = Callable[[int], AbstractContextManager[object]]

# Session, person, account, rights and what is not read are asked for by every page of an account.
FRAME = 6
# What else a page may ask for; a new page has MOST until somebody needs a line of its own.
MOST = 8
LIMITS = {
    "messaging:account-detail": 0,
    "messaging:character-list": 0,
    "messaging:message-list": 4,
    "messaging:campaign-create": 4,
    "messaging:size-detail": 4,
}


@pytest.fixture(autouse=True)
def _whether_messages_leave_late_is_known() -> Iterator[None]:
    """Answer what a page asks for every few seconds only."""
    caches["process"].set("messages_leave_late", False)
    yield
    caches["process"].clear()


@pytest.fixture
def client(client: Client, alice: User) -> Client:
    """Give a client of Alice's."""
    client.force_login(alice)
    return client


@pytest.mark.parametrize("name", [n for n, row in PAGES.items() if row.alice == 200])
def test_no_page_of_an_account_asks_too_often(
    name: str,
    client: Client,
    account: SmsAccount,
    sender: Sender,
    found: Found,  # noqa: F811 (the fixture)
    django_assert_max_num_queries: Limit,
) -> None:
    at = address(name, account, found.get(PAGES[name].which))
    with django_assert_max_num_queries(FRAME + LIMITS.get(name, MOST)):
        getattr(client, PAGES[name].method)(at)


@pytest.mark.parametrize("rows", [1, 5, 25])
def test_the_history_asks_as_often_for_many_rows_as_for_one(
    rows: int,
    client: Client,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
    django_assert_max_num_queries: Limit,
) -> None:
    for _row in range(rows):
        revision = scenes.compose(account, alice, sender, now=now)
        scenes.hand_over_all(revision, carrier, now=now)
    with django_assert_max_num_queries(FRAME + LIMITS["messaging:message-list"]):
        page = client.get(reverse("messaging:message-list", args=[account.name]))
    assert page.content.decode().count('<th scope="row"') == rows


def test_the_list_of_accounts_asks_once_for_all(
    client: Client, account: SmsAccount, django_assert_max_num_queries: Limit
) -> None:
    for number in range(2, 9):
        SmsAccount.objects.create(name=f"sms-am12345-{number}", customer=account.customer)
    with django_assert_max_num_queries(3):
        client.get(reverse("accounts:account-list"))


def test_a_campaign_asks_as_often_for_many_countries_as_for_one(
    client: Client,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    django_assert_max_num_queries: Limit,
) -> None:
    numbers = (*scenes.numbers(3), "+393351234567", "+919876543210", "+4915112345678")
    revision = scenes.compose(account, alice, sender, now=now, numbers=numbers)
    campaigns.confirm(
        revision=revision,
        by=alice,
        total_hundredths=revision.total_hundredths,
        now=now + timedelta(seconds=1),
    )
    at = address("messaging:campaign-detail", account, revision)
    with django_assert_max_num_queries(FRAME + MOST):
        client.get(at)


@pytest.mark.parametrize("rows", [1, 25])
def test_the_desk_asks_as_often_for_many_requests_as_for_one(
    rows: int,
    client: Client,
    customer: Customer,
    sam: User,
    django_assert_max_num_queries: Limit,
) -> None:
    for n in range(rows):
        there = factories.make_account(customer)
        factories.make_sender(there, name=f"Shop{n}", enabled=False)
    client.force_login(sam)
    # Session, person, three counts, the rows.
    with django_assert_max_num_queries(6):
        page = client.get(reverse("desk:request-list"))
    assert page.content.decode().count("data-row") == rows


def test_a_request_at_the_desk_asks_as_often_however_much_there_is_to_tell(
    client: Client,
    account: SmsAccount,
    alice: User,
    sam: User,
    now: datetime,
    django_assert_max_num_queries: Limit,
) -> None:
    sender = factories.make_sender(account, name="FOURNIL", enabled=False)
    for _round in range(4):
        factories.decide(sender, Outcome.MORE_NEEDED, by=sam, text="A stamp", now=now)
        review.ask_again(sender=sender, description="", reason="", changes="", by=alice, now=now)
    client.force_login(sam)
    asked = factories.request_of(sender)
    # Session, person, the request, rounds and documents, checks, whose it is, what follows.
    with django_assert_max_num_queries(17):
        client.get(reverse("desk:request-detail", args=[asked.uuid]))
