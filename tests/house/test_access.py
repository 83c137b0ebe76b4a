"""Who gets what at every address of an account: a new address without a row here fails.

Mallory belongs to another customer and always meets 404, as at an address that does not exist.
Staff have no place at a customer either. Bob reads, Alice owns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import SmsAccount, User
from messaging import campaigns
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Revision
from replies.models import Reply
from senders.models import Sender
from tests import answers, factories, scenes
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db
Thing = Revision | Reply | Sender
Found = dict[str, Thing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An address and what each person gets there: a status code."""

    method: str
    bob: int
    alice: int
    which: str = ""


PAGES = {
    "messaging:account-detail": Row(method="get", bob=302, alice=302),
    "messaging:campaign-create": Row(method="get", bob=302, alice=200),
    "messaging:size-detail": Row(method="post", bob=404, alice=200),
    "messaging:character-list": Row(method="get", bob=200, alice=200),
    "messaging:campaign-detail": Row(method="get", bob=200, alice=200, which="sent"),
    "messaging:campaign-progress": Row(method="get", bob=200, alice=200, which="sent"),
    "messaging:quote-detail": Row(method="get", bob=200, alice=200, which="quoted"),
    "messaging:quote-progress": Row(method="get", bob=200, alice=200, which="quoted"),
    "messaging:campaign-confirm": Row(method="post", bob=404, alice=302, which="quoted"),
    "messaging:quote-update": Row(method="post", bob=404, alice=302, which="quoted"),
    "messaging:refused-row-list": Row(method="get", bob=200, alice=200, which="quoted"),
    "messaging:moment-update": Row(method="get", bob=404, alice=200, which="planned"),
    "messaging:moment-detail": Row(method="post", bob=404, alice=200, which="planned"),
    "messaging:campaign-cancel": Row(method="post", bob=404, alice=302, which="planned"),
    "messaging:planned-list": Row(method="get", bob=200, alice=200),
    "messaging:departure-list": Row(method="get", bob=200, alice=200),
    "messaging:planned-cancel": Row(method="post", bob=404, alice=302),
    "messaging:message-list": Row(method="get", bob=200, alice=200),
    "messaging:message-detail": Row(method="get", bob=200, alice=200, which="sent"),
    "messaging:message-status": Row(method="get", bob=200, alice=200, which="sent"),
    "messaging:opt-out-list": Row(method="get", bob=200, alice=200),
    "messaging:opt-out-create": Row(method="post", bob=404, alice=422),
    "messaging:opt-out-delete": Row(method="post", bob=404, alice=302),
    "messaging:opt-out-export": Row(method="get", bob=200, alice=200),
    "replies:reply-list": Row(method="get", bob=200, alice=200),
    "replies:reply-detail": Row(method="get", bob=200, alice=200, which="reply"),
    "replies:reply-export": Row(method="get", bob=200, alice=200),
    "senders:sender-list": Row(method="get", bob=200, alice=200),
    "senders:sender-create": Row(method="get", bob=404, alice=200),
    "senders:name-detail": Row(method="get", bob=404, alice=200),
    "senders:own-create": Row(method="post", bob=404, alice=422),
    "senders:sender-detail": Row(method="get", bob=200, alice=200, which="enabled"),
    "senders:request-create": Row(method="get", bob=404, alice=200, which="turned_down"),
    "senders:description-update": Row(method="post", bob=404, alice=302, which="enabled"),
    "senders:sender-disable": Row(method="post", bob=404, alice=302, which="enabled"),
    "senders:sender-enable": Row(method="post", bob=404, alice=302, which="enabled"),
    "senders:default-update": Row(method="post", bob=404, alice=302, which="enabled"),
    "senders:sender-delete": Row(method="post", bob=404, alice=302, which="turned_down"),
}


def patterns(
    found: list[URLPattern | URLResolver], *, space: str = "", before: str = ""
) -> Iterator[tuple[str, str]]:
    """Give the name and the route of every address of the panel."""
    for pattern in found:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from patterns(pattern.url_patterns, space=inner, before=route)
        else:
            yield f"{space}{pattern.name}", route


def account_addresses() -> set[str]:
    return {
        name for name, route in patterns(get_resolver().url_patterns) if "<str:account>" in route
    }


@pytest.fixture
def found(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
) -> Found:
    """A campaign that left, one that waits for a confirmation, one for tomorrow, and a reply."""
    sent = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))
    campaigns.confirm(revision=sent, by=alice, total_hundredths=200, now=now)
    scenes.hand_over_all(sent, carrier, now=now + timedelta(seconds=1))
    quoted = scenes.compose(account, alice, sender, now=now, numbers=(*scenes.numbers(2), "x"))
    planned = scenes.compose(account, alice, sender, now=now, due_at=now + timedelta(days=1))
    answers.lend(account, at=now)
    reply = answers.receive_one(at=now)
    return {
        "sent": sent,
        "quoted": quoted,
        "planned": planned,
        "reply": reply,
        "enabled": factories.make_sender(account, name="FOURNIL"),
        "turned_down": factories.make_refused(account, name="Atelier"),
    }


def address(name: str, account: SmsAccount, thing: Thing | None) -> str:
    kwargs: dict[str, Any] = {"account": account.name}
    if isinstance(thing, Reply):
        kwargs["reply"] = thing.uuid
    elif isinstance(thing, Sender):
        kwargs["sender"] = thing.name
    elif thing is not None:
        kwargs["campaign"] = thing.campaign.uuid
        if "message-" in name:
            kwargs |= {"revision": thing.number, "position": 1}
    return reverse(name, kwargs=kwargs)


def test_every_address_of_an_account_has_a_row() -> None:
    assert account_addresses() == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_each_person_gets_what_is_theirs(
    name: str,
    account: SmsAccount,
    found: Found,
    alice: User,
    bob: User,
    mallory: User,
    sam: User,
) -> None:
    row = PAGES[name]
    at = address(name, account, found.get(row.which))
    seen = {}
    for who, user in (("", None), ("m", mallory), ("s", sam), ("b", bob), ("a", alice)):
        client = Client()
        if user is not None:
            client.force_login(user)
        answer = getattr(client, row.method)(at)
        seen[who] = answer.status_code
        if user is None:
            assert answer["Location"].startswith("/accounts/login/")
    assert seen == {"": 302, "m": 404, "s": 404, "b": row.bob, "a": row.alice}


@pytest.mark.parametrize("name", [n for n, row in PAGES.items() if row.which])
def test_ones_own_account_opens_nothing_of_somebody_else(
    name: str, mallorys_account: SmsAccount, found: Found, mallory: User
) -> None:
    client = Client()
    client.force_login(mallory)
    at = address(name, mallorys_account, found[PAGES[name].which])
    assert getattr(client, PAGES[name].method)(at).status_code == 404


@pytest.mark.parametrize(
    "slug", ["sms-zz99999-9", "SMS-AM12345-1", "%00", "é", "sms-am12345-1%0a", "..", "x" * 500]
)
def test_an_account_that_does_not_exist_is_not_found(slug: str, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert client.get(f"/sms/{slug}/messages/").status_code in (400, 404)


@pytest.mark.parametrize("number", [0, 2, 10**6, 2**31, 2**63, 10**30])
def test_an_absurd_position_is_not_found(
    number: int, account: SmsAccount, found: Found, alice: User
) -> None:
    client = Client()
    client.force_login(alice)
    sent = found["sent"]
    assert isinstance(sent, Revision)
    campaign = sent.campaign.uuid
    for end in (f"{number + 1}/1", f"1/{number + 1}"):
        answer = client.get(f"/sms/{account.name}/messages/{campaign}/{end}/")
        assert answer.status_code == (200 if end in ("1/1", "1/2") else 404), end
