"""What is planned in a browser: written for later, watched, moved, changed, cancelled."""

from datetime import datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import Page, Route, expect

from accounts.models import SmsAccount, User
from messaging.models import Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.browser.conftest import Deliver

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)


def test_an_sms_is_planned_moved_and_cancelled_and_its_credits_come_back(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Recipients").fill("+33612345678")
    page.get_by_label("Text").fill("Le pain est pret")
    page.get_by_label("This SMS is not commercial").check()
    page.get_by_label("Later").check()
    page.get_by_label("Date").fill("2027-03-12")
    page.get_by_label("Time").fill("08:30")
    page.get_by_role("button", name="Plan for Fri 12 Mar 08:30").click()
    expect(page.locator("#balance")).to_contain_text("999 credits")

    page.get_by_role("link", name="Planned SMS", exact=True).first.click()
    row = page.get_by_role("table").locator("tbody tr")
    expect(row).to_contain_text("Fri 12 Mar 2027, 08:30 CET")
    expect(row).to_contain_text("Deferred")

    row.get_by_role("link", name="Change the moment").click()
    page.get_by_label("Time").fill("09:45")
    page.get_by_role("button", name="Plan for Fri 12 Mar 09:45").click()
    expect(page.get_by_text("Planned: leaves Fri 12 Mar 2027, 09:45")).to_be_visible()

    page.get_by_role("link", name="Planned SMS", exact=True).first.click()
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Cancel the ticked ones").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel 1 planned SMS?")
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("table")).to_contain_text("Cancelled")
    expect(page.locator("#balance")).to_contain_text("1,000 credits")
    assert Revision.objects.get().state == RevisionState.CANCELLED


def test_what_is_typed_before_a_script_listens_is_counted(
    page: Page, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now, due_at=now + DAY)
    address = f"/sms/{account.name}/campaigns/{revision.campaign.uuid}/moment/"
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/htmx*.js", hold)
    page.goto(address, wait_until="commit")
    page.get_by_label("Time").fill("09:45")
    expect(page.get_by_role("button", name="11 Mar 09:45")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="Plan for Thu 11 Mar 09:45")).to_be_visible()


def test_what_is_planned_is_changed_and_replaced(
    page: Page, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    scenes.compose(account, alice, sender, now=now, due_at=now + DAY, text="Solde")
    page.goto(f"/sms/{account.name}/planned/")
    page.get_by_role("link", name="Change the SMS").click()
    expect(page.get_by_text("This takes the place of what is planned for")).to_be_visible()
    expect(page.locator("#cost")).to_contain_text("999 credits")
    page.get_by_label("Text").fill("Soldes")
    page.get_by_label("Recipients").fill(", ".join(scenes.numbers(3)))
    page.get_by_role("button", name="Go on to the review").click()
    expect(page.get_by_text("then its credits come back: 1.")).to_be_visible()
    page.get_by_role("button", name="Plan for 3 recipients").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("SMS to 3 recipients")
    expect(page.locator("#balance")).to_contain_text("997 credits")


def test_the_list_follows_what_leaves_and_keeps_what_is_ticked(
    page: Page, account: SmsAccount, alice: User, sender: Sender, deliver: Deliver, now: datetime
) -> None:
    sooner = scenes.compose(account, alice, sender, now=now, due_at=now + DAY, text="Bientot")
    scenes.compose(account, alice, sender, now=now, due_at=now + 2 * DAY, text="Plus tard")
    page.goto(f"/sms/{account.name}/planned/")
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(2)
    later = page.get_by_role("checkbox", name="Plus tard")
    later.check()
    later.focus()
    with time_machine.travel(now + DAY, tick=True):
        deliver(sooner)
        expect(rows).to_have_count(1)
    expect(later).to_be_checked()
    expect(later).to_be_focused()


def test_one_box_ticks_all_of_the_page(
    page: Page, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for days in (1, 2):
        scenes.compose(account, alice, sender, now=now, due_at=now + days * DAY)
    page.goto(f"/sms/{account.name}/planned/")
    everything = page.get_by_label("Tick all")
    everything.check()
    boxes = page.get_by_role("table").get_by_role("checkbox")
    expect(boxes.nth(0)).to_be_checked()
    boxes.nth(1).uncheck()
    expect(everything).not_to_be_checked()
    boxes.nth(1).check()
    page.get_by_role("button", name="Cancel the ticked ones").click()
    page.get_by_role("button", name="Cancel all 2").click()
    expect(page.locator("#balance")).to_contain_text("1,000 credits")


def test_a_campaign_is_cancelled_from_its_own_page_after_one_question(
    page: Page, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.confirmed(
        account, alice, sender, now=now, numbers=scenes.numbers(2), due_at=now + DAY
    )
    page.goto(revision.get_absolute_url())
    page.locator("summary", has_text="Cancel").click()
    expect(page.get_by_text("Credits that come back: 2.")).to_be_visible()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_text("Cancelled. Credits given back: 2.")).to_be_visible()
    expect(page.locator("#progress")).to_contain_text("Cancelled")
    expect(page.locator("#balance")).to_contain_text("1,000 credits")
