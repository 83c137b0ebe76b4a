"""The first SMS in a browser: sign in, write, watch the count, send, see it arrive."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import SmsAccount, User
from messaging.models import Revision
from senders.models import Sender
from tests.browser.conftest import Deliver

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a-password-for-tests-only"


def test_alice_signs_in_writes_and_watches_her_sms_arrive(
    visitor: Page, account: SmsAccount, alice: User, sender: Sender, deliver: Deliver
) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    visitor.goto("/")
    visitor.get_by_label("Email").fill(alice.email)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.locator("#balance")).to_contain_text("1,000 credits")

    visitor.get_by_label("Recipients").fill("+33612345678")
    visitor.get_by_label("Text").fill("Le pain est pret")
    visitor.get_by_label("This SMS is not commercial").check()
    visitor.get_by_role("button", name="Send", exact=True).click()
    expect(visitor.get_by_text("SMS on its way.")).to_be_visible()
    expect(visitor.locator("#balance")).to_contain_text("999 credits")

    deliver(Revision.objects.get())
    expect(visitor.locator("#status [role=status]")).to_contain_text("Delivered")
    visitor.get_by_role("link", name="History").first.click()
    expect(visitor.get_by_role("table")).to_contain_text("Le pain est pret")


def test_the_count_follows_what_is_typed(page: Page, account: SmsAccount, sender: Sender) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Recipients").fill("+33612345678")
    page.get_by_label("Text").press_sequentially("Le pain est prêt")
    size, cost = page.locator("#size"), page.locator("#cost")
    expect(size).to_contain_text("Unicode")
    expect(size.get_by_role("listitem")).to_contain_text("ê")
    expect(size).not_to_contain_text("STOP")
    page.get_by_label("Sender").select_option("Martin")
    expect(size).to_contain_text("STOP")
    expect(cost).to_contain_text("1 credit")

    page.get_by_label("This SMS is not commercial").check()
    expect(size).not_to_contain_text("STOP")
    page.get_by_label("Text").fill("pain " * 40)
    expect(size).to_contain_text("2 SMS")
    expect(cost).to_contain_text("2 credits")
    page.get_by_label("Recipients").fill("+33612345678, +33612345679")
    expect(page.get_by_role("button", name="Go on to the review")).to_be_visible()
    expect(cost).to_contain_text("4 credits")


def test_a_wrong_number_is_told_beside_its_field_and_nothing_typed_is_lost(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Recipients").fill("12")
    page.get_by_label("Text").fill("Le pain est pret")
    page.get_by_role("button", name="Send", exact=True).or_(
        page.get_by_role("button", name="Plan for")
    ).click()
    expect(page.locator(".notice-error")).to_be_focused()
    expect(page.get_by_label("Recipients")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Recipients")).to_have_value("12")
    expect(page.get_by_label("Text")).to_have_value("Le pain est pret")
    assert not Revision.objects.exists()
