"""Changing the text or the recipients of what is planned, through the compose page."""

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging import campaigns
from messaging.models import Revision, RevisionState
from senders.models import Sender
from tests import pages, scenes
from tests.house_client import HouseClient

DAY = timedelta(days=1)
TOMORROW = {"when": "later", "date": "2027-03-11", "time": "10:00"}


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
    """An SMS to two for tomorrow at ten."""
    return scenes.confirmed(
        account, alice, sender, now=now, numbers=scenes.numbers(2), due_at=now + DAY
    )


def told(response: Any) -> str:
    return html.unescape(pages.words_of(response))


def change(page: HouseClient, old: Revision, /, **changes: str) -> Any:
    """Post the compose form as `?from=` fills it in, to one recipient unless `changes` say else."""
    hidden = {"replaces": str(old.campaign.uuid), "standing": str(old.number)}
    fields = {"text": "Le magasin est ferme.", **TOMORROW, **hidden} | changes
    return pages.post(page, old.account, **fields)


def opened(page: HouseClient, old: Revision, way: str = "from") -> str:
    return told(page.get(f"{pages.compose_url(old.account)}?{way}={old.campaign.uuid}"))


def states(old: Revision) -> list[str]:
    return list(old.campaign.revisions.order_by("number").values_list("state", flat=True))


def confirm(page: HouseClient, quoted: Revision) -> str:
    fields = {"revision": quoted.number, "total_hundredths": quoted.total_hundredths}
    response: Any = page.post(pages.campaign_url("campaign-confirm", quoted), fields)
    return told(page.get(response.url, follow=True))


def test_what_is_planned_comes_back_to_be_changed(page: HouseClient, planned: Revision) -> None:
    words = opened(page, planned)
    assert f'name="replaces" value="{planned.campaign.uuid}"' in words
    assert 'name="standing" value="1"' in words
    assert "This takes the place of what is planned for Thu 11 Mar 2027, 10:00" in words
    assert "Change the SMS" in words
    assert planned.text in words
    assert 'value="2027-03-11"' in words


def test_a_copy_of_it_changes_nothing(page: HouseClient, planned: Revision) -> None:
    words = opened(page, planned, "copy")
    assert planned.text in words
    assert 'name="replaces" value' not in words
    assert "takes the place" not in words


def test_a_change_to_one_takes_its_place_at_once(
    page: HouseClient, planned: Revision, account: SmsAccount
) -> None:
    response = change(page, planned)
    new = Revision.objects.get(number=2)
    assert response.url == pages.message_url(new)
    assert "Planned: leaves Thu 11 Mar 2027, 10:00 (Europe/Paris)." in told(page.get(response.url))
    assert states(planned) == [RevisionState.REPLACED, RevisionState.SCHEDULED]
    assert ledger.balance(account_id=account.pk) == 999_00


def test_a_change_to_several_is_reviewed_and_says_what_comes_back(
    page: HouseClient, planned: Revision, account: SmsAccount
) -> None:
    response = change(page, planned, recipients=",".join(scenes.numbers(3)))
    words = told(page.get(response.url))
    assert "This takes the place of what is planned for Thu 11 Mar 2027, 10:00" in words
    assert "then its credits come back: 2." in words
    assert "<dt>Balance afterwards</dt> <dd>997<" in words
    assert states(planned) == [RevisionState.SCHEDULED, RevisionState.QUOTED]

    words = confirm(page, Revision.objects.get(number=2))
    assert "SMS to 3 recipients" in words
    assert states(planned) == [RevisionState.REPLACED, RevisionState.SCHEDULED]
    assert ledger.balance(account_id=account.pk) == 997_00


def test_until_it_is_confirmed_the_page_shows_what_leaves_and_leads_to_the_change(
    page: HouseClient, planned: Revision
) -> None:
    change(page, planned, recipients=",".join(scenes.numbers(3)))
    words = told(page.get(pages.campaign_url("campaign-detail", planned)))
    assert "A change of it waits for a confirmation" in words
    assert "SMS to 2 recipients" in words
    assert pages.campaign_url("quote-detail", planned) in words
    again = opened(page, planned)
    assert "Le magasin est ferme." in again
    assert 'name="standing" value="1"' in again


def test_the_counter_reckons_with_what_comes_back(page: HouseClient, planned: Revision) -> None:
    hidden = {"replaces": str(planned.campaign.uuid), "standing": "1"}
    address = pages.compose_url(planned.account) + "size/"
    headers = {"HX-Request": "true"}
    words = told(page.post(address, pages.filled(**hidden), headers=headers))
    assert "999 credits" in words
    assert "997 credits" in told(page.post(address, pages.filled(), headers=headers))


def test_what_left_during_the_review_is_told_and_not_replaced(
    page: HouseClient, planned: Revision, account: SmsAccount, now: datetime
) -> None:
    change(page, planned, recipients=",".join(scenes.numbers(3)), when="now")
    scenes.leave_all(planned, now=now + DAY)
    new = Revision.objects.get(number=2)
    words = told(page.get(pages.campaign_url("quote-detail", new)))
    assert "it cannot take its place any more" in words
    assert "/confirm/" not in words
    assert f"?copy={planned.campaign.uuid}" in words
    assert "It has begun to leave and can no longer be changed." in confirm(page, new)
    assert states(planned) == [RevisionState.LEAVING, RevisionState.QUOTED]
    assert ledger.balance(account_id=account.pk) == 998_00


def test_what_left_while_it_was_written_is_told_and_the_next_press_sends_another(
    page: HouseClient, planned: Revision, account: SmsAccount, now: datetime
) -> None:
    scenes.leave_all(planned, now=now + DAY)
    response = change(page, planned)
    words = told(response)
    assert response.status_code == 422
    assert "It has begun to leave and can no longer be changed." in words
    assert "What you send now leaves as an SMS of its own, in addition." in words
    assert pages.campaign_url("campaign-detail", planned) in words
    assert 'name="replaces" value' not in words
    assert ledger.balance(account_id=account.pk) == 998_00


def test_what_has_left_comes_back_as_a_copy_and_says_so(
    page: HouseClient, planned: Revision, now: datetime
) -> None:
    scenes.leave_all(planned, now=now + DAY)
    words = opened(page, planned)
    assert 'name="replaces" value' not in words
    assert "What you send now leaves as an SMS of its own, in addition." in words


def test_two_who_change_it_at_once_end_in_one_change(page: HouseClient, planned: Revision) -> None:
    assert change(page, planned).status_code == 302
    response = change(page, planned, text="Autre chose")
    assert response.status_code == 422
    assert "It was changed in the meantime" in told(response)
    assert states(planned) == [RevisionState.REPLACED, RevisionState.SCHEDULED]


def test_pressing_twice_is_harmless(
    page: HouseClient, planned: Revision, account: SmsAccount
) -> None:
    key = "6f5f3b8e-6c1c-4f0e-9d0b-3f5c7a1e2d40"
    urls = {change(page, planned, key=key).url for _time in range(3)}
    assert len(urls) == 1
    assert ledger.balance(account_id=account.pk) == 999_00


def test_what_was_cancelled_during_the_review_stays_cancelled(
    page: HouseClient, planned: Revision, alice: User, account: SmsAccount, now: datetime
) -> None:
    change(page, planned, recipients=",".join(scenes.numbers(3)))
    campaigns.cancel(revision=planned, by=alice, now=now)
    words = confirm(page, Revision.objects.get(number=2))
    assert "It was cancelled in the meantime." in words
    assert ledger.balance(account_id=account.pk) == 1_000_00


def test_the_page_of_an_older_version_leads_to_what_stands(
    page: HouseClient, planned: Revision
) -> None:
    change(page, planned)
    words = told(page.get(pages.message_url(planned)))
    assert "another version took its place" in words
    assert pages.campaign_url("campaign-detail", planned) in words
    assert "Its credits were given back." in words


def test_the_progress_of_what_was_replaced_has_the_page_read_anew(
    page: HouseClient, planned: Revision
) -> None:
    address = pages.campaign_url("campaign-progress", planned)
    shown = told(page.get(pages.campaign_url("campaign-detail", planned)))
    (polled,) = re.findall(rf'hx-get="({address}[^"]*)"', shown)
    assert "HX-Refresh" not in page.get(polled).headers
    change(page, planned)
    assert page.get(polled).headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("standing", ["", "2", "x", "\0", "9" * 30])
def test_a_form_that_names_another_version_changes_nothing(
    page: HouseClient, planned: Revision, standing: str
) -> None:
    assert change(page, planned, standing=standing).status_code == 422
    assert states(planned) == [RevisionState.SCHEDULED]
