"""A reply in a browser: answered on the handset, read in the panel; STOP joins the opt-outs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import SmsAccount, User
from messaging import tasks
from messaging.carrier import base
from tests import answers
from tests.browser.conftest import PATIENCE, SignIn, take_in
from tests.browser.watch import Watch
from tests.scenes import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOWN = "+33 6 12 34 56 78"


def arrive(text: str, *, sender: str) -> None:
    """Let an SMS arrive on the phone."""
    chunk = base.Chunk(
        sender=sender,
        text=text,
        message_class=base.MessageClass.STANDARD,
        clause="",
        validity=timedelta(hours=48),
        recipients=(base.Recipient(reference=text, to=PHONE, text=None),),
    )
    assert tasks.carrier().submit(chunk, deadline=10)[0].accepted


def tell_the_story(page: Page, account: SmsAccount, number: str) -> None:
    """Answer, read, say STOP, find the phone on the list, and write to it in vain."""
    handset, panel = f"/demo/handset/{PHONE}/", f"/sms/{account.name}"
    page.goto(handset)
    page.get_by_label(f"Reply to {number}").fill("Oui, vers 9 h")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent from this phone.")).to_be_visible()
    take_in()

    page.goto(f"{panel}/received/")
    row = page.get_by_role("table").locator("tbody tr")
    expect(row).to_contain_text("Oui, vers 9 h")
    expect(row).to_contain_text("New")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Reply from {SHOWN}")
    expect(page.get_by_text("Replies are taken until")).to_be_visible()

    page.goto(handset)
    page.get_by_role("button", name=f"STOP to {number}").first.click()
    expect(page.get_by_text("Sent from this phone.")).to_be_visible()
    take_in()
    page.goto(f"{panel}/opt-outs/")
    expect(page.get_by_role("table")).to_contain_text(SHOWN)
    expect(page.get_by_role("table")).to_contain_text("STOP received")

    page.goto(f"{panel}/compose/")
    page.get_by_label("Recipients").fill(PHONE)
    page.get_by_label("Text").fill("Et samedi?")
    page.get_by_label("This SMS is not commercial").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("This recipient opted out (STOP)").first).to_be_visible()
    expect(page.locator("#balance")).to_contain_text("998 credits")


def test_a_reply_is_answered_on_the_handset_and_read_in_the_panel(
    page: Page, account: SmsAccount, lent: str
) -> None:
    tell_the_story(page, account, lent)


def test_the_same_without_script(
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    alice: User,
    account: SmsAccount,
    lent: str,
) -> None:
    context = new_context(java_script_enabled=False)
    watch.over(context)
    context.set_default_timeout(PATIENCE)
    sign_in(context, alice)
    tell_the_story(context.new_page(), account, lent)


def test_after_48_hours_an_answer_is_not_taken_into_account(
    page: Page, account: SmsAccount, lent: str
) -> None:
    page.goto(f"/demo/handset/{PHONE}/")
    page.get_by_role("button", name="Let 48 hours pass").click()
    expect(page.get_by_text("48 hours went by for this phone")).to_be_visible()
    page.get_by_label(f"Reply to {lent}").fill("Trop tard?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent from this phone.")).to_be_visible()
    take_in()
    page.goto(f"/sms/{account.name}/received/")
    expect(page.get_by_text("No reply yet")).to_be_visible()


def test_what_is_typed_on_the_handset_outlives_what_arrives(page: Page, lent: str) -> None:
    page.goto(f"/demo/handset/{PHONE}/")
    page.get_by_label(f"Reply to {lent}").fill("Attendez")
    arrive("Autre chose", sender="MAISON")
    expect(page.get_by_text("Autre chose")).to_be_visible()
    expect(page.get_by_label(f"Reply to {lent}")).to_have_value("Attendez")


def test_the_table_is_sorted_by_its_heads_and_on_a_phone_by_a_choice(
    page: Page, account: SmsAccount
) -> None:
    now = timezone.now()
    answers.lend(account, at=now)
    for text in ("bravo", "alpha"):
        answers.receive_one(at=now, text=text)
    page.goto(f"/sms/{account.name}/received/")
    texts = page.locator("tbody td[data-label=Text]")
    page.get_by_role("columnheader", name="Text").get_by_role("link").click()
    expect(texts).to_have_text(["alpha", "bravo"])
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_label("Sort by").select_option(label="Text: Z to A")
    page.get_by_role("button", name="Show").click()
    expect(texts).to_have_text(["bravo", "alpha"])
