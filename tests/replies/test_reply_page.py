"""One reply in its conversation: what went back and forth, and until when."""

import uuid
from datetime import datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import SmsAccount, User
from messaging.carrier.inprocess import InProcessCarrier
from replies.models import Reply
from senders.models import Lease, LeaseKind, Sender, SenderKind
from tests import answers, factories, pages, scenes
from tests.house_client import HouseClient
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

HOUR = timedelta(hours=1)


@pytest.fixture
def short(account: SmsAccount, now: datetime) -> Sender:
    """Give the account's short-number sender, with numbers to lend."""
    factories.make_pool(20, now=now)
    return Sender.objects.get(account=account, kind=SenderKind.SHORT)


def open_page(client: HouseClient, user: User, reply: Reply, *, at: datetime) -> str:
    account = reply.account
    assert account is not None
    with time_machine.travel(at, tick=False):
        client.force_login(user)
        address = reverse("replies:reply-detail", args=[account.name, reply.uuid])
        return pages.words_of(client.get(address))


def test_messages_and_replies_under_the_lease_are_shown_in_order(
    house_client: HouseClient,
    account: SmsAccount,
    alice: User,
    short: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
) -> None:
    for text, at in (("Passez quand?", now), ("Et demain?", now + 2 * HOUR)):
        revision = scenes.compose(account, alice, short, now=at, text=text)
        scenes.hand_over_all(revision, carrier, now=at)
    number = Lease.objects.get(account=account).number
    first = answers.receive_one(at=now + HOUR, number=number, text="A midi", now=now + 3 * HOUR)
    answers.receive_one(at=now + 3 * HOUR, number=number, text="Non merci")
    page = open_page(house_client, alice, first, at=now + 4 * HOUR)
    talk = page[page.index("Conversation") : page.index("Details")]
    places = [talk.index(w) for w in ("Passez quand?", "A midi", "Et demain?", "Non merci")]
    assert places == sorted(places)
    assert talk.count("this reply") == 1


def test_what_was_sent_under_a_name_is_no_part_of_the_conversation(
    house_client: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
) -> None:
    scenes.hand_over_all(scenes.compose(account, alice, sender, now=now), carrier, now=now)
    answers.lend(account, at=now)
    reply = answers.receive_one(at=now)
    assert "Votre commande" not in open_page(house_client, alice, reply, at=now)


def test_another_accounts_talk_with_the_same_phone_stays_apart(
    house_client: HouseClient,
    account: SmsAccount,
    mallorys_account: SmsAccount,
    alice: User,
    now: datetime,
) -> None:
    answers.lend(account, at=now)
    answers.lend(mallorys_account, at=now, number="38999")
    reply = answers.receive_one(at=now)
    answers.receive_one(at=now, number="38999", text="Secret")
    assert "Secret" not in open_page(house_client, alice, reply, at=now)


def test_the_end_of_the_window_is_told_with_its_zone(
    house_client: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    answers.lend(account, at=now)
    reply = answers.receive_one(at=now)
    page = open_page(house_client, alice, reply, at=now + 48 * HOUR)
    assert "Replies are taken until Fri 12 Mar 2027, 10:00 (Europe/Paris)." in page
    page = open_page(house_client, alice, reply, at=now + 49 * HOUR)
    assert "Replies were taken until Fri 12 Mar 2027, 10:00 (Europe/Paris)" in page


def test_a_virtual_number_says_until_when_its_term_runs(
    house_client: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    answers.lend(
        account,
        at=now,
        kind=LeaseKind.VIRTUAL,
        expires_at=now + timedelta(days=30),
        number="+33755512345",
    )
    reply = answers.receive_one(at=now, number="+33755512345")
    assert "until Fri 9 Apr 2027, 11:00" in open_page(house_client, alice, reply, at=now)


def test_a_stop_says_that_the_phone_opted_out(
    house_client: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    answers.lend(account, at=now)
    reply = answers.receive_one(at=now, text="Stop")
    page = open_page(house_client, alice, reply, at=now)
    assert "This phone opted out on 10 Mar 2027, 10:00 CET" in page
    assert "0 credits" in page


def test_an_early_stop_without_acceptance_has_no_window_to_tell(
    house_client: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    answers.lend(account, at=now, first_accepted_at=None, accepted_at=None)
    reply = answers.receive_one(at=now, text="Stop")
    assert "Answers" not in open_page(house_client, alice, reply, at=now)


def test_a_reply_that_is_not_there_is_not_found(
    house_client: HouseClient, account: SmsAccount, alice: User
) -> None:
    house_client.force_login(alice)
    address = reverse("replies:reply-detail", args=[account.name, uuid.uuid4()])
    assert house_client.get(address).status_code == 404
