"""A page that somebody is at, while what it asks for cannot be answered."""

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import SmsAccount
from senders.models import Sender
from tests.browser.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What a proxy says when nobody is behind it: a whole page, also to who asked for a piece of one.
PROXY = "<!doctype html><html><title>503</title><h1>Service unavailable</h1></html>"


def put_off(route: Route) -> None:
    route.fulfill(status=503, content_type="text/html", body=PROXY, headers={"Retry-After": "10"})


def test_what_is_being_written_stays_while_the_count_cannot_be_had(
    page: Page, account: SmsAccount, sender: Sender, watch: Watch
) -> None:
    page.goto(f"/sms/{account.name}/compose/")
    page.get_by_label("Text").fill("Le pain")
    expect(page.locator("#size")).to_contain_text("1 SMS")
    page.route("**/size/", put_off)
    text = page.get_by_label("Text")
    text.press_sequentially(" est pret")
    stale = page.locator("[data-not-fresh]")
    expect(stale).to_be_visible()
    expect(text).to_have_value("Le pain est pret")
    page.unroute("**/size/")
    text.press_sequentially(" ?")
    expect(stale).to_be_hidden()
    expect(text).to_have_value("Le pain est pret ?")
    # It was told, which is all that there was to tell.
    assert all("503" in fault for fault in watch.faults)
    watch.faults.clear()
