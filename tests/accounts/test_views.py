"""The first pages: home leads to the compose page, the list shows one's own accounts."""

import pytest

from accounts.models import Customer, SmsAccount, User
from tests import factories
from tests.house_client import HouseClient


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_home_leads_to_the_compose_page_of_the_only_account(
    who: str, account: SmsAccount, house_client: HouseClient, request: pytest.FixtureRequest
) -> None:
    house_client.force_login(request.getfixturevalue(who))
    assert house_client.get("/").headers["Location"] == f"/sms/{account.name}/compose/"


def test_home_leads_to_the_list_when_there_is_a_choice(
    alice: User, account: SmsAccount, customer: Customer, house_client: HouseClient
) -> None:
    factories.make_account(customer)
    house_client.force_login(alice)
    assert house_client.get("/").headers["Location"] == "/sms/"


def test_home_and_list_ask_a_stranger_to_sign_in(db: None, house_client: HouseClient) -> None:
    for address in ("/", "/sms/"):
        answer = house_client.get(address)
        assert answer.headers["Location"] == f"/accounts/login/?next={address}"


def test_the_list_shows_ones_own_accounts_and_no_other(
    alice: User, account: SmsAccount, mallorys_account: SmsAccount, house_client: HouseClient
) -> None:
    house_client.force_login(alice)
    page = house_client.get("/sms/").content.decode()
    assert account.name in page
    assert mallorys_account.name not in page


def test_the_list_of_somebody_without_account_says_what_to_do(
    sam: User, account: SmsAccount, house_client: HouseClient
) -> None:
    house_client.force_login(sam)
    assert house_client.get("/").headers["Location"] == "/sms/"
    page = house_client.get("/sms/").content.decode()
    assert account.name not in page
    assert "No SMS account yet" in page
