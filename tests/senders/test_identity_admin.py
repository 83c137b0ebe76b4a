"""The admin site of known names: protected ones, and those verified as a customer's."""

import pytest
from django.test import Client

from accounts.models import Role, SmsAccount, TrailEntry, User
from senders import asking
from senders.models import ProtectedName, VerifiedIdentity
from tests import factories

pytestmark = pytest.mark.django_db

PROTECTED = "/admin/senders/protectedname/"
VERIFIED = "/admin/senders/verifiedidentity/"


@pytest.fixture
def desk(client: Client, sam: User) -> Client:
    """Give the browser of staff."""
    client.force_login(sam)
    return client


def test_staff_protect_a_name_and_let_it_go(desk: Client, account: SmsAccount, sam: User) -> None:
    assert desk.get(f"{PROTECTED}add/").status_code == 200
    desk.post(f"{PROTECTED}add/", {"name": "Zorglub", "kind": "company"})
    row = ProtectedName.objects.get(name="Zorglub")
    assert asking.tell(account=account, name="Z0RGLUB").resembled == ("Zorglub",)
    assert "Zorglub" in desk.get(PROTECTED, {"q": "zorg"}).content.decode()
    desk.post(f"{PROTECTED}{row.pk}/delete/", {"post": "yes"})
    assert not asking.tell(account=account, name="Z0RGLUB").resembled
    entries = TrailEntry.objects.filter(event__startswith="protected_name.").order_by("at")
    assert [(e.event, e.actor, e.details["name"]) for e in entries] == [
        ("protected_name.saved", sam, "Zorglub"),
        ("protected_name.removed", sam, "Zorglub"),
    ]


def test_a_protected_name_stands_once_in_any_case(desk: Client) -> None:
    for name in ("Zorglub", "ZORGLUB"):
        desk.post(f"{PROTECTED}add/", {"name": name, "kind": "company"})
    assert ProtectedName.objects.filter(name__iexact="zorglub").count() == 1


def test_staff_verify_a_domain_and_take_it_back(
    desk: Client, account: SmsAccount, sam: User
) -> None:
    assert desk.get(f"{VERIFIED}add/").status_code == 200
    said = {"customer": account.customer.pk, "kind": "domain", "value": "martin.fr"}
    desk.post(f"{VERIFIED}add/", said)
    row = VerifiedIdentity.objects.get()
    assert (row.verified_by, row.value) == (sam, "martin.fr")
    assert [o.name for o in asking.offers(account=account)] == ["martin.fr"]
    assert desk.get(VERIFIED).status_code == 200
    desk.post(VERIFIED, {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert asking.offers(account=account) == []
    events = TrailEntry.objects.filter(subject=f"identity:{row.pk}", actor=sam)
    assert set(events.values_list("event", flat=True)) == {
        "identity.verified",
        "identity.taken_back",
    }


def test_the_same_is_verified_once_for_a_customer(desk: Client, account: SmsAccount) -> None:
    said = {"customer": account.customer.pk, "kind": "domain", "value": "martin.fr"}
    for value in ("martin.fr", "Martin.FR"):
        assert desk.post(f"{VERIFIED}add/", said | {"value": value}).status_code in (200, 302)
    assert VerifiedIdentity.objects.count() == 1


def test_what_was_verified_does_not_change(desk: Client, account: SmsAccount, sam: User) -> None:
    said = {"customer": account.customer.pk, "kind": "name", "value": "Martin"}
    desk.post(f"{VERIFIED}add/", said)
    row = VerifiedIdentity.objects.get()
    desk.post(f"{VERIFIED}{row.pk}/change/", said | {"value": "Orange"})
    row.refresh_from_db()
    assert row.value == "Martin"


@pytest.mark.parametrize("at", [PROTECTED, VERIFIED])
def test_customers_do_not_get_there(client: Client, alice: User, at: str) -> None:
    client.force_login(alice)
    assert client.get(at).status_code == 302


def test_nobody_verifies_for_a_customer_they_belong_to(
    desk: Client, account: SmsAccount, sam: User
) -> None:
    factories.make_member(account.customer, sam, role=Role.READER)
    said = {"customer": account.customer.pk, "kind": "domain", "value": "martin.fr"}
    page = desk.post(f"{VERIFIED}add/", said, follow=True).content.decode()
    assert "You belong to this customer: somebody else verifies." in page
    assert not VerifiedIdentity.objects.exists()
