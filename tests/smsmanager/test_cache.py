"""The cache while Redis is away: people sign in, and guessing has its limits all the same."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings

from accounts.models import User
from smsmanager.cache import MOST, Outage
from tests import processes
from tests.house_client import HouseClient

SIGN_IN = "/accounts/login/"
PASSWORD = "a-password-for-tests-only"
# allauth's limit of wrong passwords for one address.
GUESSES = 5


@pytest.fixture
def nobody_there() -> Iterator[str]:
    """Have the cache look for Redis where nobody listens."""
    url = f"redis://{processes.HOST}:{processes.free_port()}/0"
    caches: dict[str, dict[str, Any]] = {
        "default": {"BACKEND": "smsmanager.cache.Cache", "LOCATION": url}
    }
    with override_settings(CACHES=caches):
        yield url


def guess(client: HouseClient, user: User, password: str) -> HTTPStatus:
    response = client.post(SIGN_IN, {"login": user.email, "password": password})
    return HTTPStatus(response.status_code)


def test_people_sign_in_without_redis(
    nobody_there: str, alice: User, house_client: HouseClient
) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    begun = time.monotonic()
    assert guess(house_client, alice, PASSWORD) == HTTPStatus.FOUND
    assert time.monotonic() - begun < 5
    assert house_client.get("/sms/").status_code == HTTPStatus.OK


def test_guessing_ends_without_redis_too(
    nobody_there: str, alice: User, house_client: HouseClient
) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    for number in range(GUESSES):
        assert guess(house_client, alice, f"guess {number}") == HTTPStatus.OK
    # Even the right one: whoever guesses learns nothing.
    response = house_client.post(SIGN_IN, {"login": alice.email, "password": PASSWORD})
    assert response.status_code == HTTPStatus.OK
    assert "Too many failed login attempts" in response.content.decode()


def test_a_key_is_added_once_without_redis(nobody_there: str) -> None:
    assert cache.add("code", "used", timeout=30)
    assert not cache.add("code", "used", timeout=30)
    assert cache.delete("code")
    assert cache.get("code") is None
    assert not cache.touch("code")
    assert cache.add("code", "used", timeout=30)


def test_an_outage_is_logged_once_and_redis_is_then_left_alone(
    nobody_there: str, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        cache.set(f"key-{number}", number)
    assert sum("cache.away" in record.getMessage() for record in caplog.records) == 1


def test_of_too_many_missed_keys_the_oldest_is_forgotten() -> None:
    outage = Outage()
    for number in range(MOST + 1):
        outage.note((f"key-{number}", None))
    assert len(outage.missed) == MOST
    assert ("key-0", None) not in outage.missed
