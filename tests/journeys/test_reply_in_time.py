"""An SMS from a short number, its answer, and STOP: from the form to the opt-out list, by HTTP."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import SmsAccount, User
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Terms
from messaging.models import Message, Revision, Status
from replies import inbound
from replies.models import Reply, ReplyState
from senders.models import Lease
from tests import answers, factories, pages, scenes
from tests.house_client import HouseClient

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TERMS = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)
PHONE = scenes.PHONE


class Story:
    """Alice at her panel, a phone, and the carrier between them; one clock for all."""

    def __init__(self, client: HouseClient, account: SmsAccount, books: Path) -> None:
        self.client, self.account = client, account
        self.now = factories.NOW
        self.carrier = InProcessCarrier(
            books=books, terms=TERMS, honours_references=True, clock=lambda: self.now
        )

    def send(self, text: str) -> None:
        """Write to the phone from the short number, by the form, and let it arrive."""
        with time_machine.travel(self.now, tick=False):
            sent = pages.post(self.client, self.account, sender="#short", text=text)
            assert sent.status_code == 302
        scenes.hand_over_all(Revision.objects.latest("pk"), self.carrier, now=self.now)
        scenes.receive(self.carrier.take_receipts(), now=self.now)

    def answer(self, text: str, *, after: timedelta) -> Reply:
        """Have the phone answer the last SMS some time later."""
        self.now += after
        self.carrier.answer(PHONE, text=text)
        told = self.carrier.take_replies()
        # Brought twice, as carriers do.
        inbound.store(replies=told, now=self.now)
        return answers.receive(told, now=self.now)[0]

    def page(self, name: str, **more: Any) -> str:
        with time_machine.travel(self.now, tick=False):
            address = reverse(name, kwargs={"account": self.account.name, **more})
            return pages.words_of(self.client.get(address))


@pytest.fixture
def story(
    house_client: HouseClient, account: SmsAccount, alice: User, now: datetime, tmp_path: Path
) -> Iterator[Story]:
    factories.make_pool(20, now=now)
    made = Story(house_client, account, tmp_path / "books.sqlite3")
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
    yield made
    made.carrier.close()


def test_a_reply_in_time_is_charged_and_read_in_its_conversation(story: Story) -> None:
    story.send("Passez-vous demain?")
    reply = story.answer("Oui, vers 9 h", after=47 * HOUR)
    assert reply.state == ReplyState.OPEN
    assert answers.balance(story.account) == 998
    listed = story.page("replies:reply-list")
    for words in ("Oui, vers 9 h", "Passez-vous demain?", "nav-count", "998 credits"):
        assert words in listed
    talk = story.page("replies:reply-detail", reply=reply.uuid)
    assert talk.index("Passez-vous demain?") < talk.index("Oui, vers 9 h")
    assert "Replies are taken until Fri 12 Mar 2027, 10:00" in talk
    assert "nav-count" not in story.page("replies:reply-list")


def test_a_further_message_keeps_the_number_and_moves_the_end(story: Story) -> None:
    story.send("Passez-vous demain?")
    story.now += 40 * HOUR
    story.send("Toujours partant?")
    reply = story.answer("Oui", after=47 * HOUR)
    assert reply.state == ReplyState.OPEN
    assert Lease.objects.get().last_reply_at == story.now
    assert reply.message_id == Message.objects.latest("pk").pk


def test_a_late_reply_is_not_taken_into_account_but_its_stop_is(story: Story) -> None:
    story.send("Passez-vous demain?")
    story.carrier.let_pass(PHONE)
    assert story.answer("Oui", after=HOUR).state == ReplyState.REFUSED
    assert "No reply yet" in story.page("replies:reply-list")
    story.carrier.let_pass(PHONE)
    assert story.answer("Stop", after=HOUR).state == ReplyState.STOPPED
    assert answers.balance(story.account) == 999
    assert "+33 6 12 34 56 78" in story.page("messaging:opt-out-list")
    with time_machine.travel(story.now, tick=False):
        refused = pages.post(story.client, story.account, sender="#short", text="Encore?")
    assert refused.status_code == 422
    assert "opted out" in pages.words_of(refused)


def test_a_stop_while_the_next_one_waits_skips_it_and_gives_it_back(story: Story) -> None:
    story.send("Passez-vous demain?")
    with time_machine.travel(story.now, tick=False):
        pages.post(story.client, story.account, sender="#short", text="Encore?")
    waiting = Revision.objects.latest("pk")
    scenes.leave_all(waiting, now=story.now)
    assert answers.balance(story.account) == 998
    story.answer("STOP", after=timedelta(0))
    scenes.hand_over_all(waiting, story.carrier, now=story.now)
    assert Message.objects.latest("pk").status == Status.SKIPPED
    assert answers.balance(story.account) == 999
    assert len(story.carrier.shown_on(PHONE)) == 1
