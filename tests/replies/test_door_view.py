"""The carrier's door for replies: what is signed is stored once, anything else is refused."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import SmsAccount
from replies import tasks
from replies.models import Reply, ReplyState
from tests.answers import body, lend, push, row


@pytest.fixture
def client(db: None, now: datetime) -> Iterator[Client]:
    """The carrier: it has no cookie and no token."""
    with time_machine.travel(now, tick=False):
        yield Client(enforce_csrf_checks=True)


def test_a_signed_reply_is_stored_and_judged_later(
    client: Client, account: SmsAccount, now: datetime
) -> None:
    lend(account, at=now)
    assert push(client, body(row(at=now)), now=now).status_code == 204
    assert Reply.objects.get().state == ReplyState.WAITING
    tasks.apply_replies()
    assert Reply.objects.get().state == ReplyState.OPEN


def test_the_same_push_again_changes_nothing(client: Client, now: datetime) -> None:
    said = [push(client, body(row(at=now)), now=now).status_code for _n in range(3)]
    assert said == [204, 204, 204]
    assert Reply.objects.count() == 1


def test_one_malformed_reply_does_not_lose_the_others(client: Client, now: datetime) -> None:
    rows = [row(at=now), row(at=now, id="r-2", to=None), 7]
    assert push(client, body(*rows), now=now).status_code == 204
    assert Reply.objects.get().carrier_id == "r-1"


@pytest.mark.parametrize("text", ["", "\0", "\ud83d", "x" * 10_240, "ê" * 661], ids=len)
def test_any_text_is_stored(client: Client, now: datetime, text: str) -> None:
    assert push(client, body(row(at=now, text=text)), now=now).status_code == 204
    kept = Reply.objects.get().text
    assert len(kept) == len(text)
    assert "\0" not in kept


@pytest.mark.parametrize(
    ("said", "changes", "status"),
    [
        pytest.param(body(), {"webhook-signature": "v1,AAAA"}, 401, id="signature"),
        pytest.param(body(), {"webhook-timestamp": "1"}, 401, id="an old push"),
        pytest.param(b'{"receipts": []}', {}, 400, id="receipts"),
        pytest.param(b"nonsense", {}, 400, id="no JSON"),
        pytest.param(b" " * 5_000_000, {}, 413, id="too large"),
    ],
)
def test_what_cannot_be_read_gets_a_plain_refusal(
    client: Client, now: datetime, said: bytes, changes: dict[str, str], status: int
) -> None:
    assert push(client, said, now=now, **changes).status_code == status
    assert not Reply.objects.exists()


def test_the_door_takes_posts_only(client: Client) -> None:
    assert client.get(reverse("carrier:reply-create")).status_code == 405


def test_the_log_tells_how_many_are_malformed_and_nothing_of_them(
    client: Client, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    push(client, body(row(at=now, text=None)), now=now)
    assert "1 of 1 replies are malformed" in caplog.text
    assert "612345678" not in caplog.text
