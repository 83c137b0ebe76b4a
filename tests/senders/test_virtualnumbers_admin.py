"""The admin site of numbers: virtual ones are assigned, the pool and leases are looked at."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import SmsAccount, User
from senders import leases, shortnumbers
from senders.bulk import Acceptance
from senders.models import Lease, Sender, SenderKind, SenderState
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/admin/senders/virtualnumber/"
NUMBER = "+33755512345"
PHONE = "+33612345678"


@pytest.fixture
def desk(client: Client, sam: User, now: datetime) -> Any:
    """Give the browser of staff at the moment of the tests."""
    with time_machine.travel(now, tick=False):
        client.force_login(sam)
        yield client


def filled(account: SmsAccount, **changes: str) -> dict[str, str]:
    return {
        "account": str(account.pk),
        "number": "+33 7 55 51 23 45",
        "term_ends_at_0": "2027-06-30",
        "term_ends_at_1": "12:00",
        "validities-TOTAL_FORMS": "0",
        "validities-INITIAL_FORMS": "0",
    } | changes


def test_staff_assign_a_number_to_an_account(desk: Client, account: SmsAccount) -> None:
    assert desk.get(f"{LIST}add/").status_code == 200
    desk.post(f"{LIST}add/", filled(account))
    sender = Sender.objects.get(kind=SenderKind.VIRTUAL)
    assert (sender.name, sender.account, sender.state) == (NUMBER, account, "enabled")
    assert sender.term_ends_at
    assert sender.term_ends_at.isoformat() == "2027-06-30T10:00:00+00:00"
    assert "+33 7 55 51 23 45" in desk.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"number": "+447911123456"}, "French mobile number", id="not French"),
        pytest.param({"number": "hello"}, "French mobile number", id="no number"),
        pytest.param({"number": ""}, "This field is required", id="nothing"),
        pytest.param({"term_ends_at_0": "2027-03-01"}, "has passed", id="past end"),
        pytest.param({"term_ends_at_0": ""}, "This field is required", id="no end"),
    ],
)
def test_what_cannot_be_assigned_is_said_beside_its_field(
    desk: Client, account: SmsAccount, changes: dict[str, str], words: str
) -> None:
    page = desk.post(f"{LIST}add/", filled(account, **changes))
    assert words in page.content.decode()
    assert not Sender.objects.filter(kind=SenderKind.VIRTUAL).exists()


def test_a_customer_elsewhere_and_a_taken_number_are_refused(
    desk: Client, account: SmsAccount, mallorys_account: SmsAccount
) -> None:
    page = desk.post(f"{LIST}add/", filled(mallorys_account))
    assert "not established in France" in page.content.decode()
    factories.make_virtual(account, number=NUMBER)
    page = desk.post(f"{LIST}add/", filled(account))
    assert "An account has this number" in page.content.decode()


def test_staff_move_the_end_of_a_term(desk: Client, account: SmsAccount) -> None:
    sender = factories.make_virtual(account, number=NUMBER)
    address = f"{LIST}{sender.pk}/change/"
    form = filled(account, **{"validities-INITIAL_FORMS": "0"})
    assert desk.get(address).status_code == 200
    desk.post(address, form | {"number": "+33755500000"})
    sender.refresh_from_db()
    assert sender.term_ends_at
    assert (sender.name, sender.term_ends_at.month) == (NUMBER, 6)
    page = desk.post(address, form | {"term_ends_at_0": "2027-03-01"})
    assert "has passed" in page.content.decode()


def test_a_term_that_ended_meanwhile_is_said(
    desk: Client, account: SmsAccount, now: datetime
) -> None:
    sender = factories.make_virtual(account, number=NUMBER, until=now + timedelta(hours=1))
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        page = desk.post(f"{LIST}{sender.pk}/change/", filled(account), follow=True)
    assert "assign it again" in page.content.decode()


def test_staff_withdraw_a_number_with_a_reason(desk: Client, account: SmsAccount) -> None:
    sender = factories.make_virtual(account, number=NUMBER)
    form = {"action": "withdraw", "_selected_action": str(sender.pk)}
    assert "+33 7 55 51 23 45" in desk.post(LIST, form).content.decode()
    desk.post(LIST, form | {"decided": "1", "reason": "abuse"})
    sender.refresh_from_db()
    assert sender.state == SenderState.WITHDRAWN


def test_a_new_account_in_france_has_its_short_number_at_once(desk: Client) -> None:
    customer = factories.make_customer()
    form = {"name": "sms-new1-1", "customer": str(customer.pk), "time_zone": "Europe/Paris"}
    desk.post("/admin/accounts/smsaccount/add/", form)
    assert Sender.objects.get(account__name="sms-new1-1").kind == SenderKind.SHORT


def test_the_pool_and_masked_leases_are_looked_at(
    desk: Client, account: SmsAccount, now: datetime
) -> None:
    (number,) = factories.make_pool(1, now=now)
    shortnumbers.lend(account_id=account.pk, phones=[PHONE], now=now)
    lease = Lease.objects.get()
    told = Acceptance(number=number, phone=PHONE, message_id=7, accepted_at=now)
    leases.accept(account_id=account.pk, acceptances=[told])
    assert number in desk.get("/admin/senders/shortnumber/").content.decode()
    for address in ("", f"{lease.pk}/change/"):
        page = desk.get(f"/admin/senders/lease/{address}").content.decode()
        assert number in page
        assert "12345678" not in page.replace(" ", "")
