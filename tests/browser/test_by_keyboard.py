"""The panel with the keyboard alone: Tab, Enter, Space and letters."""

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import SmsAccount
from messaging.models import Revision
from senders.models import Sender
from tests import scenes
from tests.browser.conftest import take_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# More stops than this before what one looks for is nobody's patience.
MOST_STOPS = 40
IS_MARKED = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the wanted element has the focus, and see that every stop shows it."""
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        assert page.evaluate(IS_MARKED), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"not within {MOST_STOPS} stops: {wanted}")


def test_an_sms_is_written_and_sent_with_the_keyboard(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    tab_to(page, page.get_by_role("link", name="Skip to the content"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Sender"))
    # Enter in a field sends nothing.
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_label("Recipients"))
    page.keyboard.type("+33612345678")
    tab_to(page, page.get_by_label("Text"))
    page.keyboard.type("Le pain est pret")
    tab_to(page, page.get_by_label("This SMS is not commercial"))
    page.keyboard.press("Space")
    send = page.get_by_role("button", name="Send", exact=True)
    expect(send).to_be_visible()
    assert not Revision.objects.exists()
    tab_to(page, send)
    page.keyboard.press("Enter")
    expect(page.get_by_text("SMS on its way.")).to_be_visible()
    assert Revision.objects.get().text == "Le pain est pret"


def test_a_campaign_is_confirmed_with_the_keyboard(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Recipients").focus()
    page.keyboard.type(",".join(scenes.numbers(2)))
    tab_to(page, page.get_by_label("Text"))
    page.keyboard.type("Solde")
    tab_to(page, page.get_by_label("This SMS is not commercial"))
    page.keyboard.press("Space")
    review = page.get_by_role("button", name="Go on to the review")
    expect(review).to_be_visible()
    tab_to(page, review)
    page.keyboard.press("Space")
    confirm = page.get_by_role("button", name="Send to 2 recipients")
    expect(confirm).to_be_visible()
    tab_to(page, confirm)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("SMS to 2 recipients")


def test_an_sms_is_planned_moved_and_cancelled_with_the_keyboard(
    page: Page, account: SmsAccount, sender: Sender
) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Recipients").focus()
    page.keyboard.type("+33612345678")
    tab_to(page, page.get_by_label("Text"))
    page.keyboard.type("Le pain est pret")
    tab_to(page, page.get_by_label("This SMS is not commercial"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Now"))
    page.keyboard.press("ArrowRight")
    tab_to(page, page.get_by_label("Date"))
    page.keyboard.type("03122027")
    tab_to(page, page.get_by_label("Time"))
    page.keyboard.type("0830AM")
    plan = page.get_by_role("button", name="Plan for Fri 12 Mar 08:30")
    expect(plan).to_be_visible()
    tab_to(page, plan)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Planned: leaves Fri 12 Mar 2027, 08:30")).to_be_visible()

    title = page.get_by_role("heading", level=1)
    tab_to(page, page.get_by_role("link", name="Change the moment"))
    page.keyboard.press("Enter")
    expect(title).to_have_text("Change the moment")
    tab_to(page, page.get_by_label("Time"))
    page.keyboard.type("0945AM")
    move = page.get_by_role("button", name="Plan for Fri 12 Mar 09:45")
    expect(move).to_be_visible()
    tab_to(page, move)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Planned: leaves Fri 12 Mar 2027, 09:45")).to_be_visible()

    tab_to(page, page.get_by_role("link", name="Planned SMS", exact=True).first)
    page.keyboard.press("Enter")
    expect(title).to_have_text("Planned SMS")
    tab_to(page, page.get_by_role("table").get_by_role("checkbox"))
    page.keyboard.press("Space")
    cancel = page.get_by_role("button", name="Cancel the ticked ones")
    tab_to(page, cancel)
    page.keyboard.press("Enter")
    expect(title).to_have_text("Cancel 1 planned SMS?")
    tab_to(page, page.get_by_role("button", name="Cancel it"))
    page.keyboard.press("Enter")
    expect(page.locator("#balance")).to_contain_text("1,000 credits")


def test_a_reply_and_a_stop_are_sent_and_read_with_the_keyboard(
    page: Page, account: SmsAccount, lent: str
) -> None:
    handset, panel = f"/demo/handset/{scenes.PHONE}/", f"/sms/{account.name}"
    title = page.get_by_role("heading", level=1)
    page.goto(handset)
    tab_to(page, page.get_by_label(f"Reply to {lent}"))
    page.keyboard.type("Oui, vers 9 h")
    tab_to(page, page.get_by_role("button", name="Send", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent from this phone.")).to_be_visible()
    take_in()

    page.goto(f"{panel}/compose/")
    tab_to(page, page.get_by_role("navigation").get_by_role("link", name="Received SMS"))
    page.keyboard.press("Enter")
    expect(title).to_have_text("Received SMS")
    tab_to(page, page.get_by_role("columnheader", name="Text").get_by_role("link"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Text")).to_have_attribute(
        "aria-sort", "ascending"
    )
    tab_to(page, page.get_by_role("table").locator("tbody").get_by_role("link").first)
    page.keyboard.press("Enter")
    expect(title).to_contain_text("Reply from")
    expect(page.get_by_text("Oui, vers 9 h")).to_be_visible()

    page.goto(handset)
    tab_to(page, page.get_by_role("button", name=f"STOP to {lent}").first)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent from this phone.")).to_be_visible()
    take_in()
    page.goto(f"{panel}/opt-outs/")
    row = page.get_by_role("table").locator("tbody tr")
    expect(row).to_contain_text("STOP received")
    # Taken off again, after one question.
    tab_to(page, row.get_by_text("Remove").first)
    page.keyboard.press("Enter")
    tab_to(page, row.get_by_role("button"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_have_count(0)


def test_a_menu_closes_on_escape_and_gives_the_focus_back(page: Page, account: SmsAccount) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/sms/{account.name}/messages/")
    menu = page.get_by_role("button", name="Menu")
    tab_to(page, menu)
    page.keyboard.press("Enter")
    expect(page.locator("#navigation")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#navigation")).to_be_hidden()
    expect(menu).to_be_focused()
