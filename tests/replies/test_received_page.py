"""The received SMS: sorted by each column, in pages, filtered, counted, downloaded."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import keyset
from accounts.models import Customer, SmsAccount, User
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Message
from replies import charging, received
from replies.models import Reply
from senders.models import Sender
from tests import answers, factories, pages, scenes
from tests.house_client import HouseClient
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

MINUTE = timedelta(minutes=1)
SECRET = "Zebra"
PHONES = ("+33612345678", "+33612345679", "+33612345680")
TEXTS = ("bravo", "Alpha", "", "charlie " * 30)


@pytest.fixture
def client(house_client: HouseClient, alice: User) -> HouseClient:
    house_client.force_login(alice)
    return house_client


@pytest.fixture
def poor(customer: Customer, now: datetime) -> SmsAccount:
    """Give an account of Alice's without credit that wrote to a phone."""
    made = factories.make_account(customer, name="sms-poor1-1")
    answers.lend(made, at=now)
    return made


@pytest.fixture
def many(account: SmsAccount, now: datetime) -> list[Reply]:
    """Receive 14 replies that differ, and agree, in every column."""
    factories.give(account, credits=1_000)
    for place, phone in enumerate(PHONES):
        answers.lend(account, at=now, phone=phone, number=f"3810{place % 2}", message_id=place)
    told = [
        answers.reply(
            at=now + (n // 2) * MINUTE,
            phone=PHONES[n % 3],
            number=f"3810{n % 3 % 2}",
            text=TEXTS[n % 4] if n % 5 else "STOP",
        )
        for n in range(14)
    ]
    return answers.receive(told, now=now + timedelta(hours=1))


def url(account: SmsAccount, view: str = "list", **more: Any) -> str:
    return reverse(f"replies:reply-{view}", kwargs={"account": account.name, **more})


def shown(client: HouseClient, account: SmsAccount, **query: str) -> str:
    return pages.words_of(client.get(url(account), query))


def walk(client: HouseClient, account: SmsAccount, **query: str) -> list[int]:
    """Give the rows of all pages in the order shown."""
    found: list[int] = []
    cursor = ""
    while True:
        page = client.get(url(account), query | {"cursor": cursor}).context["page"]
        found += [line.reply.pk for line in page.lines]
        if not page.after:
            return found
        cursor = page.after


def exported(client: HouseClient, account: SmsAccount, **query: str) -> list[dict[str, str]]:
    text = client.get(url(account, "export"), query).getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# --- The table ----------------------------------------------------------------------------------


def test_an_empty_page_says_how_one_gets_replies(client: HouseClient, account: SmsAccount) -> None:
    page = shown(client, account)
    assert "Write from the short number that allows a reply" in page
    assert "<table" not in page


def test_a_row_tells_moment_with_zone_phone_number_text_and_cost(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    answers.receive_one(at=now, text="Oui,\nà <9> h")
    page = shown(client, account)
    for words in (
        "10 Mar 2027, 10:00 CET", "+33 6 12 34 56 78", "38123", "Oui, à &lt;9&gt; h", "1 part",
    ):  # fmt: skip
        assert words in page


def test_a_row_leads_to_the_message_that_it_answers(
    client: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    answers.lend(account, at=now, message_id=Message.objects.get().pk)
    reply = answers.receive_one(at=now)
    link = f'<a href="{pages.message_url(revision)}">Votre commande est prete.</a>'
    assert link in shown(client, account)
    assert link in pages.words_of(client.get(url(account, "detail", reply=reply.uuid)))


def test_the_newest_comes_first(
    client: HouseClient, account: SmsAccount, many: list[Reply]
) -> None:
    newest = sorted(many, key=lambda r: (r.received_at, r.pk), reverse=True)
    assert walk(client, account) == [reply.pk for reply in newest]


@pytest.mark.parametrize("falls", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("column", received.COLUMNS)
def test_each_column_sorts_and_every_row_is_shown_once(
    client: HouseClient,
    account: SmsAccount,
    many: list[Reply],
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    falls: bool,
) -> None:
    monkeypatch.setattr(keyset.page, "__kwdefaults__", {"size": 4})
    keys = [*received.COLUMNS[column], "received_at", "id"]
    ordered = Reply.objects.order_by(*(f"{'-' * falls}{key}" for key in keys))
    rows = walk(client, account, sort=f"{'-' * falls}{column}")
    assert rows == list(ordered.values_list("pk", flat=True))


def test_the_head_of_the_sorted_column_says_so_and_a_press_turns_it(
    client: HouseClient, account: SmsAccount, many: list[Reply]
) -> None:
    page = shown(client, account)
    assert page.count("aria-sort") == 1
    assert '<th scope="col" aria-sort="descending"><a class="sort" href="?sort=received">' in page
    page = shown(client, account, sort="from", number=PHONES[0])
    assert 'aria-sort="ascending"><a class="sort" href="?sort=-from&amp;number=' in page


@pytest.mark.parametrize("sort", ["nonsense", "-", "phone", "--from", "text; DROP TABLE", "\0"])
def test_an_order_that_is_none_is_told(client: HouseClient, account: SmsAccount, sort: str) -> None:
    response = client.get(url(account), {"sort": sort})
    assert response.status_code == 200
    assert 'id="id_sort_error"' in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (PHONES[1], "phone"),
        ("0033 6 12 34 56 79", "phone"),
        ("38101", "number"),
        (" 38101 ", "number"),
    ],
)
def test_it_is_filtered_by_who_wrote_or_to_which_number(
    client: HouseClient, account: SmsAccount, many: list[Reply], typed: str, field: str
) -> None:
    value = PHONES[1] if field == "phone" else "38101"
    wanted = [r.pk for r in many if getattr(r, field) == value]
    assert sorted(walk(client, account, number=typed)) == wanted
    assert len(exported(client, account, number=typed)) == len(wanted)


@pytest.mark.parametrize("typed", ["x", "12", "9" * 39, "\0"])
def test_what_is_no_number_is_told_beside_the_field(
    client: HouseClient, account: SmsAccount, typed: str
) -> None:
    response = client.get(url(account), {"number": typed})
    assert response.status_code == 200
    assert 'id="id_number_error"' in response.content.decode()
    assert client.get(url(account, "export"), {"number": typed}).status_code == 404


def test_a_number_that_did_not_reply_leads_back_to_all(
    client: HouseClient, account: SmsAccount, many: list[Reply]
) -> None:
    page = shown(client, account, number="+33799999999")
    assert "Nothing matches" in page
    assert "Clear the filter" in page


# --- Read and not read --------------------------------------------------------------------------


def count_in_navigation(client: HouseClient, account: SmsAccount) -> str:
    found = re.search(r'class="nav-count">([^<]*)<', shown(client, account))
    return found[1] if found else ""


def test_what_nobody_read_is_counted_until_the_owner_opens_it(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    replies = [answers.receive_one(at=now), answers.receive_one(at=now)]
    answers.receive_one(at=now, text="STOP")
    assert count_in_navigation(client, account) == "2"
    client.get(url(account, "detail", reply=replies[0].uuid))
    assert count_in_navigation(client, account) == "1"
    client.get(url(account, "detail", reply=replies[1].uuid))
    assert count_in_navigation(client, account) == ""


def test_a_reader_or_a_robot_reads_nothing_away(
    house_client: HouseClient, account: SmsAccount, alice: User, bob: User, now: datetime
) -> None:
    answers.lend(account, at=now)
    at = url(account, "detail", reply=answers.receive_one(at=now).uuid)
    house_client.force_login(bob)
    house_client.get(at)
    house_client.force_login(alice)
    house_client.head(at)
    assert received.unseen(account_id=account.pk) == 1


def test_many_are_counted_up_to_99(client: HouseClient, account: SmsAccount, now: datetime) -> None:
    answers.lend(account, at=now)
    answers.receive([answers.reply(at=now) for _n in range(101)], now=now)
    assert count_in_navigation(client, account) == "99+"


# --- Locked -------------------------------------------------------------------------------------


def lock(account: SmsAccount, *texts: str, now: datetime) -> Sequence[Reply]:
    return answers.receive([answers.reply(at=now, text=text) for text in texts], now=now)


def test_the_text_of_a_locked_reply_leaves_by_no_door(
    client: HouseClient,
    poor: SmsAccount,
    sam: User,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (reply,) = lock(poor, f"{SECRET} {SECRET}", now=now)
    at = url(poor, "detail", reply=reply.uuid)
    told = [client.get(url(poor), {"sort": sort}).content.decode() for sort in received.COLUMNS]
    told += [client.get(at).content.decode(), str(exported(client, poor)), caplog.text]
    staff = Client()
    staff.force_login(sam)
    for address in (
        reverse("admin:replies_reply_changelist"),
        reverse("admin:replies_reply_change", args=[reply.pk]),
    ):
        answer = staff.get(address)
        assert answer.status_code == 200
        told.append(answer.content.decode())
    assert not [text for text in told if SECRET in text]
    assert "Top up to read" in told[0]
    assert "Locked: top up to read" in told[len(received.COLUMNS)]


def test_the_place_in_the_order_of_texts_tells_nothing_of_a_locked_one(
    client: HouseClient, poor: SmsAccount, now: datetime
) -> None:
    first, second = lock(poor, "zulu", "alpha", now=now)
    assert walk(client, poor, sort="text") == [first.pk, second.pk]


def test_a_page_with_locked_replies_says_what_opens_them(
    client: HouseClient, poor: SmsAccount, now: datetime
) -> None:
    lock(poor, "x" * 161, "one", now=now)
    page = shown(client, poor)
    assert "The oldest needs 2 credits" in page
    assert count_in_navigation(client, poor) == "2"
    assert [row["Status"] for row in exported(client, poor)] == ["Locked: top up to read"] * 2
    factories.give(poor, credits=3)
    charging.open_affordable(now=now)
    assert "are locked" not in shown(client, poor)


def test_opening_the_page_of_a_locked_reply_does_not_read_it(
    client: HouseClient, poor: SmsAccount, now: datetime
) -> None:
    (reply,) = lock(poor, "one", now=now)
    client.get(url(poor, "detail", reply=reply.uuid))
    assert received.unseen(account_id=poor.pk) == 1


# --- Others -------------------------------------------------------------------------------------


def test_nothing_of_another_account_or_of_what_was_refused_is_shown(
    client: HouseClient, account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    answers.lend(mallorys_account, at=now)
    answers.receive_one(at=now, text=SECRET)
    answers.lend(account, at=now, number="38999")
    answers.receive_one(at=now + timedelta(hours=49), number="38999", text=SECRET)
    answers.receive_one(at=now, number="38777", text=SECRET)
    page = shown(client, account)
    assert "No reply yet" in page
    assert exported(client, account) == []


def test_a_reader_sees_and_is_not_told_to_send(
    house_client: HouseClient, account: SmsAccount, bob: User
) -> None:
    house_client.force_login(bob)
    page = shown(house_client, account)
    assert "No reply yet" in page
    assert "compose" not in page


def test_the_download_has_every_column_in_the_order_of_the_page_and_no_formula(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    answers.receive_one(at=now, text="=1+1")
    answers.receive_one(at=now + MINUTE, text="+ <b>\n")
    newest, oldest = exported(client, account)
    assert oldest == {
        "Received": "2027-03-10T10:00:00+01:00",
        "From": "'+33612345678",
        "To": "38123",
        "Text": "'=1+1",
        "In reply to": "",
        "SMS": "1",
        "Credits": "1",
        "Status": "Received",
    }
    assert newest["Text"] == "'+ <b>\n"
    assert exported(client, account, sort="received")[0]["Text"] == "'=1+1"


def test_a_long_download_is_written_in_groups(
    client: HouseClient, account: SmsAccount, many: list[Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received, "EXPORTED_AT_ONCE", 4)
    assert len(exported(client, account)) == len(many)
