"""A word and a number that nobody else uses go the whole way of an SMS, and are found nowhere.

Every line of every logger, every task with its headers, and the trail are searched, after all that
can be done to an SMS: sent, quoted, handed over, received, looked for, and broken in each place.
"""

import io
import json
import logging
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import time_machine
from celery import current_app
from celery.signals import before_task_publish
from django.db import DataError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings as PytestSettings

from accounts.models import SmsAccount, TrailEntry, User
from messaging import campaigns, claims, tasks
from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.program import Settings, Simulator
from messaging.models import CarrierPause, HandOver, Message, Revision
from senders.models import Sender
from smsmanager import logs
from tests import pages, scenes

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN, SECRET = "token-of-a-test", "c2VjcmV0LW9mLWEtdGVzdA=="
# What may stand between the digits of a number, in a text or in an address.
BETWEEN = re.compile(r"[\s.()/_\-\u00a0\u202f]|%(?:20|2B|28|29|2E|2F|2D)", re.IGNORECASE)


@dataclass
class Canary:
    """The word and the number, and where they could be found."""

    word: str
    number: str
    written: list[io.StringIO] = field(default_factory=list)
    published: list[str] = field(default_factory=list)

    @property
    def spellings(self) -> list[str]:
        """The number as people and programs write it."""
        nine = self.number.removeprefix("+33")
        pairs = re.findall("..", "0" + nine)
        return [
            self.number, f"0033{nine}", f"0{nine}", " ".join(pairs), ".".join(pairs),
            f"+33 {nine[0]} " + " ".join(pairs[1:]), f"%2B33{nine}", "%20".join(pairs),
        ]  # fmt: skip

    def places(self) -> dict[str, str]:
        """Give all that was written, by where."""
        trail = TrailEntry.objects.values_list("event", "subject", "details")
        return {
            "a log": "\n".join(stream.getvalue() for stream in self.written),
            "a task": "\n".join(self.published),
            "the trail": json.dumps(list(trail), default=str),
        }

    def leaks(self) -> list[str]:
        """Name each place in which the word, or the number in any spelling, stands."""
        nine = self.number.removeprefix("+33")
        return [
            place
            for place, text in self.places().items()
            if self.word.casefold() in text.casefold() or nine in BETWEEN.sub("", text)
        ]


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Listen to everything: ours from DEBUG on, others from INFO on, as both formatters write."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    word = "Zq" + "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=10))
    made = Canary(word=word, number=f"+3361{chance.randrange(10**7):07d}")
    root, before = logging.getLogger(), {}
    handlers = []
    for as_json in (True, False):
        made.written.append(io.StringIO())
        handlers.append(logging.StreamHandler(made.written[-1]))
        handlers[-1].setFormatter(logs.Formatter(as_json=as_json))
        root.addHandler(handlers[-1])
    chatty = dict.fromkeys((*logs.CHATTY, *logs.OWN_HANDLERS, ""), logging.INFO)
    for name, level in {**chatty, **dict.fromkeys(logs.OURS, logging.DEBUG)}.items():
        before[name] = logging.getLogger(name).level
        logging.getLogger(name).setLevel(level)

    def note(body: object, headers: dict[str, Any], **rest: object) -> None:
        made.published.append(repr((body, headers, rest)))

    before_task_publish.connect(note)
    yield made
    before_task_publish.disconnect(note)
    # A task that was run here is over.
    structlog.contextvars.clear_contextvars()
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def carrier(tmp_path: Path, settings: PytestSettings, now: datetime) -> Iterator[Simulator]:
    """The simulated carrier, over HTTP; its receipts go nowhere by themselves."""
    made = Simulator(
        settings=Settings(
            books=tmp_path / "carrier.sqlite3",
            door="http://127.0.0.1:1/",
            door_secret=SECRET,
            token=TOKEN,
            terms=Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0),
            honours_references=True,
        ),
        clock=lambda: now,
    )
    settings.CARRIER_URL = made.start(host="127.0.0.1", port=0)
    settings.CARRIER_TOKEN, settings.CARRIER_DOOR_SECRET = TOKEN, SECRET
    yield made
    made.stop()


def run(name: str, *args: int) -> None:
    """Run a task as a worker does, failures included."""
    getattr(tasks, name).apply(args=args)


def run_hand_overs() -> None:
    for pk in list(HandOver.objects.order_by("pk").values_list("pk", flat=True)):
        run("hand_over", pk)


def quoting(canary: Canary) -> Callable[..., Any]:
    """Refuse statements as a database does: with the row that they are about."""

    def execute(run_it: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "INSERT INTO" in sql or "messaging_message" in sql:
            raise DataError(f"failing row contains ({canary.word}, {canary.number})")
        return run_it(sql, *rest)

    return execute


class Journey:
    """Everything that is done with the canary's SMS."""

    def __init__(self, canary: Canary, client: Client, account: SmsAccount, by: User) -> None:
        self.canary, self.client, self.account, self.by = canary, client, account, by

    def compose(self, **changes: str) -> Any:
        fields = {"recipients": self.canary.number, "text": f"Bonjour {self.canary.word}"}
        return self.client.post(pages.compose_url(self.account), pages.filled(**(fields | changes)))

    def send_one(self) -> None:
        assert self.compose().status_code == 302
        run("sweep")
        run("leave", Revision.objects.latest("pk").batches.get().pk)
        run_hand_overs()
        assert Message.objects.filter(recipient=self.canary.number).exists()

    def send_a_campaign(self) -> None:
        sent = self.compose(recipients=f"{self.canary.spellings[3]}\n+33798765432\nx", when="now")
        revision = Revision.objects.latest("pk")
        self.client.get(sent.url)
        total = revision.total_hundredths
        campaigns.confirm(revision=revision, by=self.by, total_hundredths=total, now=timezone.now())
        for batch in revision.batches.all():
            run("leave", batch.pk)
        run_hand_overs()

    def receive(self) -> None:
        """Have a receipt that is read, one that is malformed, and a push that is unsigned."""
        door = reverse("carrier:receipt-create")
        self.client.post(door, f'{{"to": "{self.canary.number}"}}', content_type="text/plain")
        revision = Revision.objects.earliest("pk")
        told = scenes.receipt(revision, 1, now=timezone.now(), operator=self.canary.number)
        scenes.receive([told], now=timezone.now())
        run("apply_receipts")

    def look(self) -> None:
        """Filter the history by the number, open the phone, and miss both."""
        history = reverse("messaging:message-list", args=[self.account.name])
        for spelling in self.canary.spellings:
            self.client.get(f"{history}?number={spelling}")
            self.client.get(f"/demo/handset/?number={spelling}")
            self.client.get(f"/nowhere/{spelling}/?q={self.canary.word}")
            self.client.get("/healthz", headers={"User-Agent": spelling})
        self.client.get(f"/demo/handset/{self.canary.number}/")
        self.client.get(history, {"number": self.canary.word})

    def be_refused(self) -> None:
        for changes in (
            {"text": ""},
            {"sender": "Other"},
            {"recipients": "x" + self.canary.number},
        ):
            self.compose(**changes)
        self.compose(text=f"{self.canary.word}\0")

    def break_a_view(self) -> None:
        with connection.execute_wrapper(quoting(self.canary)):
            assert self.compose().status_code == 500

    def break_a_task(self) -> None:
        self.compose()
        run("leave", Revision.objects.latest("pk").batches.get().pk)
        with connection.execute_wrapper(quoting(self.canary)):
            run_hand_overs()

    def lose_the_carrier(self, carrier: Simulator, settings: PytestSettings) -> None:
        """Refuse our token, then be away; then ask about what was claimed."""
        settings.CARRIER_TOKEN = "other"
        run_hand_overs()
        carrier.stop()
        CarrierPause.objects.all().delete()
        HandOver.objects.update(not_before=timezone.now())
        run_hand_overs()
        self.client.get(f"/demo/handset/{self.canary.number}/")
        HandOver.objects.filter(state="ready").update(not_before=timezone.now())
        waiting = HandOver.objects.filter(state="ready").latest("pk")
        assert claims.claim(hand_over_id=waiting.pk, clock=timezone.now)
        HandOver.objects.filter(pk=waiting.pk).update(lease_until=timezone.now())
        run("recover", waiting.pk)
        run("sweep")
        run("tidy")

    def cancel(self) -> None:
        at = timezone.localtime(timezone.now() + timedelta(days=1))
        self.compose(when="later", date=at.strftime("%Y-%m-%d"), time="12:00")
        revision = Revision.objects.latest("pk")
        campaigns.cancel(revision=revision, by=self.by, now=timezone.now())


@pytest.fixture
def journey(canary: Canary, account: SmsAccount, alice: User, sender: Sender) -> Journey:
    return Journey(canary, Client(raise_request_exception=False), account, alice)


def test_no_number_and_no_text_gets_into_logs_tasks_or_the_trail(
    journey: Journey, carrier: Simulator, settings: PytestSettings, now: datetime
) -> None:
    with time_machine.travel(now, tick=False):
        journey.client.force_login(journey.by)
        journey.send_one()
        journey.send_a_campaign()
        journey.receive()
        journey.look()
        journey.be_refused()
        journey.cancel()
        journey.break_a_view()
        journey.break_a_task()
        journey.lose_the_carrier(carrier, settings)
    places = journey.canary.places()
    assert journey.canary.leaks() == [], places
    for event in (
        "campaign.composed", "campaign.confirmed", "campaign.cancelled", "quote.loaded",
        "batch.left", "hand_over.answered", "hand_over.put_off", "carrier.misconfigured",
        "receipts.applied", "credits.refunded", "request.finished", "DataError",
        "Not Found", "Internal Server Error", "raised unexpected",
    ):  # fmt: skip
        assert event in places["a log"], f"{event} did not happen: nothing was proved of it"
    assert "messaging.tasks.leave" in places["a task"]
    assert "campaign.confirmed" in places["the trail"]


LEAKS: dict[str, Callable[[Canary], object]] = {
    "a word in a log": lambda c: logging.getLogger("messaging").debug("to send: %s", c.word),
    "a word in an event": lambda c: structlog.stdlib.get_logger("replies").info("x", text=c.word),
    "a word in a library's log": lambda c: logging.getLogger("urllib3").info("sent %s", c.word),
    "a number in a task": lambda c: current_app.send_task("x", args=[c.number], queue="canary"),
    "spaces in a task": lambda c: current_app.send_task(
        "x", kwargs={"to": c.spellings[3]}, queue="canary"
    ),
    "a word in a header": lambda c: current_app.send_task(
        "x", headers={"text": c.word}, queue="canary"
    ),
    "a word in the trail": lambda c: TrailEntry.objects.create(
        at=timezone.now(), event="x", subject="y", details={"text": c.word}
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(leak: str, canary: Canary) -> None:
    assert canary.leaks() == []
    LEAKS[leak](canary)
    assert len(canary.leaks()) == 1


def test_a_number_without_the_mask_would_be_found_in_every_spelling(canary: Canary) -> None:
    for spelling in canary.spellings:
        canary.written[0].truncate(0)
        logging.getLogger("messaging").warning("sent to %s", spelling)
        assert canary.leaks() == []
        canary.written[0].write(f"sent to {spelling}")
        assert canary.leaks() == ["a log"], spelling
