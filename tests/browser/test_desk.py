"""The desk of staff in a browser: its looks, its keys, and what works without them."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import SmsAccount, User
from senders import asking, review
from senders.asking import Words
from senders.models import Outcome, SenderRequest
from tests import factories, papers
from tests.browser import looks
from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/staff/senders/"
WORDS = Words(description="Shop", reason="Orders that are ready")


@pytest.fixture
def desk(visitor: Page, sign_in: SignIn, sam: User) -> Page:
    """Give a page of staff."""
    sign_in(visitor.context, sam)
    return visitor


@pytest.fixture
def three(
    account: SmsAccount,
    mallorys_account: SmsAccount,
    alice: User,
    mallory: User,
    sam: User,
    now: datetime,
) -> list[SenderRequest]:
    """Give one that is late, one in its second round with documents, and one for tomorrow."""
    factories.make_virtual(account)
    early = now - timedelta(days=6)
    asking.ask(
        account=mallorys_account, name="0range", words=WORDS,
        papers=[papers.paper(name="letter.jpg")], by=mallory, now=early,
    )  # fmt: skip
    sender = asking.ask(
        account=account, name="FOURNIL", words=WORDS, papers=[papers.paper()], by=alice,
        now=now - timedelta(days=1),
    )  # fmt: skip
    factories.decide(sender, Outcome.MORE_NEEDED, by=sam, text="A stamp, please.", now=now)
    pdf = papers.paper(papers.image("PDF", width=600, height=850, pages=2), name="kbis.pdf")
    asking.ask_again(
        sender=sender,
        words=Words(description="Bakery", reason=WORDS.reason, changes="Stamped now"),
        papers=[papers.paper(), pdf],
        by=alice,
        now=now,
    )
    review.request(account=account, name="Atelier", description="", by=alice, now=now)
    open_ = SenderRequest.objects.filter(closed_at__isnull=True)
    return list(open_.order_by("promised_at", "id"))


def press(desk: Page, *keys: str) -> None:
    """Press keys once the script listens, which shows what they do."""
    expect(desk.get_by_text("Keys", exact=True)).to_be_visible()
    for key in keys:
        desk.keyboard.press(key)


def test_every_page_of_the_desk_is_fit_to_be_seen(desk: Page, three: list[SenderRequest]) -> None:
    faults = []
    pages = ["", "?show=more", "?show=late&text=nobody", "statistics/", "numbers/"]
    for page in [*pages, *(f"requests/{asked.uuid}/" for asked in three)]:
        desk.goto(QUEUE + page)
        faults += looks.faults_of(desk)
    assert not faults, "\n".join(faults)


def test_a_request_is_decided_with_the_keyboard_alone(
    desk: Page, three: list[SenderRequest]
) -> None:
    desk.goto(QUEUE)
    press(desk, "j", "j", "k", "j", "Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("FOURNIL")
    press(desk, "r")
    expect(desk.get_by_label("Reason")).to_be_focused()
    # What is typed into a field is no key of the desk.
    desk.get_by_label("Message to the customer").press_sequentially("jar")
    expect(desk.get_by_label("Message to the customer")).to_have_value("jar")
    desk.get_by_label("Message to the customer").fill("")
    desk.get_by_role("heading", level=1).click()
    press(desk, "a")
    expect(desk.get_by_role("button", name="Approve")).to_be_focused()
    press(desk, "Enter")
    expect(desk.get_by_text("FOURNIL: Approved.")).to_be_visible()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Atelier")


def test_a_request_is_taken_by_its_key(desk: Page, three: list[SenderRequest]) -> None:
    desk.goto(f"{QUEUE}requests/{three[0].uuid}/")
    press(desk, "t")
    press(desk, "Enter")
    expect(desk.get_by_role("button", name="Let others take it")).to_be_visible()
    press(desk, "j")
    expect(desk.get_by_role("heading", level=1)).to_have_text("FOURNIL")
    press(desk, "k")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Validation desk")


def test_keys_that_were_switched_off_do_nothing(desk: Page, three: list[SenderRequest]) -> None:
    desk.goto(QUEUE)
    desk.get_by_text("Keys", exact=True).click()
    desk.get_by_label("Keys do nothing on this device").check()
    desk.reload()
    press(desk, "j")
    expect(desk.get_by_role("link", name="0range")).not_to_be_focused()
    expect(desk.get_by_role("link", name="0range")).to_be_visible()


def test_the_documents_are_images_of_ours(desk: Page, three: list[SenderRequest]) -> None:
    desk.goto(f"{QUEUE}requests/{three[1].uuid}/")
    images = desk.locator(".paper img")
    expect(images).to_have_count(3)
    for n in range(3):
        images.nth(n).scroll_into_view_if_needed()
        expect(images.nth(n)).not_to_have_js_property("naturalWidth", 0)
    expect(desk.locator("iframe, embed, object")).to_have_count(0)
