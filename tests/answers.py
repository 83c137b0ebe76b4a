"""Scenes of replies: numbers lent to phones, and what the phones answer, through the real doors."""

import itertools
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse
from standardwebhooks import Webhook

from accounts import ledger
from accounts.models import SmsAccount
from messaging.carrier import base
from replies import inbound
from replies.models import Reply
from senders.models import Lease, LeaseKind
from senders.window import WINDOW
from tests.scenes import PHONE

SHORT = "38123"
OVERSEAS = "+262692123456"

_ids = itertools.count(1)


def lend(
    account: SmsAccount,
    *,
    at: datetime,
    phone: str = PHONE,
    number: str = SHORT,
    **changes: Any,
) -> Lease:
    """Lend a number to a phone, with one message that the carrier accepted at a moment."""
    fields: dict[str, Any] = {
        "kind": LeaseKind.SHORT,
        "opened_at": at,
        "expires_at": (changes.get("accepted_at") or at) + WINDOW,
        "first_accepted_at": at,
        "accepted_at": at,
    }
    return Lease.objects.create(account=account, number=number, phone=phone, **(fields | changes))


def close(lease: Lease, *, at: datetime) -> None:
    """Close a lease; the pair is held on."""
    Lease.objects.filter(pk=lease.pk).update(is_open=False, closed_at=at)


def reply(*, at: datetime, **changes: Any) -> base.Reply:
    """Write what a carrier brings: a reply of one part, stamped at a moment."""
    fields: dict[str, Any] = {
        "carrier": "carrier",
        "carrier_id": f"r-{next(_ids):06d}",
        "phone": PHONE,
        "number": SHORT,
        "text": "Oui, à 9 h",
        "received_at": at,
    }
    return base.Reply(**(fields | changes))


def receive(told: Sequence[base.Reply], *, now: datetime) -> list[Reply]:
    """Put replies into the inbox, judge all that waits, and give these as they stand."""
    inbound.store(replies=told, now=now)
    while inbound.apply_group(now=now) == inbound.GROUP:
        pass
    return [Reply.objects.get(carrier_id=each.carrier_id) for each in told]


def receive_one(*, at: datetime, now: datetime | None = None, **changes: Any) -> Reply:
    """Receive one reply that was stamped at a moment."""
    return receive([reply(at=at, **changes)], now=now or at)[0]


def balance(account: SmsAccount) -> int:
    """Give the balance in whole credits."""
    return ledger.balance(account_id=account.pk) // 100


# --- By HTTP, as the carrier does ---------------------------------------------------------------


def row(*, at: datetime, **changes: Any) -> dict[str, Any]:
    """Write one reply as the carrier's push has it."""
    said = {"id": "r-1", "from": PHONE, "to": SHORT, "text": "Oui", "received_at": at.isoformat()}
    return said | changes


def body(*rows: Any) -> bytes:
    """Write a push of replies."""
    return json.dumps({"replies": list(rows)}).encode()


def push(client: Client, said: bytes, *, now: datetime, **changes: str) -> Any:
    """Sign a push and bring it to the door; `changes` replace its headers."""
    signature = Webhook(settings.CARRIER_DOOR_SECRET).sign("msg-1", now, said.decode())
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return client.post(
        reverse("carrier:reply-create"),
        said,
        content_type="application/json",
        headers=headers | changes,
    )
