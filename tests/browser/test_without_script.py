"""The same pages in a browser that runs no script: nothing needs one."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import SmsAccount, User
from messaging.models import Revision
from senders.models import Sender
from tests import scenes
from tests.browser.conftest import PATIENCE, Deliver, SignIn
from tests.browser.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def plain(
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    alice: User,
) -> Page:
    """Give a page of Alice's that runs no script."""
    context = new_context(java_script_enabled=False)
    watch.over(context)
    context.set_default_timeout(PATIENCE)
    sign_in(context, alice)
    return context.new_page()


def test_an_sms_is_counted_replaced_sent_and_found_without_script(
    plain: Page, account: SmsAccount, sender: Sender, deliver: Deliver
) -> None:
    plain.goto(f"/sms/{account.name}/compose/")
    plain.get_by_label("Recipients").fill("+33612345678")
    plain.get_by_label("Text").fill("Le pain est “pret”")
    plain.get_by_label("This SMS is not commercial").check()
    plain.get_by_role("button", name="Count").click()
    expect(plain.locator("#size")).to_contain_text("Unicode")
    expect(plain.locator("#cost")).to_contain_text("1 credit")

    plain.get_by_role("button", name="Replace by look-alikes").click()
    expect(plain.get_by_label("Text")).to_have_value('Le pain est "pret"')
    expect(plain.locator("#size")).to_contain_text("Standard alphabet")
    expect(plain.get_by_label("This SMS is not commercial")).to_be_checked()

    plain.get_by_role("button", name="Send", exact=True).click()
    expect(plain.get_by_text("SMS on its way.")).to_be_visible()
    deliver(Revision.objects.get())
    plain.get_by_role("link", name="Refresh").click()
    expect(plain.locator("#status [role=status]")).to_contain_text("Delivered")


def test_the_history_is_filtered_without_script(
    plain: Page, account: SmsAccount, sender: Sender, deliver: Deliver, alice: User
) -> None:
    now = timezone.now()
    for number in scenes.numbers(2):
        deliver(scenes.compose(account, alice, sender, now=now, numbers=(number,)))
    plain.goto(f"/sms/{account.name}/messages/")
    rows = plain.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(2)
    plain.get_by_label("Number").fill(scenes.numbers(2)[1])
    plain.get_by_label("Status").select_option(label="Delivered")
    plain.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(1)
    expect(plain.get_by_label("Number")).to_have_value(scenes.numbers(2)[1])
    plain.get_by_label("Status").select_option(label="Refused")
    plain.get_by_role("button", name="Filter").click()
    plain.get_by_role("link", name="Clear the filter").click()
    expect(rows).to_have_count(2)


def test_an_sms_is_planned_moved_and_cancelled_without_script(
    plain: Page, account: SmsAccount, sender: Sender
) -> None:
    plain.goto(f"/sms/{account.name}/compose/")
    plain.get_by_label("Recipients").fill("+33612345678")
    plain.get_by_label("Text").fill("Le pain est pret")
    plain.get_by_label("This SMS is not commercial").check()
    plain.get_by_label("Later").check()
    plain.get_by_label("Date").fill("2027-03-12")
    plain.get_by_label("Time").fill("08:30")
    plain.get_by_role("button", name="Send", exact=True).click()
    expect(plain.get_by_text("Planned: leaves Fri 12 Mar 2027, 08:30")).to_be_visible()

    plain.get_by_role("link", name="Planned SMS", exact=True).first.click()
    plain.get_by_role("link", name="Change the moment").click()
    plain.get_by_label("Date").fill("2027-03-15")
    plain.get_by_role("button", name="Show when it would leave").click()
    expect(plain.locator("#departures")).to_contain_text("Mon 15 Mar 2027, 08:30")
    plain.get_by_role("button", name="Plan for Mon 15 Mar 08:30").click()
    expect(plain.get_by_text("Planned: leaves Mon 15 Mar 2027, 08:30")).to_be_visible()

    plain.get_by_role("link", name="Planned SMS", exact=True).first.click()
    plain.get_by_role("checkbox").check()
    plain.get_by_role("button", name="Cancel the ticked ones").click()
    plain.get_by_role("button", name="Cancel it").click()
    expect(plain.get_by_role("table")).to_contain_text("Cancelled")
    expect(plain.locator("#balance")).to_contain_text("1,000 credits")


def test_a_menu_opens_without_script_on_a_phone(plain: Page, account: SmsAccount) -> None:
    plain.set_viewport_size({"width": 390, "height": 800})
    plain.goto(f"/sms/{account.name}/messages/")
    plain.get_by_role("button", name="Menu").click()
    plain.locator("#navigation").get_by_role("link", name="Characters and tips").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("Characters")
