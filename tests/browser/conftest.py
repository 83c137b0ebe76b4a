"""The panel in a real browser: Chromium, the live server, a simulated carrier over HTTP.

What every test here promises beside its own story: no error of a script, no line in the console,
nothing loaded from elsewhere, nothing missing. Workers work when the test tells them to. One
process at a time: on a small machine several browsers are slower than one.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import SmsAccount, User
from messaging import pool, receipts, tasks
from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.program import Settings as CarrierSettings
from messaging.carrier.simulator.program import Simulator
from messaging.models import Revision
from replies import inbound
from senders.models import Lease
from tests import factories, processes, scenes
from tests.browser.watch import Watch

CHROMIUM = shutil.which("chromium")
REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"
MISSING = (
    "Not run: the tests in a browser, because there is no chromium. "
    "As root `make chromium` installs it; then: make test-all"
)
# The longest wait for what a page should show (milliseconds): polls take two seconds, busy machines
# take their time.
PATIENCE = 20_000

collect_ignore_glob = [] if CHROMIUM or REQUIRED else ["test_*.py"]

Deliver = Callable[[Revision], None]
SignIn = Callable[[BrowserContext, User], None]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was left out, and how to have it."""
    if collect_ignore_glob:
        terminalreporter.write_line(MISSING)


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_an_event_loop() -> Iterator[None]:
    """Let Django query: the browser's library keeps a loop running until the last test is over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium of the machine, without what it would ask the world for."""
    assert CHROMIUM, MISSING
    quiet = ["gpu", "quic", "background-networking", "component-update", "sync"]
    arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in quiet)]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Give the address that paths are below."""
    return live_server.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Be an English reader who wants no movement."""
    return {
        **browser_context_args,
        "locale": "en-GB",
        "timezone_id": "Europe/Paris",
        "reduced_motion": "reduce",
    }


@pytest.fixture(autouse=True)
def _within_legal_hours(now: datetime) -> Iterator[None]:
    """Let the clock go on from a moment at which commercial SMS may leave."""
    with time_machine.travel(now, tick=True):
        yield


@pytest.fixture
def watch(live_server: LiveServer) -> Iterator[Watch]:
    """Give the watch over every browser of a test; a fault that it saw fails the test."""
    expect.set_options(timeout=PATIENCE)
    made = Watch(home=live_server.url)
    yield made
    assert not made.faults, "\n".join(made.faults)


@pytest.fixture
def sign_in(live_server: LiveServer) -> SignIn:
    """Give a function that signs somebody in without the form: nobody here has a password."""

    def sign(context: BrowserContext, user: User) -> None:
        client = Client()
        client.force_login(user)
        name = django_settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": live_server.url}])

    return sign


@pytest.fixture
def visitor(watch: Watch, context: BrowserContext) -> Iterator[Page]:
    """Give a page of somebody who is not signed in."""
    watch.over(context)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page
    # Its questions end before the database is emptied.
    page.close()


@pytest.fixture
def page(visitor: Page, sign_in: SignIn, alice: User) -> Page:
    """Give a page of Alice's."""
    sign_in(visitor.context, alice)
    return visitor


@pytest.fixture
def deliver(live_server: LiveServer, settings: Settings, tmp_path: Path) -> Iterator[Deliver]:
    """Run the simulated carrier and give a function: the workers take a revision to its end."""
    settings.CARRIER_TOKEN = "token-of-a-test"
    carrier = Simulator(
        settings=CarrierSettings(
            books=tmp_path / "books.sqlite3",
            door=f"{live_server.url}/carrier/receipts/",
            reply_door=f"{live_server.url}/carrier/replies/",
            door_secret=settings.CARRIER_DOOR_SECRET,
            token=settings.CARRIER_TOKEN,
            terms=Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0),
            honours_references=True,
        ),
        clock=timezone.now,
    )
    settings.CARRIER_URL = carrier.start(host="127.0.0.1", port=0)
    pool.refresh(carrier=tasks.carrier(), now=timezone.now())

    def work(revision: Revision) -> None:
        scenes.hand_over_all(revision, tasks.carrier(), now=timezone.now())
        applied = 0

        def all_applied() -> bool:
            nonlocal applied
            applied += receipts.apply_group(now=timezone.now())
            return applied >= revision.messages

        processes.wait_for(all_applied, seconds=20, what="the carrier told all receipts")

    yield work
    carrier.stop()


@pytest.fixture
def lent(deliver: Deliver, account: SmsAccount, alice: User) -> str:
    """Let an SMS from the short number arrive on the phone; give the number that it bears."""
    short = factories.short_sender(account)
    question = "Passez-vous demain?"
    deliver(scenes.compose(account, alice, short, now=timezone.now(), text=question))
    return Lease.objects.get().number


def take_in() -> None:
    """Do what the worker does, once the carrier has brought a reply."""
    processes.wait_for(
        lambda: inbound.apply_group(now=timezone.now()) > 0,
        seconds=20,
        what="the carrier brought the reply",
    )
