"""The page that gives something planned another moment, and the button that cancels it."""

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging import campaigns, claims
from messaging.models import Revision, RevisionState
from senders.models import Sender
from tests import pages, scenes
from tests.house_client import HouseClient

DAY = timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
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
def planned(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A commercial SMS for tomorrow at ten."""
    return scenes.compose(account, alice, sender, now=now, due_at=now + DAY, is_commercial=True)


def filled(revision: Revision, /, **changes: str) -> dict[str, str]:
    """Fill in the form: in two days at half past eight."""
    fields = {
        "revision": str(revision.number),
        "seen": revision.due_at.isoformat() if revision.due_at else "",
        "when": "later",
        "date": "2027-03-12",
        "time": "08:30",
        "action": "move",
    }
    return fields | changes


def move(page: HouseClient, revision: Revision, /, **changes: str) -> Any:
    return page.post(pages.campaign_url("moment-update", revision), filled(revision, **changes))


def told(response: Any) -> str:
    return html.unescape(pages.words_of(response))


def test_the_page_begins_with_the_moment_that_is_planned(
    page: HouseClient, planned: Revision
) -> None:
    words = told(page.get(pages.campaign_url("moment-update", planned)))
    assert 'name="date" value="2027-03-11"' in words
    assert 'name="time" value="10:00"' in words
    assert re.search(r'value="later"[^>]*checked', words)
    assert "Plan for Thu 11 Mar 10:00" in words


def test_another_moment_is_taken_and_the_page_of_the_sms_says_it(
    page: HouseClient, planned: Revision
) -> None:
    response = move(page, planned)
    assert response.url == pages.message_url(planned)
    assert "Planned: leaves Fri 12 Mar 2027, 08:30 (Europe/Paris)." in told(page.get(response.url))
    planned.refresh_from_db()
    assert planned.leaves_at == datetime(2027, 3, 12, 8, 30, tzinfo=PARIS)


def test_what_was_shown_is_what_happens(page: HouseClient, planned: Revision) -> None:
    changes = {"date": "2027-03-13", "time": "21:00"}
    address = pages.campaign_url("moment-detail", planned)
    shown = told(page.post(address, filled(planned, **changes), headers=HTMX))
    assert "Mon 15 Mar 2027, 08:00" in shown
    assert "Plan for Mon 15 Mar 08:00" in shown
    moved = told(page.get(move(page, planned, **changes).url))
    assert "Planned: leaves Mon 15 Mar 2027, 08:00 (Europe/Paris)." in moved


def test_now_lets_it_leave_as_soon_as_it_may(page: HouseClient, planned: Revision) -> None:
    address = pages.campaign_url("moment-detail", planned)
    assert "Send now" in told(page.post(address, filled(planned, when="now"), headers=HTMX))
    response = move(page, planned, when="now")
    assert "SMS on its way." in told(page.get(response.url))
    planned.refresh_from_db()
    assert planned.due_at is None


def test_without_script_a_button_shows_when_it_would_leave(
    page: HouseClient, planned: Revision
) -> None:
    words = told(move(page, planned, action="look", date="2027-03-14", time="10:00"))
    assert "Mon 15 Mar 2027, 08:00" in words
    assert 'name="date" value="2027-03-14"' in words
    planned.refresh_from_db()
    assert planned.due_at == planned.created_at + DAY


def test_parts_with_other_legal_hours_have_their_own_moment(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    phones = (scenes.PHONE, "+262692123456")
    revision = scenes.confirmed(
        account, alice, sender, now=now, numbers=phones, due_at=now + DAY, is_commercial=True
    )
    words = told(move(page, revision, action="look", date="2027-03-14", time="10:00"))
    assert "Réunion" in words
    assert "Mon 15 Mar 2027, 05:00" in words
    assert "Mon 15 Mar 2027, 08:00" in words


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"date": "2027-03-09"}, "has passed", id="past"),
        pytest.param({"date": "2028-06-01"}, "12 months", id="too far"),
        pytest.param({"date": "9999-12-31"}, "12 months", id="year 9999"),
        pytest.param({"date": ""}, "Choose when", id="no date"),
        pytest.param({"time": "25:00"}, "valid time", id="no such time"),
        pytest.param({"date": "\0"}, "valid date", id="NUL"),
        pytest.param({"when": "never"}, "not one of the available", id="when"),
        pytest.param(
            {"date": "2027-03-28", "time": "02:30"}, "does not exist", id="the hour that is skipped"
        ),
        pytest.param(
            {"date": "2027-10-31", "time": "02:30"}, "comes twice", id="the hour that comes twice"
        ),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_moves(
    page: HouseClient, planned: Revision, changes: dict[str, str], expected: str
) -> None:
    response = move(page, planned, **changes)
    assert response.status_code == 422
    errors = re.findall(r'class="invalid-feedback.*?</(?:div|span|p)>', told(response))
    assert expected in " ".join(errors)
    assert planned.due_at == Revision.objects.get().due_at


def test_of_the_hour_that_comes_twice_one_is_chosen(page: HouseClient, planned: Revision) -> None:
    twice = {"date": "2027-10-31", "time": "02:30"}
    offered = re.findall(r'name="moment" value="([^"]+)"', told(move(page, planned, **twice)))
    assert offered == ["2027-10-31T00:30:00+00:00", "2027-10-31T01:30:00+00:00"]
    move(page, planned, **twice, moment=offered[1])
    planned.refresh_from_db()
    assert planned.due_at is not None
    assert planned.due_at.isoformat() == offered[1]
    again = told(page.get(pages.campaign_url("moment-update", planned)))
    assert f'name="moment" value="{offered[1]}"' in again


def test_two_who_move_it_at_once_do_not_undo_each_other(
    page: HouseClient, planned: Revision
) -> None:
    seen = filled(planned)["seen"]
    move(page, planned, time="09:00")
    words = told(page.get(move(page, planned, seen=seen, time="11:00").url))
    assert "Somebody chose another moment in the meantime" in words
    planned.refresh_from_db()
    assert planned.leaves_at == datetime(2027, 3, 12, 9, tzinfo=PARIS)


def test_pressing_twice_is_harmless(page: HouseClient, planned: Revision) -> None:
    seen = filled(planned)["seen"]
    answers = [told(page.get(move(page, planned, seen=seen).url)) for _time in range(2)]
    assert all("Planned: leaves Fri 12 Mar 2027, 08:30" in words for words in answers)


@pytest.mark.parametrize(
    "changes",
    [
        {"revision": "2"}, {"revision": ""}, {"revision": "\0"}, {"revision": "9" * 50},
        {"seen": "x"}, {"seen": "\0"}, {"seen": "2027-03-11T10:00"}, {"seen": ""},
        {"seen": "2027-02-30T10:00:00+00:00"},
    ],
    ids=str,
)  # fmt: skip
def test_a_form_that_was_damaged_moves_nothing(
    page: HouseClient, planned: Revision, changes: dict[str, str]
) -> None:
    response = move(page, planned, **changes)
    words = told(response if response.status_code == 422 else page.get(response.url))
    assert "in the meantime" in words or "The form was damaged" in words
    assert planned.due_at == Revision.objects.get().due_at


def test_half_a_character_is_never_a_crash(page: HouseClient, planned: Revision) -> None:
    for view in ("moment-update", "moment-detail"):
        for name in filled(planned):
            body = pages.in_escapes(filled(planned, **{name: "\\ud800"}))
            address = pages.campaign_url(view, planned)
            assert page.generic("POST", address, body, pages.ESCAPES).status_code in (200, 302, 422)


def test_what_has_begun_to_leave_is_told_and_not_moved(
    page: HouseClient, planned: Revision, now: datetime
) -> None:
    scenes.leave_all(planned, now=now + DAY)
    for method in (page.get, page.post):
        answer: Any = method(pages.campaign_url("moment-update", planned), filled(planned))
        assert "It has begun to leave and can no longer be changed." in told(page.get(answer.url))


def test_a_reader_may_not_and_a_stranger_finds_nothing(
    page: HouseClient, planned: Revision, bob: User, mallory: User
) -> None:
    for user in (bob, mallory):
        page.force_login(user)
        assert page.get(pages.campaign_url("moment-update", planned)).status_code == 404
        assert move(page, planned).status_code == 404
        for view in ("moment-detail", "campaign-cancel"):
            assert page.post(pages.campaign_url(view, planned)).status_code == 404


# --- Cancelling one -------------------------------------------------------------------------------


def cancel(page: HouseClient, revision: Revision, /, **changes: str) -> str:
    fields = {"revision": str(revision.number)} | changes
    response: Any = page.post(pages.campaign_url("campaign-cancel", revision), fields)
    assert response.status_code == 302
    return told(page.get(response.url))


def test_cancelling_gives_the_credits_back_once(
    page: HouseClient, planned: Revision, account: SmsAccount
) -> None:
    words = [cancel(page, planned) for _time in range(2)]
    assert all("Cancelled. Credits given back: 1." in w for w in words)
    assert "Its credits were given back." in words[0]
    assert ledger.balance(account_id=account.pk) == 1_000_00


def test_while_it_leaves_it_is_cancelling_until_the_carrier_answered(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.confirmed(account, alice, sender, now=now, numbers=scenes.numbers(2))
    (hand_over,) = scenes.leave_all(revision, now=now)
    claims.claim(hand_over_id=hand_over.pk, clock=scenes.at(now))
    words = cancel(page, revision)
    assert "Cancelling: what is with the carrier at this moment goes its way." in words
    assert "badge-state badge-wait" in words
    assert "Yes, cancel it" not in words


def test_what_has_left_is_not_cancelled(
    page: HouseClient, planned: Revision, now: datetime, carrier: object
) -> None:
    scenes.hand_over_all(planned, carrier, now=now + DAY)  # type: ignore[arg-type]
    assert "It has left and can no longer be cancelled." in cancel(page, planned)


@pytest.mark.parametrize("seen", ["2", "", "x", "\0", "9" * 30])
def test_another_version_than_the_one_that_was_read_is_not_cancelled(
    page: HouseClient, planned: Revision, seen: str
) -> None:
    assert "It was changed in the meantime" in cancel(page, planned, revision=seen)
    planned.refresh_from_db()
    assert planned.state == RevisionState.SCHEDULED


def acts(page: HouseClient, address: str) -> set[str]:
    words = told(page.get(address))
    offered = ("Change the moment", "Change the text or the recipients", "Yes, cancel it")
    return {act for act in offered if act in words}


def test_the_pages_offer_what_is_possible_as_long_as_it_is(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime, bob: User
) -> None:
    one = scenes.compose(account, alice, sender, now=now)
    two = scenes.confirmed(account, alice, sender, now=now, numbers=scenes.numbers(2))
    addresses = (pages.message_url(one), pages.campaign_url("campaign-detail", two))
    for revision, address in zip((one, two), addresses, strict=True):
        assert len(acts(page, address)) == 3
        scenes.leave_all(revision, now=now)
        assert acts(page, address) == {"Yes, cancel it"}
        revision.refresh_from_db()
        campaigns.cancel(revision=revision, by=alice, now=now)
        assert acts(page, address) == set()
    page.force_login(bob)
    assert acts(page, addresses[1]) == set()
