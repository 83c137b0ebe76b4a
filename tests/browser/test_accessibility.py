"""Pages with contents that are hard to lay out: long words, errors, many characters.

The pages as such are looked at in test_every_page.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from accounts.models import SmsAccount, User
from messaging import campaigns
from messaging.models import Revision
from senders.models import Sender
from tests import pages, scenes
from tests.browser import looks
from tests.browser.conftest import Deliver

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A word that no line can break by itself, as customers paste them.
LONG = "https://boulangerie.example/" + "pain" * 30


@pytest.fixture
def look(page: Page) -> Callable[[str], None]:
    """Give a function that opens an address as Alice and inspects it."""

    def at(address: str) -> None:
        page.goto(address)
        looks.inspect(page)

    return at


@pytest.fixture
def sent(account: SmsAccount, alice: User, sender: Sender, deliver: Deliver) -> Revision:
    """Give a campaign of three that arrived, with a text that is hard to lay out."""
    revision = scenes.compose(
        account, alice, sender, now=timezone.now(), numbers=scenes.numbers(3), text=LONG
    )
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=timezone.now()
    )
    deliver(revision)
    return revision


def test_the_compose_page_is_accessible_with_a_text_and_with_errors(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    page.goto(pages.compose_url(account))
    page.get_by_label("Text").fill(f"“Le pain” est prêt… {LONG}")
    page.get_by_label("Later").check()
    page.get_by_text("Class: Standard, Flash or SIM").click()
    page.get_by_text("These characters are not in the standard alphabet").wait_for()
    looks.inspect(page)
    page.get_by_role("button", name="Plan", exact=True).click()
    page.locator(".notice-error").wait_for()
    looks.inspect(page)


def test_the_review_is_accessible(
    look: Callable[[str], None], account: SmsAccount, alice: User, sender: Sender
) -> None:
    numbers = (*scenes.numbers(3), "12", "9" * 40)
    revision = scenes.compose(
        account, alice, sender, now=timezone.now(), numbers=numbers, text=LONG
    )
    look(pages.campaign_url("quote-detail", revision))


def test_what_is_planned_is_accessible(
    page: Page, look: Callable[[str], None], account: SmsAccount, alice: User, sender: Sender
) -> None:
    now = timezone.now()
    due_at = now + timedelta(days=1)
    phones = (*scenes.numbers(2), "+262692123456")
    one = scenes.compose(account, alice, sender, now=now, due_at=due_at, text=LONG)
    many = scenes.confirmed(
        account, alice, sender, now=now, due_at=due_at, numbers=phones, is_commercial=True
    )
    look(reverse("messaging:planned-list", args=[account.name]))
    for box in page.get_by_role("table").get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Cancel the ticked ones").click()
    looks.inspect(page)
    for revision in (one, many):
        look(pages.campaign_url("moment-update", revision))
        look(revision.get_absolute_url())
        page.locator("summary", has_text="Cancel").click()
        looks.inspect(page)
    look(f"{pages.compose_url(account)}?from={one.campaign.uuid}")


def test_what_was_sent_is_accessible(look: Callable[[str], None], sent: Revision) -> None:
    look(pages.campaign_url("campaign-detail", sent))
    look(pages.message_url(sent))
    look(reverse("messaging:message-list", args=[sent.account.name]))
    look(reverse("demo:handset-list"))
    look(reverse("demo:handset-detail", args=[scenes.numbers(1)[0]]))


def test_an_email_is_accessible(
    look: Callable[[str], None], settings: Settings, tmp_path: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    send_mail("A subject", LONG, "panel@example.com", ["alice@example.com"])
    look(reverse("demo:mailbox-list"))
