"""The first SMS, from signing in to "delivered", and the first campaign, through HTTP alone."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Terms
from messaging.models import Revision
from senders.models import Sender
from tests import pages, scenes
from tests.house_client import HouseClient

PASSWORD = "a-password-for-tests-only"
TERMS = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)


def carry(revision: Revision, *, books: Path, now: datetime) -> None:
    """Let a revision go through the simulated carrier, receipts included."""
    carrier = InProcessCarrier(books=books, terms=TERMS, honours_references=True, clock=lambda: now)
    scenes.hand_over_all(revision, carrier, now=now)
    scenes.receive(carrier.take_receipts(), now=now)
    carrier.close()


def form_of(words: str) -> dict[str, str]:
    """Give the hidden fields of the page, as a browser would post them."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', words))


@pytest.mark.django_db
def test_alice_writes_her_first_sms_and_sees_it_delivered(
    house_client: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    tmp_path: Path,
) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    with time_machine.travel(now, tick=False):
        house_client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
        page = pages.words_of(house_client.get(pages.compose_url(account)))
        assert "Balance: <strong>1,000 credits</strong>" in page
        key = form_of(page)["key"]
        sent = pages.post(house_client, account, key=key, text="Le pain est pret")
        message = pages.words_of(house_client.get(sent.url))
        assert "SMS on its way." in message
        assert "Balance: <strong>999 credits</strong>" in message

        carry(Revision.objects.get(), books=tmp_path / "books.sqlite3", now=now)
        assert "Delivered" in pages.words_of(house_client.get(sent.url))
        history = pages.words_of(
            house_client.get(reverse("messaging:message-list", args=[account.name]))
        )
        assert sent.url in history
        assert "Le pain est pret" in history


@pytest.mark.django_db
def test_alice_reviews_changes_and_confirms_her_first_campaign(
    house_client: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    tmp_path: Path,
) -> None:
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        typed = "\n".join(scenes.numbers(3))
        first = pages.post(house_client, account, recipients=typed, text="Solde", not_commercial="")
        review = pages.words_of(house_client.get(first.url))
        assert "Solde STOP:36111" in review
        assert "Balance: <strong>1,000 credits</strong>" in review

        (edit,) = set(re.findall(r'href="([^"]+\?from=[^"]+)"', review))
        kept = form_of(pages.words_of(house_client.get(edit)))
        second = pages.post(
            house_client,
            account,
            key=kept["key"],
            replaces=kept["replaces"],
            recipients=typed,
            text="Soldes",
            not_commercial="",
        )
        assert second.url == first.url
        quote = form_of(pages.words_of(house_client.get(second.url)))
        assert quote["revision"] == "2"
        revision = Revision.objects.get(number=2)
        confirmed: Any = house_client.post(pages.campaign_url("campaign-confirm", revision), quote)
        assert ledger.balance(account_id=account.pk) == 997_00

        carry(revision, books=tmp_path / "books.sqlite3", now=now)
        campaign = pages.words_of(house_client.get(confirmed.url, follow=True))
        assert "3 of 3" in campaign
        assert "Delivered" in campaign
