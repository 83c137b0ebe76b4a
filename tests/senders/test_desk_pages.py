"""The desk of staff: the queue, a request, and deciding on it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role, SmsAccount, User
from senders import deciding, review
from senders.models import (
    Decision,
    DecisionReason,
    Outcome,
    Sender,
    SenderRequest,
    SenderState,
)
from tests import factories, pages
from tests.house_client import HouseClient

QUEUE = "/staff/senders/"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def desk(house_client: HouseClient, sam: User, now: datetime) -> Iterator[HouseClient]:
    """Give the browser of staff."""
    with time_machine.travel(now, tick=False):
        house_client.force_login(sam)
        yield house_client


@pytest.fixture
def asked(account: SmsAccount) -> SenderRequest:
    """Give the request for a sender that waits."""
    return factories.request_of(factories.make_sender(account, name="FOURNIL", enabled=False))


@pytest.fixture
def kim(db: None) -> User:
    """Give another member of staff."""
    return factories.make_user("kim", is_staff=True)


def shown(desk: HouseClient, at: str) -> str:
    return pages.words_of(desk.get(at))


def url(asked: SenderRequest, step: str = "detail") -> str:
    return reverse(f"desk:request-{step}", args=[asked.uuid])


def decide(desk: HouseClient, asked: SenderRequest, outcome: str, **said: str) -> str:
    form = {"outcome": outcome, "reason": "", "text": "", **said}
    return pages.words_of(desk.post(url(asked, "decide"), form, follow=True))


def state_of(asked: SenderRequest) -> str:
    return Sender.objects.values_list("state", flat=True).get(pk=asked.sender_id)


def test_an_empty_queue_says_that_nothing_waits(desk: HouseClient) -> None:
    assert "Nothing waits" in shown(desk, QUEUE)
    assert "Nothing like this" in shown(desk, f"{QUEUE}?show=late")


def test_the_queue_shows_who_asks_and_how_much_time_is_left(
    desk: HouseClient, asked: SenderRequest
) -> None:
    page = shown(desk, QUEUE)
    assert "FOURNIL" in page
    assert "Boulangerie Martin" in page
    assert "Fri 12 Mar 2027, 10:00 CET" in page
    assert "24 h 00 min left" in page


def test_what_is_late_is_said_in_the_queue(
    desk: HouseClient, account: SmsAccount, now: datetime
) -> None:
    factories.make_sender(account, name="Old", enabled=False, now=now - 5 * DAY)
    assert "Late by 12 h 00 min" in shown(desk, QUEUE)


@pytest.mark.parametrize("query", ["show=nonsense", "origin=x", "cursor=nonsense", "text=%00"])
def test_a_filter_that_makes_no_sense_harms_nothing(
    desk: HouseClient, asked: SenderRequest, query: str
) -> None:
    assert desk.get(f"{QUEUE}?{query}").status_code in (200, 400)


def test_fifty_on_a_page_and_the_way_to_the_next(desk: HouseClient, account: SmsAccount) -> None:
    for n in range(52):
        sender = Sender.objects.create(account=account, name=f"Shop {n}")
        SenderRequest.objects.create(
            sender=sender, round=1, requested_at=factories.NOW, promised_at=factories.NOW
        )
    page = desk.get(QUEUE)
    assert page.content.decode().count("data-row") == 50
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page.content.decode())
    assert desk.get(QUEUE + following).content.decode().count("data-row") == 2


def test_a_request_shows_what_was_asked_and_found(desk: HouseClient, asked: SenderRequest) -> None:
    page = shown(desk, url(asked))
    assert "Asked for by Boulangerie Martin for sms-am12345-1" in page
    assert "None was sent." in page
    assert "No verified name or domain of this customer matches" in page


def test_approving_needs_one_press_and_leads_to_the_next(
    desk: HouseClient, asked: SenderRequest, account: SmsAccount
) -> None:
    factories.make_sender(account, name="Atelier", enabled=False)
    page = decide(desk, asked, "approved")
    assert "FOURNIL: Approved. The owners of the account get an e-mail." in page
    assert "<h1>Atelier</h1>" in page
    assert state_of(asked) == SenderState.ENABLED
    assert Decision.objects.get().reason == DecisionReason.RIGHT_PROVEN


@pytest.mark.parametrize("outcome", ["refused", "more"])
def test_refusing_and_asking_for_more_need_a_reason(
    desk: HouseClient, asked: SenderRequest, outcome: str
) -> None:
    assert "Choose a reason." in decide(desk, asked, outcome)
    assert "does not go with this decision" in decide(desk, asked, outcome, reason="proven")
    assert state_of(asked) == SenderState.WAITING
    page = decide(desk, asked, outcome, reason="unreadable", text="The stamp is cut off.")
    assert "Nothing waits" in page
    assert state_of(asked) == SenderState.REFUSED
    decision = Decision.objects.get()
    assert (decision.outcome, decision.text) == (outcome, "The stamp is cut off.")


def test_a_reason_of_a_refusal_is_not_approved_by_a_slip_of_the_hand(
    desk: HouseClient, asked: SenderRequest
) -> None:
    page = decide(desk, asked, "approved", reason="misleading")
    assert "does not go with this decision" in page
    assert state_of(asked) == SenderState.WAITING


@pytest.mark.parametrize("said", [{"outcome": "bribed"}, {"outcome": ""}, {"reason": "nonsense"}])
def test_what_no_button_sends_decides_nothing(
    desk: HouseClient, asked: SenderRequest, said: dict[str, str]
) -> None:
    form = {"outcome": "refused", "reason": "other", "text": "x", **said}
    assert desk.post(url(asked, "decide"), form).status_code == 422
    assert state_of(asked) == SenderState.WAITING


def test_who_comes_second_reads_what_the_first_decided(
    desk: HouseClient, asked: SenderRequest, kim: User
) -> None:
    factories.decide(asked.sender, Outcome.REFUSED, by=kim)
    page = decide(desk, asked, "approved")
    assert "FOURNIL: kim@example.com decided first: Refused." in page
    assert state_of(asked) == SenderState.REFUSED
    assert 'name="outcome"' not in page


def test_what_its_owner_took_back_is_said(
    desk: HouseClient, asked: SenderRequest, alice: User, now: datetime
) -> None:
    review.remove(sender=asked.sender, by=alice, clock=lambda: now)
    assert "its owner took the request back" in decide(desk, asked, "approved")
    assert "Taken back" in shown(desk, url(asked))


def test_taking_a_request_keeps_others_away_until_it_ends(
    desk: HouseClient, asked: SenderRequest, sam: User, kim: User, now: datetime
) -> None:
    desk.post(url(asked, "claim"))
    assert "Let others take it" in shown(desk, url(asked))
    assert "Taken by me" in shown(desk, f"{QUEUE}?show=mine")
    desk.force_login(kim)
    page = shown(desk, url(asked))
    assert "sam@example.com works on it." in page
    assert 'name="outcome"' not in page
    for step in ("claim", "decide"):
        said = pages.words_of(desk.post(url(asked, step), {"outcome": "approved"}, follow=True))
        assert "FOURNIL: sam@example.com works on it at the moment." in said
    with time_machine.travel(now + deciding.CLAIM, tick=False):
        assert 'name="outcome"' in shown(desk, url(asked))


def test_letting_it_go_gives_it_back(desk: HouseClient, asked: SenderRequest, kim: User) -> None:
    desk.post(url(asked, "claim"))
    desk.post(url(asked, "release"))
    desk.force_login(kim)
    assert 'name="outcome"' in shown(desk, url(asked))


def test_an_own_request_shows_no_form_and_takes_no_decision(
    desk: HouseClient, asked: SenderRequest, sam: User
) -> None:
    factories.make_member(asked.sender.account.customer, sam, role=Role.OWNER)
    page = shown(desk, url(asked))
    assert "You belong to this customer" in page
    assert 'name="outcome"' not in page
    assert "you belong to this customer" in decide(desk, asked, "approved")
    assert state_of(asked) == SenderState.WAITING


def test_a_second_round_shows_what_changed_and_what_was_said(
    desk: HouseClient, asked: SenderRequest, alice: User, sam: User, now: datetime
) -> None:
    factories.decide(asked.sender, Outcome.MORE_NEEDED, by=sam, text="A stamp, please.")
    again = review.ask_again(
        sender=asked.sender, description="The oven", reason="Orders", changes="Stamped now",
        by=alice, now=now,
    )  # fmt: skip
    page = shown(desk, url(again))
    assert "Stamped now" in page
    assert "<ins>The oven</ins>" in page
    assert "More is needed: A document is missing" in page
    assert "A stamp, please." in page


def test_words_of_a_customer_are_shown_as_text(desk: HouseClient, asked: SenderRequest) -> None:
    evil = "<script>alert(1)</script>"
    SenderRequest.objects.update(reason=evil, description=evil, changes=evil)
    assert evil not in desk.get(url(asked)).content.decode()


def test_what_was_approved_leads_to_where_it_can_be_withdrawn(
    desk: HouseClient, asked: SenderRequest, sam: User, now: datetime
) -> None:
    factories.decide(asked.sender, Outcome.APPROVED, by=sam, now=now)
    there = 'href="/admin/senders/sender/?q=FOURNIL"'
    assert there in shown(desk, url(asked))
    review.withdraw(sender=asked.sender, by=sam, reason="fraud", clock=lambda: now)
    assert there not in shown(desk, url(asked))


def test_a_request_that_does_not_exist_is_not_found(desk: HouseClient) -> None:
    assert desk.get(f"{QUEUE}requests/{'0' * 8}-0000-4000-8000-{'0' * 12}/").status_code == 404


def test_the_figures_have_a_chart_and_its_table(
    desk: HouseClient, asked: SenderRequest, sam: User, now: datetime
) -> None:
    assert "Nothing was decided yet" in shown(desk, f"{QUEUE}statistics/")
    factories.decide(asked.sender, Outcome.APPROVED, by=sam, now=now)
    page = shown(desk, f"{QUEUE}statistics/")
    assert "<svg" in page
    assert '<td class="number">1</td>' in page
    assert "sam@example.com" in page
    assert "100 %" in page


def test_the_virtual_numbers_are_listed_with_their_end(
    desk: HouseClient, account: SmsAccount, now: datetime
) -> None:
    assert "No account has a virtual number" in shown(desk, f"{QUEUE}numbers/")
    factories.make_virtual(account, until=now + DAY)
    page = shown(desk, f"{QUEUE}numbers/")
    assert "+33 7 55 51 23 45" in page
    assert "Thu 11 Mar 2027, 10:00 CET" in page
    with time_machine.travel(now + DAY, tick=False):
        assert "No account has a virtual number" in shown(desk, f"{QUEUE}numbers/")


def test_the_navigation_leads_staff_to_the_desk(desk: HouseClient, alice: User) -> None:
    assert f'href="{QUEUE}"' in desk.get("/sms/").content.decode()
    desk.force_login(alice)
    assert f'href="{QUEUE}"' not in desk.get("/sms/", follow=True).content.decode()
