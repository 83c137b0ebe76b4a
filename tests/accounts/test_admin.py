"""The admin site: money is looked at, credits are given once, nothing of value is deleted."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import ledger, suspension
from accounts.models import CreditEntry, Destination, EntryKind, SmsAccount, TrailEntry, User
from tests.house_client import HouseClient

READ_ONLY = ["creditentry", "trailentry", "suspension"]
LISTS = ["user", "customer", "smsaccount", "destination", *READ_ONLY]


@pytest.fixture
def desk(house_client: HouseClient, sam: User) -> HouseClient:
    """Give the browser of staff."""
    house_client.force_login(sam)
    return house_client


def address(name: str, account: SmsAccount) -> str:
    return reverse(f"admin:accounts_smsaccount_{name}", args=[account.pk])


def gift(page: Any, **changes: str) -> dict[str, str]:
    """Fill the form of a page, with its token."""
    found = re.search(r'name="token" value="([^"]+)"', page.content.decode())
    assert found
    return {"amount": "12.5", "reason": "a trade fair", "token": found[1]} | changes


def test_a_gift_is_reviewed_before_it_is_booked(desk: HouseClient, account: SmsAccount) -> None:
    before = ledger.balance(account_id=account.pk)
    form = gift(desk.get(address("give-credits", account)))
    review = desk.post(address("give-credits", account), form)
    assert "1,012.5" in review.content.decode()
    assert ledger.balance(account_id=account.pk) == before

    desk.post(address("give-credits", account), gift(review, confirm="1"))
    assert ledger.balance(account_id=account.pk) == before + 1_250
    assert CreditEntry.objects.latest("id").reason == "a trade fair"


def test_a_gift_confirmed_twice_is_booked_once(desk: HouseClient, account: SmsAccount) -> None:
    before = ledger.balance(account_id=account.pk)
    form = gift(desk.get(address("give-credits", account)), confirm="1")
    for _ in range(2):
        answer = desk.post(address("give-credits", account), form)
        assert answer.headers["Location"] == address("change", account)
    assert ledger.balance(account_id=account.pk) == before + 1_250


def test_a_reviewed_gift_can_be_changed(desk: HouseClient, account: SmsAccount) -> None:
    form = gift(desk.get(address("give-credits", account)), change="1", amount="77")
    assert 'value="77"' in desk.post(address("give-credits", account), form).content.decode()
    assert CreditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"reason": ""}, "This field is required", id="no reason"),
        pytest.param({"reason": "  "}, "This field is required", id="blank reason"),
        pytest.param({"reason": "a\x00b"}, "Null characters", id="NUL"),
        pytest.param({"amount": "0"}, "more than 0", id="nothing"),
        pytest.param({"amount": "10000000.01"}, "at most 10,000,000 credits", id="too much"),
        pytest.param({"amount": "1,000"}, "at most two decimals", id="ambiguous"),
        pytest.param({"amount": "-5"}, "at most two decimals", id="below zero"),
        pytest.param({"token": "7"}, "Enter a valid UUID", id="no token"),
    ],
)
def test_a_gift_that_says_too_little_or_too_much_is_refused(
    desk: HouseClient, account: SmsAccount, changes: dict[str, str], words: str
) -> None:
    form = gift(desk.get(address("give-credits", account)), confirm="1", **changes)
    answer = desk.post(address("give-credits", account), form)
    assert words in answer.content.decode()
    assert CreditEntry.objects.count() == 1


def test_the_customer_has_no_door_to_the_desk(
    client: Client, alice: User, account: SmsAccount
) -> None:
    client.force_login(alice)
    for name in ("give-credits", "suspend", "resume"):
        answer = client.post(address(name, account), {"amount": "5", "reason": "me"})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")
    assert CreditEntry.objects.count() == 1


def test_staff_without_the_permission_give_nothing(
    client: Client, alice: User, account: SmsAccount
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(alice)
    for name in ("give-credits", "suspend", "resume"):
        assert client.get(address(name, account)).status_code == 403


def test_an_account_that_is_not_there_has_no_desk(desk: HouseClient, account: SmsAccount) -> None:
    account.pk = 999_999
    assert desk.get(address("give-credits", account)).status_code == 404


def test_an_account_is_suspended_with_a_reason_and_resumed(
    desk: HouseClient, account: SmsAccount
) -> None:
    desk.get(address("suspend", account))
    desk.post(address("suspend", account), {"reason": ""})
    assert not account.suspensions.exists()
    for _ in range(2):
        desk.post(address("suspend", account), {"reason": "unpaid"})
    assert account.suspensions.get().until is None

    desk.get(address("resume", account))
    assert account.suspensions.get().until is None
    for _ in range(2):
        desk.post(address("resume", account))
    assert account.suspensions.get().until is not None


def test_the_page_of_an_account_leads_to_the_desk(
    client: Client, sam: User, account: SmsAccount
) -> None:
    client.force_login(sam)
    page = client.get(address("change", account)).content.decode()
    for name in ("give-credits", "suspend", "resume"):
        assert address(name, account) in page


def test_a_balance_cannot_be_typed(desk: HouseClient, account: SmsAccount) -> None:
    desk.post(
        address("change", account),
        {
            "description": "new words",
            "time_zone": "Europe/Paris",
            "balance_hundredths": "999999999",
            "name": "sms-stolen-1",
        },
    )
    account.refresh_from_db()
    assert (account.description, account.name) == ("new words", "sms-am12345-1")
    assert account.balance_hundredths == 100_000


@pytest.mark.parametrize("model", LISTS)
def test_every_list_can_be_opened_and_searched(
    client: Client, sam: User, account: SmsAccount, now: datetime, model: str
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    client.force_login(sam)
    assert client.get(f"/admin/accounts/{model}/", {"q": "am12345"}).status_code == 200


@pytest.mark.parametrize(("model", "field"), [("smsaccount", "customer"), ("membership", "user")])
def test_customers_and_users_are_found_while_typing(
    client: Client, sam: User, account: SmsAccount, model: str, field: str
) -> None:
    client.force_login(sam)
    words = {"app_label": "accounts", "model_name": model, "field_name": field, "term": "a"}
    assert client.get("/admin/autocomplete/", words).json()["results"]


@pytest.mark.parametrize("model", READ_ONLY)
def test_money_and_evidence_are_looked_at_only(
    client: Client, sam: User, account: SmsAccount, now: datetime, model: str
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    row = {
        "creditentry": CreditEntry.objects.first(),
        "trailentry": TrailEntry.objects.first(),
        "suspension": account.suspensions.first(),
    }[model]
    assert row
    client.force_login(sam)
    page = f"/admin/accounts/{model}"
    assert client.get(f"{page}/{row.pk}/change/").status_code == 200
    assert client.post(f"{page}/{row.pk}/change/", {}).status_code == 403
    assert client.post(f"{page}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{page}/add/").status_code == 403


@pytest.mark.parametrize("model", ["user", "customer", "smsaccount"])
def test_people_and_accounts_are_never_deleted(
    client: Client, sam: User, account: SmsAccount, model: str
) -> None:
    row = {"user": sam, "customer": account.customer, "smsaccount": account}[model]
    client.force_login(sam)
    answer = client.post(f"/admin/accounts/{model}/{row.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


def new_user(**changes: str) -> dict[str, str]:
    secret = "a-long-enough-pass-phrase"
    return {
        "email": "Carol@Example.com",
        "usable_password": "true",
        "password1": secret,
        "password2": secret,
    } | changes


def test_staff_make_a_user_by_e_mail_address(client: Client, sam: User) -> None:
    client.force_login(sam)
    assert client.get("/admin/accounts/user/add/").status_code == 200
    client.post("/admin/accounts/user/add/", new_user())
    carol = User.objects.get(email="carol@example.com")
    assert carol.check_password("a-long-enough-pass-phrase")
    assert client.get(f"/admin/accounts/user/{carol.pk}/change/").status_code == 200


def test_an_address_in_other_capitals_is_the_same_person(client: Client, sam: User) -> None:
    client.force_login(sam)
    page = client.post("/admin/accounts/user/add/", new_user(email="SAM@example.com"))
    assert page.status_code == 200
    assert "already exists" in page.content.decode()
    assert User.objects.count() == 1


def test_staff_change_the_tariff_in_the_list(
    client: Client, sam: User, account: SmsAccount
) -> None:
    Destination.objects.exclude(country="IN").delete()
    row = Destination.objects.get()
    client.force_login(sam)
    client.post(
        "/admin/accounts/destination/",
        {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "1",
            "form-0-id": str(row.pk),
            "form-0-price_hundredths": "45",
            "_save": "Save",
        },
    )
    row.refresh_from_db()
    assert (row.price_hundredths, row.is_open) == (45, False)


def test_the_statement_shows_credits_not_hundredths(
    client: Client, sam: User, account: SmsAccount, now: datetime
) -> None:
    ledger.debit(
        account_id=account.pk,
        amount_hundredths=250,
        kind=EntryKind.CAMPAIGN,
        reference="campaign:x:1",
        actor=None,
        now=now,
    )
    client.force_login(sam)
    page = client.get("/admin/accounts/creditentry/").content.decode()
    assert "-2.5" in page
    assert "997.5" in page
