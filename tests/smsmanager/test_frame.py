"""What stands around every page: navigation, account, balance, language, the demo's pages."""

import pytest
from pytest_django import Settings

from accounts.models import SmsAccount, User
from tests.house_client import HouseClient


def page(client: HouseClient, user: User, address: str) -> str:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize("place", ["compose/", "messages/", "characters/"])
def test_every_page_of_an_account_shows_its_name_and_its_balance(
    house_client: HouseClient, alice: User, account: SmsAccount, place: str
) -> None:
    shown = page(house_client, alice, f"/sms/{account.name}/{place}")
    assert account.name in shown
    assert "<strong>1,000 credits</strong>" in shown


def test_writing_an_sms_is_the_first_entry_and_marked_as_the_page_one_is_on(
    house_client: HouseClient, alice: User, account: SmsAccount
) -> None:
    shown = page(house_client, alice, f"/sms/{account.name}/compose/")
    first = shown.index('class="nav-entry"')
    entry = shown[first : shown.index(">", first)]
    assert entry.endswith(f'href="/sms/{account.name}/compose/" aria-current="page"')


def test_a_reader_is_offered_what_a_reader_may_do(
    house_client: HouseClient, bob: User, account: SmsAccount
) -> None:
    shown = page(house_client, bob, f"/sms/{account.name}/messages/")
    assert "/compose/" not in shown
    assert "/characters/" in shown


def test_the_list_of_accounts_shows_each_balance(
    house_client: HouseClient, alice: User, account: SmsAccount
) -> None:
    shown = page(house_client, alice, "/sms/")
    assert account.name in shown
    assert "1,000 credits" in shown


def test_a_list_without_accounts_says_whom_to_ask(house_client: HouseClient, sam: User) -> None:
    assert "No SMS account yet" in page(house_client, sam, "/sms/")


def test_one_credit_is_not_plural(
    house_client: HouseClient, alice: User, account: SmsAccount
) -> None:
    SmsAccount.objects.filter(pk=account.pk).update(balance_hundredths=100)
    assert "1 credit<" in page(house_client, alice, f"/sms/{account.name}/messages/")


@pytest.mark.parametrize(("demo", "linked"), [(True, True), (False, False)])
def test_the_demos_pages_are_linked_in_the_demo_only(
    house_client: HouseClient, alice: User, settings: Settings, demo: bool, linked: bool
) -> None:
    settings.DEMO = demo
    assert ("/demo/mailbox/" in page(house_client, alice, "/sms/")) is linked


def test_pages_speak_the_language_that_was_chosen(
    house_client: HouseClient, alice: User, account: SmsAccount
) -> None:
    house_client.force_login(alice)
    house_client.post("/language/", {"language": "fr", "next": "/sms/"})
    assert '<html lang="fr">' in house_client.get("/sms/").content.decode()
