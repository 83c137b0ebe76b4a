"""The addresses that a load balancer and a monitor ask, and what members are told."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from accounts.models import SmsAccount, User
from messaging import campaigns, claims, pulse, quote, receipts, sweep
from messaging.models import HandOver, Heartbeat
from replies import inbound
from senders import notices
from senders.models import Sender
from smsmanager import health
from tests import answers, scenes
from tests.house_client import HouseClient

WORDS = "Messages are leaving late for the moment."
MOMENT = timedelta(seconds=1)


class Scene:
    """Leaves something due behind."""

    def __init__(self, account: SmsAccount, by: User, sender: Sender, now: datetime) -> None:
        self.account, self.by, self.sender, self.now = account, by, sender, now

    def beat(self) -> None:
        pulse.beat(now=self.now)

    def batches(self) -> None:
        scenes.compose(self.account, self.by, self.sender, now=self.now)

    def hand_overs_single(self) -> list[HandOver]:
        revision = scenes.compose(self.account, self.by, self.sender, now=self.now)
        return scenes.leave_all(revision, now=self.now)

    def hand_overs(self) -> None:
        revision = scenes.compose(
            self.account, self.by, self.sender, now=self.now, numbers=scenes.numbers(2)
        )
        campaigns.confirm(revision=revision, by=self.by, total_hundredths=200, now=self.now)
        scenes.leave_all(revision, now=self.now)

    def leases(self) -> None:
        (waiting,) = self.hand_overs_single()
        assert claims.claim(hand_over_id=waiting.pk, clock=scenes.at(self.now))
        # The lease ends now.
        HandOver.objects.filter(lease_until=self.now + claims.LEASE).update(lease_until=self.now)

    def receipts(self) -> None:
        revision = scenes.compose(self.account, self.by, self.sender, now=self.now)
        told = scenes.receipt(revision, 1, now=self.now)
        revision.batches.update(not_before=self.now + timedelta(days=1))
        receipts.store(carrier="simulated", receipts=[told], now=self.now)

    def replies(self) -> None:
        inbound.store(replies=[answers.reply(at=self.now)], now=self.now)

    def quotes(self) -> None:
        many = scenes.numbers(quote.AT_ONCE + 1)
        scenes.compose(self.account, self.by, self.sender, now=self.now, numbers=many)

    def notices(self) -> None:
        notices.owe_withdrawal(sender=self.sender, reason="fraud", now=self.now)


LIMITS = {"beat": health.BEAT_LIMIT} | {name: limit for name, (limit, _) in health.DUE.items()}


@pytest.fixture
def scene(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Scene:
    return Scene(account, alice, sender, now)


@pytest.fixture
def _forgotten() -> Iterator[None]:
    """Have no answer kept from before, and keep none for others."""
    caches["process"].clear()
    yield
    caches["process"].clear()


def ask(client: Client, *, at: datetime) -> tuple[int, dict[str, Any]]:
    with time_machine.travel(at, tick=False):
        response = client.get("/readyz")
    return response.status_code, response.json()


def test_a_process_that_answers_is_healthy_whatever_the_database_does(client: Client) -> None:
    # Without the mark that lets a test ask the database, asking it would fail.
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (HTTPStatus.OK, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_due_is_on_time_up_to_its_limit_and_late_beyond(
    name: str, client: Client, scene: Scene, now: datetime
) -> None:
    getattr(scene, name)()
    at = now + LIMITS[name]
    if name != "beat":
        pulse.beat(now=at)
    status, told = ask(client, at=at)
    assert (status, told["status"]) == (HTTPStatus.OK, "ok")
    assert told["figures"][name]["age_seconds"] == LIMITS[name].total_seconds()

    status, told = ask(client, at=at + MOMENT)
    assert (status, told["status"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "late")
    assert [n for n, f in told["figures"].items() if f["status"] == "late"] == [name]


def test_readiness_names_every_fact_and_tells_nothing_of_a_customer(
    client: Client, scene: Scene, now: datetime
) -> None:
    scene.hand_overs_single()
    pulse.beat(now=now)
    _status, told = ask(client, at=now)
    assert set(told) == {"status", "database", "migrations_missing", "figures"}
    assert set(told["figures"]) == set(LIMITS)
    for figure in told["figures"].values():
        assert set(figure) == {"age_seconds", "limit_seconds", "status"}


def test_a_sweep_that_never_ran_is_late(client: Client, db: None, now: datetime) -> None:
    status, told = ask(client, at=now)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert told["figures"]["beat"]["age_seconds"] is None


def test_a_database_that_is_away_is_told(client: Client, db: None) -> None:
    def away(*_args: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(away):
        response = client.get("/readyz")
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json() == {"status": "late", "database": "away"}


def test_a_database_that_is_behind_the_code_is_told(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_unapplied("messaging", "0004_heartbeat")
    response = client.get("/readyz")
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json()["migrations_missing"] == 1


def test_readiness_is_not_kept_and_asks_one_row_of_each_kind(
    client: Client, db: None, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    client.get("/readyz")
    with django_assert_max_num_queries(len(LIMITS) + 3):
        response = client.get("/readyz")
    assert "no-store" in response.headers["Cache-Control"]


def test_the_sweep_gives_a_sign_of_life_every_few_seconds(db: None, now: datetime) -> None:
    for seconds in range(7):
        sweep.run(now=now + timedelta(seconds=seconds))
    assert Heartbeat.objects.get().at == now + pulse.EVERY


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize("late", ["beat", "batches", "hand_overs_single"])
def test_members_are_told_when_messages_leave_late(
    late: str, house_client: HouseClient, scene: Scene, alice: User, now: datetime
) -> None:
    getattr(scene, late)()
    page = f"/sms/{scene.account.name}/messages/"
    with time_machine.travel(now + health.NOTICED, tick=False):
        house_client.force_login(alice)
        assert WORDS not in house_client.get(page).content.decode()
    caches["process"].clear()
    with time_machine.travel(now + health.NOTICED + MOMENT, tick=False):
        assert WORDS in house_client.get(page).content.decode()


@pytest.mark.usefixtures("_forgotten")
def test_the_database_is_asked_for_members_every_few_seconds_only(
    db: None, now: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    health.messages_leave_late(now=now)
    with django_assert_num_queries(0):
        assert health.messages_leave_late(now=now) is False
