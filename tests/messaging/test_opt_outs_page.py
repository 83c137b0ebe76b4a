"""The opt-out list in the panel: read, searched, added to, removed from, downloaded."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import reverse

from accounts import keyset, phones
from accounts.models import SmsAccount, User
from messaging.models import OptOut, OptOutCause
from messaging.recipients import optout
from tests import pages, scenes
from tests.house_client import HouseClient

PHONE = scenes.PHONE
SHOWN = "+33 6 12 34 56 78"


@pytest.fixture
def client(house_client: HouseClient, alice: User) -> HouseClient:
    house_client.force_login(alice)
    return house_client


def url(account: SmsAccount, view: str = "list") -> str:
    return reverse(f"messaging:opt-out-{view}", args=[account.name])


def stop(account: SmsAccount, phone: str = PHONE, *, now: datetime) -> None:
    optout.add(account=account, phone=phone, cause=OptOutCause.STOP, now=now)


def shown(client: HouseClient, account: SmsAccount, **query: str) -> str:
    return pages.words_of(client.get(url(account), query))


def add(client: HouseClient, account: SmsAccount, phone: str) -> Any:
    return client.post(url(account, "create"), {"phone": phone}, follow=True)


def test_an_empty_list_says_how_one_gets_on_it(client: HouseClient, account: SmsAccount) -> None:
    assert "Whoever replies STOP" in shown(client, account)


def test_number_moment_with_zone_and_cause_are_shown_newest_first(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    stop(account, now=now)
    stop(account, "+33612345679", now=now + timedelta(minutes=1))
    page = shown(client, account)
    assert "10 Mar 2027, 10:00 CET" in page
    assert "STOP received" in page
    assert page.index("+33 6 12 34 56 79") < page.index(SHOWN)


def test_the_list_of_one_account_holds_nothing_of_another(
    client: HouseClient, account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    stop(mallorys_account, now=now)
    assert SHOWN not in shown(client, account)
    assert "Not on the list" in shown(client, account, number=PHONE)
    assert PHONE not in client.get(url(account, "export")).getvalue().decode()


@pytest.mark.parametrize("typed", [PHONE, "0033612345678", "+33 6.12.34.56.78"])
def test_a_number_is_found_however_it_is_written(
    client: HouseClient, account: SmsAccount, now: datetime, typed: str
) -> None:
    stop(account, now=now)
    stop(account, "+33612345679", now=now)
    page = shown(client, account, number=typed)
    assert SHOWN in page
    assert "+33 6 12 34 56 79" not in page


@pytest.mark.parametrize("typed", ["12", "x", "\0", "9" * 50])
def test_what_is_no_number_is_told_beside_the_field(
    client: HouseClient, account: SmsAccount, now: datetime, typed: str
) -> None:
    searched = client.get(f"{url(account)}?number={quote(typed, errors='surrogatepass')}")
    assert searched.status_code == 200
    assert 'id="id_number_error"' in searched.content.decode()
    refused = add(client, account, typed)
    assert refused.status_code == 422
    assert 'id="id_phone_error"' in refused.content.decode()
    assert not OptOut.objects.exists()


def test_a_number_is_added_by_hand_once(client: HouseClient, account: SmsAccount) -> None:
    assert f"{SHOWN} is on the list." in pages.words_of(add(client, account, "0033612345678"))
    page = pages.words_of(add(client, account, PHONE))
    assert f"{SHOWN} was on the list before." in page
    assert "Added by hand" in page
    assert OptOut.objects.get().phone == PHONE


def test_a_number_is_removed_after_one_question(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    stop(account, now=now)
    assert f"will reach {SHOWN} again" in shown(client, account)
    for words in (f"{SHOWN} is no longer on the list.", "This number is not on the list."):
        done = client.post(url(account, "delete"), {"phone": PHONE}, follow=True)
        assert words in pages.words_of(done)
    assert not optout.opted_out(account_id=account.pk, phones=[PHONE])


@pytest.mark.parametrize("phone", ["", "x", "+33612345679", "\0"])
def test_nonsense_removes_nobody(
    client: HouseClient, account: SmsAccount, now: datetime, phone: str
) -> None:
    stop(account, now=now)
    client.post(url(account, "delete"), {"phone": phone})
    assert optout.opted_out(account_id=account.pk, phones=[PHONE])


def test_nobody_removes_from_another_account(
    client: HouseClient, account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    stop(mallorys_account, now=now)
    client.post(url(account, "delete"), {"phone": PHONE})
    assert client.post(url(mallorys_account, "delete"), {"phone": PHONE}).status_code == 404
    assert optout.opted_out(account_id=mallorys_account.pk, phones=[PHONE])


def test_a_reader_sees_the_list_and_changes_nothing(
    house_client: HouseClient, bob: User, account: SmsAccount, now: datetime
) -> None:
    house_client.force_login(bob)
    stop(account, now=now)
    page = shown(house_client, account)
    assert SHOWN in page
    assert '<form method="post" action="/sms/' not in page


def test_long_lists_come_in_pages(
    client: HouseClient, account: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in scenes.numbers(keyset.PAGE + 1):
        stop(account, number, now=now)
    first = client.get(url(account))
    assert len(first.context["page"].rows) == keyset.PAGE
    second = client.get(url(account), {"cursor": first.context["page"].after})
    assert len(second.context["page"].rows) == 1
    back = client.get(url(account), {"cursor": second.context["page"].before})
    assert back.context["page"].rows == first.context["page"].rows


def test_the_download_can_be_imported_again_and_runs_no_formula(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    numbers = scenes.numbers(3)
    for number in numbers:
        stop(account, number, now=now)
    answer = client.get(url(account, "export"))
    lines = answer.getvalue().decode().splitlines()
    assert answer.headers["Content-Disposition"].endswith(f'opt-outs-{account.name}.csv"')
    assert lines[0] == '\ufeff"Number","Since","Cause"'
    assert lines[1] == f'"\'{numbers[2]}","2027-03-10T10:00:00+01:00","STOP received"'
    found = {phones.parse(line.split('"')[1], lenient=True).e164 for line in lines[1:]}
    assert found == set(numbers)
