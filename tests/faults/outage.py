"""What people and the carrier are told while a server of the data is away."""

import time
from http import HTTPStatus

import requests
from django.conf import settings
from django.utils import timezone

from messaging.carrier.simulator import pump
from tests.faults.stack import Stack
from tests.faults.visitor import Visitor

# Nobody is kept waiting for what is not there (seconds).
QUICK = 15.0


def sign_in_without_redis(stack: Stack) -> None:
    """Sign in as ever, and soon."""
    begun = time.monotonic()
    Visitor(url=stack.visitor.url).sign_in()
    assert time.monotonic() - begun < QUICK


def look_without_the_database(stack: Stack) -> None:
    """Get an honest page, a fragment that changes nothing, and a door that asks to come back."""
    begun = time.monotonic()
    page = stack.visitor.look("compose/", **{"Accept-Language": "fr", "Accept": "text/html"})
    _is_put_off(page)
    assert '<html lang="fr">' in page.text
    fragment = stack.visitor.look("compose/", **{"HX-Request": "true", "Accept": "*/*"})
    _is_put_off(fragment)
    assert "<" not in fragment.text
    push = _push(f"{stack.visitor.url}/carrier/receipts/")
    _is_put_off(push)
    assert push.headers["Content-Type"].startswith("text/plain")
    assert time.monotonic() - begun < QUICK


def _is_put_off(answer: requests.Response) -> None:
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Retry-After"].isdigit()


def _push(door: str) -> requests.Response:
    receipt = {
        "id": "stray-1",
        "reference": "no such reference",
        "state": "delivered",
        "code": "",
        "billed": True,
        "operator": "",
        "at": timezone.now().isoformat(),
    }
    headers, body = pump.sign(
        content={"receipts": [receipt]},
        push_id="without-database",
        secret=settings.CARRIER_DOOR_SECRET,
        now=timezone.now(),
    )
    return requests.post(door, data=body, headers=headers, timeout=30)
