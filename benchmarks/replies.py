"""How many replies a second are taken in, and how long the pages take that show them.

Every reply is in time, of one part, to one account: pushed through the door, signed, a thousand at
once, then judged and charged by one worker. Afterwards they are erased as the product forgets:
numbers and texts go, rows and ledger stay, and an audit finds nothing wrong.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import phones
from benchmarks import scene
from benchmarks.pages import milliseconds
from benchmarks.scene import Scene
from messaging.carrier import replies as pushed
from messaging.carrier.simulator import pump
from replies import inbound, received
from replies.models import Reply, ReplyState
from senders.models import Lease, LeaseKind
from senders.window import WINDOW

NUMBERS = tuple(f"38{n:03d}" for n in range(500))
EVERYTHING = received.Filter(phone=None, number=None)
WORDS = ("Oui", "Non merci", "A 9 heures", "Demain plutot", "Ok", "Combien ?", "Je passe ce soir")


class Lost(Exception):
    """Not every reply was stored, judged and charged once."""


def measure(*, made: Scene, count: int) -> dict[str, Any]:
    """Give replies a second, stored and judged, and milliseconds of pages by column."""
    now = timezone.now()
    pairs = _lend(made, count=count, now=now)
    bodies = [_body(pairs[at : at + pushed.REPLIES_LIMIT], now=now) for at in _starts(count)]
    figures: dict[str, Any] = {"replies": count}
    figures["stored_per_second"] = count / _seconds(partial(_push, bodies))
    figures["judged_per_second"] = count / _seconds(_judge)
    opened = Reply.objects.filter(account=made.account, state=ReplyState.OPEN).count()
    made.account.refresh_from_db()
    if opened != count:
        raise Lost(f"{opened} of {count}")
    return figures | _page_times(made)


def erase(*, made: Scene) -> None:
    """Forget who wrote what."""
    ours = Reply.objects.filter(account=made.account)
    ours.update(phone="", text="", excerpt="", erased_at=timezone.now())
    Lease.objects.filter(account=made.account).update(
        is_open=False, is_held=False, closed_at=timezone.now()
    )


def _lend(made: Scene, *, count: int, now: datetime) -> list[tuple[str, str]]:
    """Lend a number to each phone, as if a campaign had been accepted an hour ago."""
    at = now - timedelta(hours=1)
    pairs = [
        (NUMBERS[n % len(NUMBERS)], phones.parse(raw, lenient=True).e164)
        for n, (raw, _values) in enumerate(scene.rows(count))
    ]
    leases = (
        Lease(
            account=made.account,
            kind=LeaseKind.SHORT,
            number=number,
            phone=phone,
            opened_at=at,
            expires_at=at + WINDOW,
            first_accepted_at=at,
            accepted_at=at,
        )
        for number, phone in pairs
    )
    Lease.objects.bulk_create(leases, batch_size=2_000)
    return pairs


def _starts(count: int) -> range:
    return range(0, count, pushed.REPLIES_LIMIT)


def _body(pairs: list[tuple[str, str]], *, now: datetime) -> dict[str, Any]:
    return {
        "replies": [
            {
                "id": f"benchmark-{time.perf_counter_ns()}",
                "from": phone,
                "to": number,
                "text": WORDS[place % len(WORDS)],
                "received_at": (now - timedelta(seconds=place)).isoformat(),
            }
            for place, (number, phone) in enumerate(pairs)
        ]
    }


def _push(bodies: list[dict[str, Any]]) -> None:
    client, door = Client(SERVER_NAME="localhost"), reverse("carrier:reply-create")
    for place, content in enumerate(bodies):
        headers, body = pump.sign(
            content=content,
            push_id=str(place),
            secret=settings.CARRIER_DOOR_SECRET,
            now=timezone.now(),
        )
        kind = headers.pop("Content-Type")
        answer = client.post(door, body, content_type=kind, headers=headers)
        if answer.status_code != 204:
            raise Lost(f"the door answered {answer.status_code}")


def _judge() -> None:
    while inbound.apply_group(now=timezone.now()) == inbound.GROUP:
        pass


def _page_times(made: Scene) -> dict[str, float]:
    """Time the first page and one in the middle, sorted by each column, the slowest last."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(made.user)
    url = reverse("replies:reply-list", args=[made.account.name])
    found = {"received_http_ms": milliseconds(partial(client.get, url))}
    for name in received.COLUMNS:
        for place, cursor in _cursors(made, sort=name):
            read = partial(
                received.page,
                account_id=made.account.pk,
                wanted=EVERYTHING,
                sort=name,
                cursor=cursor,
            )
            found[f"by_{name}_{place}_ms"] = milliseconds(read)
    return found


def _cursors(made: Scene, *, sort: str) -> Iterator[tuple[str, str]]:
    yield "first", ""
    cursor = ""
    for _page in range(20):
        page = received.page(
            account_id=made.account.pk, wanted=EVERYTHING, sort=sort, cursor=cursor
        )
        cursor = page.after
    yield "later", cursor


def _seconds(work: partial[None] | Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
