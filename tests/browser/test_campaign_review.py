"""A campaign to several numbers in a browser: review, confirmation, progress."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import SmsAccount
from messaging.models import Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.browser.conftest import Deliver

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def write(page: Page, account: SmsAccount, *, recipients: tuple[str, ...], text: str) -> None:
    """Write a non-commercial SMS and go on to its review."""
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Recipients").fill("\n".join(recipients))
    page.get_by_label("Text").fill(text)
    page.get_by_label("This SMS is not commercial").check()
    page.get_by_role("button", name="Go on to the review").click()


def test_a_campaign_is_reviewed_confirmed_and_watched_to_its_end(
    page: Page, account: SmsAccount, sender: Sender, deliver: Deliver
) -> None:
    good = scenes.numbers(3)
    write(page, account, recipients=(*good, good[0], "12"), text="Solde")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review")
    left_out = page.locator(".left-out")
    expect(left_out).to_contain_text("Duplicates left out")
    expect(page.get_by_role("region", name="Refused numbers")).to_contain_text("12")
    expect(page.locator("#balance")).to_contain_text("1,000 credits")

    page.get_by_role("button", name="Send to 3 recipients").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("SMS to 3 recipients")
    expect(page.locator("#balance")).to_contain_text("997 credits")
    deliver(Revision.objects.get())
    expect(page.locator("#progress")).to_contain_text("3 of 3")
    expect(page.locator("#progress")).to_contain_text("Delivered")


def test_a_campaign_is_changed_before_it_is_confirmed(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    write(page, account, recipients=scenes.numbers(2), text="Solde")
    page.get_by_role("link", name="Change the text or the recipients").click()
    expect(page.get_by_label("Text")).to_have_value("Solde")
    page.get_by_label("Text").fill("Soldes")
    page.get_by_role("button", name="Go on to the review").click()
    expect(page.locator(".bubble")).to_contain_text("Soldes")
    page.get_by_role("button", name="Send to 2 recipients").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("SMS to 2 recipients")
    confirmed = Revision.objects.exclude(confirmed_at=None).get()
    assert (confirmed.number, confirmed.text) == (2, "Soldes")
    assert confirmed.state != RevisionState.QUOTING
