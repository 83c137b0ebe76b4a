"""The carrier's door: what is signed is stored, anything else gets a plain refusal."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from standardwebhooks import Webhook

from accounts.models import SmsAccount, User
from messaging import receipts
from messaging.carrier import door
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Message, Receipt, ReceiptPush, Status
from senders.models import Sender
from tests import scenes


@pytest.fixture
def client(db: None, now: datetime) -> Iterator[Client]:
    """The carrier: it has no cookie and no token."""
    with time_machine.travel(now, tick=False):
        yield Client(enforce_csrf_checks=True)


def push(client: Client, body: bytes, *, now: datetime, **changes: str) -> Any:
    signature = Webhook(settings.CARRIER_DOOR_SECRET).sign("msg-1", now, body.decode())
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return client.post(
        reverse("carrier:receipt-create"),
        body,
        content_type="application/json",
        headers=headers | changes,
    )


def row(reference: str, *, at: datetime, **changes: Any) -> dict[str, Any]:
    said = {
        "id": "c-1",
        "reference": reference,
        "state": "delivered",
        "code": "",
        "billed": True,
        "operator": "SFR",
        "at": at.isoformat(),
    }
    return said | changes


def test_a_signed_receipt_is_stored_and_applied_later(
    client: Client,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    body = json.dumps({"receipts": [row(f"{revision.campaign.uuid}:1:1", at=now)]}).encode()
    assert push(client, body, now=now).status_code == 204
    assert ReceiptPush.objects.count() == 1
    assert Message.objects.get().status is None
    receipts.apply_group(now=now)
    assert Message.objects.get().status == Status.DELIVERED


def test_the_same_push_again_changes_nothing(client: Client, now: datetime) -> None:
    body = json.dumps({"receipts": [row("x:1:1", at=now)]}).encode()
    answers = [push(client, body, now=now).status_code for _n in range(3)]
    assert answers == [204, 204, 204]
    assert ReceiptPush.objects.count() == 1
    for later in range(2):
        receipts.apply_group(now=now)
        push(client, body, now=now, **{"webhook-id": f"push-{later}"})
    assert Receipt.objects.count() == 1


def test_one_malformed_receipt_does_not_lose_the_others(client: Client, now: datetime) -> None:
    rows = [row("x:1:1", at=now), row("x:1:2", at=now, id="c-2", state="later"), 7]
    assert push(client, json.dumps({"receipts": rows}).encode(), now=now).status_code == 204
    receipts.apply_group(now=now)
    assert Receipt.objects.get().carrier_id == "c-1"


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        pytest.param(b'{"receipts": []}', {"webhook-signature": "v1,AAAA"}, 401, id="signature"),
        pytest.param(b'{"receipts": []}', {"webhook-signature": ""}, 401, id="no signature"),
        pytest.param(b'{"receipts": []}', {"webhook-timestamp": "1"}, 401, id="an old push"),
        pytest.param(b"[]", {}, 400, id="no object"),
        pytest.param(b"nonsense", {}, 400, id="no JSON"),
        pytest.param(b"[" * 100_000, {}, 400, id="deeply nested"),
        pytest.param(b" " * (door.BODY_LIMIT + 1), {}, 413, id="too large"),
        pytest.param(b" " * (5 * door.BODY_LIMIT), {}, 413, id="far too large"),
    ],
)
def test_what_cannot_be_read_gets_a_plain_refusal(
    client: Client, now: datetime, body: bytes, changes: dict[str, str], status: int
) -> None:
    response = push(client, body, now=now, **changes)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/plain")
    assert not ReceiptPush.objects.exists()


def test_the_door_takes_posts_only(client: Client) -> None:
    assert client.get(reverse("carrier:receipt-create")).status_code == 405


def test_the_log_says_how_many_are_malformed_and_nothing_of_their_content(
    client: Client, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [row("+33612345678", at=now, state="later")]
    push(client, json.dumps({"receipts": rows}).encode(), now=now)
    assert "1 of 1 receipts are malformed" in caplog.text
    assert "33612345678" not in caplog.text
