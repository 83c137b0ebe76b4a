"""A name in a browser: checked while it is typed, asked for with a document, asked for again."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from accounts.models import SmsAccount, User
from senders import asking, review
from senders.models import Sender, SenderDocument
from tests import factories, papers
from tests.browser.conftest import PATIENCE, SignIn
from tests.browser.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KBIS = FilePayload(name="kbis.jpg", mimeType="image/jpeg", buffer=papers.JPEG)
LIE = FilePayload(name="lettre.pdf", mimeType="application/pdf", buffer=papers.HTML)


def open_page(
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    alice: User,
    *,
    script: bool,
) -> Page:
    context = new_context(java_script_enabled=script)
    watch.over(context)
    context.set_default_timeout(PATIENCE)
    sign_in(context, alice)
    return context.new_page()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_name_is_checked_asked_for_refused_and_asked_for_again(
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    alice: User,
    sam: User,
    account: SmsAccount,
    script: bool,
) -> None:
    page = open_page(watch, new_context, sign_in, alice, script=script)
    page.goto(f"/sms/{account.name}/senders/")
    page.get_by_role("link", name="Add a sender").click()
    page.locator("#id_name").fill("36111")
    if not script:
        page.get_by_role("button", name="Check the name").click()
    expect(page.locator("#name-told")).to_contain_text("looks like a short number")
    page.locator("#id_name").fill("FOURNIL")
    page.get_by_label("Reason").fill("Orders that are ready")
    if script:
        expect(page.locator("#name-told")).to_contain_text("“FOURNIL” can be asked for.")

    ask = page.get_by_role("button", name="Ask for this name")
    page.get_by_label("Supporting documents").set_input_files([KBIS, LIE])
    ask.click()
    expect(page.locator("#id_documents_error")).to_contain_text("lettre.pdf: this is no PDF")
    expect(page.get_by_label("Reason")).to_have_value("Orders that are ready")
    page.get_by_label("Supporting documents").set_input_files([KBIS])
    ask.click()
    expect(page.get_by_text("Your request is with our staff.")).to_be_visible()
    assert SenderDocument.objects.count() == 1

    sender = Sender.objects.get(name="FOURNIL")
    review.refuse(sender=sender, by=sam, reason="No stamp.", now=timezone.now())
    page.goto(f"/sms/{account.name}/senders/")
    expect(page.get_by_role("row", name="FOURNIL")).to_contain_text("No stamp.")
    page.get_by_role("link", name="FOURNIL").click()
    page.get_by_role("link", name="Ask again").click()
    page.get_by_label("What changed").fill("Stamped")
    page.get_by_label("Supporting documents").set_input_files([KBIS])
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("Waiting for validation")).to_be_visible()
    assert sender.requests.count() == 2


def test_several_names_are_taken_by_keyboard(
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    alice: User,
    sam: User,
    account: SmsAccount,
) -> None:
    for value in ("Martin", "FOURNIL"):
        asking.confirm_identity(
            customer=account.customer, kind="name", value=value, by=sam, now=timezone.now()
        )
    page = open_page(watch, new_context, sign_in, alice, script=True)
    page.goto(f"/sms/{account.name}/senders/add/")
    page.get_by_label("FOURNIL").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 senders may be used now.")).to_be_visible()


def test_a_sender_is_put_aside_after_one_question(
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    alice: User,
    account: SmsAccount,
) -> None:
    factories.make_sender(account, now=timezone.now())
    page = open_page(watch, new_context, sign_in, alice, script=False)
    page.goto(f"/sms/{account.name}/senders/named/Martin/")
    page.get_by_text("Put aside").first.click()
    expect(page.get_by_text("Put this sender aside?")).to_be_visible()
    page.get_by_role("button", name="Put aside").click()
    expect(page.get_by_text("Martin is put aside.")).to_be_visible()
    page.get_by_role("button", name="Use it again").click()
    expect(page.get_by_text("Martin may be used again.")).to_be_visible()
