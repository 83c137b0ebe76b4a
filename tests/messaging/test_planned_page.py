"""The list of what is planned, and cancelling several of it."""

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts import ledger, suspension
from accounts.models import SmsAccount, User
from messaging import campaigns, planned
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Revision, RevisionState
from senders.models import Sender
from tests import factories, pages, scenes
from tests.house_client import HouseClient

DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(
    house_client: HouseClient, alice: User, sender: Sender, now: datetime
) -> Iterator[HouseClient]:
    """Alice's browser, within legal hours."""
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        yield house_client


@pytest.fixture
def one(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """An SMS for tomorrow."""
    return scenes.compose(account, alice, sender, now=now, due_at=now + DAY)


@pytest.fixture
def three(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A commercial campaign to three for Sunday, which waits for Monday."""
    return scenes.confirmed(
        account, alice, sender, now=now, due_at=now + 4 * DAY, numbers=scenes.numbers(3),
        is_commercial=True, text="Soldes",
    )  # fmt: skip


def list_url(account: SmsAccount, view: str = "planned-list") -> str:
    return reverse(f"messaging:{view}", args=[account.name])


def shown(page: HouseClient, account: SmsAccount, query: str = "") -> str:
    response = page.get(list_url(account) + query)
    assert response.status_code == 200
    return html.unescape(pages.words_of(response))


def rows(words: str) -> list[str]:
    return re.findall(r"<tr>(?: <td.*?</td>)? <th scope=\"row\".*?</tr>", words)


def pick(revision: Revision) -> str:
    return f"{revision.campaign.uuid}:{revision.number}"


def cancel(page: HouseClient, account: SmsAccount, *picks: str) -> Any:
    return page.post(list_url(account, "planned-cancel"), {"campaign": list(picks)})


def test_an_empty_list_says_what_to_do_first(page: HouseClient, account: SmsAccount) -> None:
    words = shown(page, account)
    assert "Nothing is planned" in words
    assert pages.compose_url(account) in words


def test_a_row_says_when_why_what_to_whom_and_what_it_costs(
    page: HouseClient, account: SmsAccount, one: Revision, three: Revision
) -> None:
    first, second = rows(shown(page, account))
    for expected in (
        "Thu 11 Mar 2027, 10:00 CET", "Deferred", "Votre commande est prete.", "Martin",
        "+33 6 12 34 56 78", "Not commercial", pages.message_url(one),
        pages.campaign_url("moment-update", one), f"?from={one.campaign.uuid}",
    ):  # fmt: skip
        assert expected in first
    for expected in (
        "Mon 15 Mar 2027, 08:00 CET", "Waits for legal hours", "Soldes",
        'data-label="Recipients"><span>3<', 'data-label="Credits">3<',
        pages.campaign_url("campaign-detail", three),
    ):  # fmt: skip
        assert expected in second
    assert "Not commercial" not in second


def test_parts_that_leave_later_are_counted(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    phones = (scenes.PHONE, "+262692123456")
    scenes.confirmed(
        account, alice, sender, now=now, due_at=now + 4 * DAY, numbers=phones, is_commercial=True
    )
    (row,) = rows(shown(page, account))
    assert "Mon 15 Mar 2027, 05:00 CET" in row
    assert "and 1 later moment" in row


def test_a_sender_is_told_in_words(
    page: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    short = factories.short_sender(account)
    scenes.compose(account, alice, short, now=now, due_at=now + DAY)
    (row,) = rows(shown(page, account))
    assert "Short number" in row
    assert "#short" not in row


def test_a_suspended_account_is_told_that_nothing_leaves(
    page: HouseClient, account: SmsAccount, one: Revision, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    assert "The account is suspended: nothing leaves it" in shown(page, account)


def test_a_text_is_shown_as_it_is_written(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    scenes.compose(account, alice, sender, now=now, due_at=now + DAY, text="<b>Bon</b> & 'doux'")
    response = page.get(list_url(account))
    assert "&lt;b&gt;Bon&lt;/b&gt; &amp; &#x27;doux&#x27;" in pages.words_of(response)


def test_a_reader_sees_the_list_and_may_not_act(
    page: HouseClient, account: SmsAccount, one: Revision, bob: User
) -> None:
    page.force_login(bob)
    words = shown(page, account)
    assert len(rows(words)) == 1
    assert "checkbox" not in words
    assert "Change" not in words.split("<main")[1]
    assert page.get(list_url(account, "planned-cancel")).status_code == 404
    assert cancel(page, account, pick(one)).status_code == 404


def test_pages_follow_each_other_in_both_directions(
    page: HouseClient,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planned, "PAGE", 2)
    for _time in range(3):
        scenes.compose(account, alice, sender, now=now, due_at=now + DAY)
    first = shown(page, account)
    (later,) = re.findall(r'rel="next" href="[^"?]*([^"]+)"', first)
    second = shown(page, account, later)
    assert (len(rows(first)), len(rows(second))) == (2, 1)
    (earlier,) = re.findall(r'rel="prev" href="[^"?]*([^"]+)"', second)
    assert rows(shown(page, account, earlier)) == rows(first)


def test_a_page_that_emptied_meanwhile_leads_back(
    page: HouseClient,
    account: SmsAccount,
    one: Revision,
    three: Revision,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planned, "PAGE", 1)
    cursor = planned.page(account=account, cursor="", now=now).later
    campaigns.cancel(revision=three, by=three.created_by, now=now)
    words = shown(page, account, f"?cursor={cursor}")
    assert "Nothing here any more" in words
    assert f'href="{list_url(account)}"' in words


@pytest.mark.parametrize("query", ["?cursor=x", "?cursor=%00", "?cursor=%ED%A0%80", "?campaign=x"])
def test_nonsense_in_the_address_is_never_a_crash(
    page: HouseClient, account: SmsAccount, one: Revision, query: str
) -> None:
    assert len(rows(shown(page, account, query))) == 1
    cancelled = page.get(list_url(account, "planned-cancel") + query)
    assert cancelled.status_code == 302


@pytest.mark.parametrize("name", ["cursor", "campaign", "mark"])
@pytest.mark.parametrize("view", ["planned-list", "departure-list", "planned-cancel"])
def test_half_a_character_in_the_address_is_never_a_crash(
    page: HouseClient, account: SmsAccount, one: Revision, view: str, name: str
) -> None:
    address, query = list_url(account, view), f"{name}=%5Cud800:x"
    response = page.generic("GET", address, b"", pages.ESCAPES, QUERY_STRING=query)
    assert response.status_code in (200, 302)


# --- Live -----------------------------------------------------------------------------------------


def ask(page: HouseClient, words: str, **more: str) -> Any:
    """Ask like the page does: the address in its form, with what is ticked."""
    (address,) = re.findall(r'hx-get="([^"]*/planned/departures/[^"]*)"', words)
    return page.get(address, more, headers=HTMX) if more else page.get(address, headers=HTMX)


def test_a_list_that_has_not_changed_is_left_alone(
    page: HouseClient, account: SmsAccount, one: Revision
) -> None:
    assert ask(page, shown(page, account)).status_code == 204


def test_what_has_left_disappears_by_itself(
    page: HouseClient, account: SmsAccount, one: Revision, three: Revision,
    carrier: InProcessCarrier, now: datetime,
) -> None:  # fmt: skip
    before = shown(page, account)
    with time_machine.travel(now + DAY, tick=False):
        scenes.hand_over_all(one, carrier, now=now + DAY)
        answer = ask(page, before)
    assert answer.status_code == 200
    (row,) = rows(pages.words_of(answer))
    assert "Soldes" in row
    assert ask(page, pages.words_of(answer).replace("&amp;", "&")).status_code == 204


def test_what_is_ticked_stays_ticked_when_the_list_changes(
    page: HouseClient, account: SmsAccount, one: Revision, three: Revision
) -> None:
    address = list_url(account, "departure-list")
    answer = page.get(address, {"mark": "old", "campaign": pick(three)}, headers=HTMX)
    assert re.findall(r'value="([^"]+)" aria-label="[^"]+" checked', pages.words_of(answer)) == [
        pick(three)
    ]


# --- Cancelling several ---------------------------------------------------------------------------


def test_what_is_ticked_is_named_with_the_credits_before_anything_happens(
    page: HouseClient, account: SmsAccount, one: Revision, three: Revision
) -> None:
    address = list_url(account, "planned-cancel")
    words = pages.words_of(page.get(address, {"campaign": [pick(one), pick(three)]}))
    assert "Cancel 2 planned SMS?" in words
    facts = dict(re.findall(r"<dt>([^<]+)</dt>\s*<dd>([^<]+)<", words))
    assert facts == {"To be cancelled": "2", "Recipients": "4", "Credits that come back": "4"}
    one.refresh_from_db()
    assert one.state == RevisionState.SCHEDULED


def test_with_nothing_ticked_the_list_says_so(
    page: HouseClient, account: SmsAccount, one: Revision
) -> None:
    response = page.get(list_url(account, "planned-cancel"), follow=True)
    assert "Tick what you want to cancel." in pages.words_of(response)


def test_cancelling_gives_the_credits_back_and_tells_each(
    page: HouseClient, account: SmsAccount, one: Revision, three: Revision
) -> None:
    words = pages.words_of(page.get(cancel(page, account, pick(one), pick(three)).url))
    assert "2 planned SMS were cancelled. Credits given back so far: 4." in words
    assert "What became of them" in words
    assert re.findall(r'Credits given back"><span class="when">([^<]+)<', words) == ["1", "3"]
    assert ledger.balance(account_id=account.pk) == 1_000_00
    assert "Nothing is planned" in shown(page, account)


def test_what_left_meanwhile_is_told_and_the_rest_is_cancelled(
    page: HouseClient, account: SmsAccount, one: Revision, three: Revision,
    carrier: InProcessCarrier, now: datetime,
) -> None:  # fmt: skip
    with time_machine.travel(now + DAY, tick=False):
        scenes.hand_over_all(one, carrier, now=now + DAY)
        words = pages.words_of(page.get(cancel(page, account, pick(one), pick(three)).url))
    assert "1 planned SMS was cancelled. Credits given back so far: 3." in words
    assert "1 could not be cancelled: see below." in words
    assert ledger.balance(account_id=account.pk) == 999_00


def test_pressing_twice_gives_nothing_back_twice(
    page: HouseClient, account: SmsAccount, one: Revision
) -> None:
    for _time in range(3):
        assert cancel(page, account, pick(one)).status_code == 302
    assert ledger.balance(account_id=account.pk) == 1_000_00


def test_of_what_is_leaving_at_most_some_comes_back(
    page: HouseClient, account: SmsAccount, three: Revision, now: datetime
) -> None:
    monday = now + 5 * DAY
    with time_machine.travel(monday, tick=False):
        scenes.leave_all(three, now=monday)
        address = list_url(account, "planned-cancel")
        words = pages.words_of(page.get(address, {"campaign": pick(three)}))
    assert "up to 3" in words
    assert "What is with the carrier by then is not given back." in words


@pytest.mark.parametrize(
    "picks",
    [["x"], [""], ["\0"], ["0" * 36 + ":1"], ["é"]],
    ids=["nonsense", "nothing", "NUL", "nobody", "accent"],
)
def test_nonsense_among_the_ticks_cancels_nothing(
    page: HouseClient, account: SmsAccount, one: Revision, picks: list[str]
) -> None:
    assert cancel(page, account, *picks).status_code == 302
    one.refresh_from_db()
    assert one.state == RevisionState.SCHEDULED


def test_a_campaign_of_another_customer_is_not_among_them(
    page: HouseClient, account: SmsAccount, one: Revision, mallory: User,
    mallorys_account: SmsAccount,
) -> None:  # fmt: skip
    page.force_login(mallory)
    assert page.get(list_url(account)).status_code == 404
    cancel(page, mallorys_account, pick(one))
    address = list_url(mallorys_account, "planned-cancel")
    assert page.get(address, {"campaign": pick(one)}).status_code == 302
    one.refresh_from_db()
    assert one.state == RevisionState.SCHEDULED


def test_the_history_leads_to_the_list(
    page: HouseClient, account: SmsAccount, one: Revision
) -> None:
    words = pages.words_of(page.get(reverse("messaging:message-list", args=[account.name])))
    assert f'<a href="{list_url(account)}">All that is planned</a>' in words
    campaigns.cancel(revision=one, by=one.created_by, now=one.created_at)
    words = pages.words_of(page.get(reverse("messaging:message-list", args=[account.name])))
    assert "All that is planned" not in words
