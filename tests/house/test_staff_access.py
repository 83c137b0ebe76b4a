"""Who gets what at every address of staff: a new address without a row here fails.

Customers meet 404, as at an address that does not exist. Staff without the permission are
forbidden it, in the admin site as at the desk.
"""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import SmsAccount, User
from senders import asking
from senders.asking import Words
from senders.models import SenderDocument, SenderRequest
from tests import factories, papers
from tests.house.test_access import patterns

pytestmark = pytest.mark.django_db(transaction=True)

# Method, what the address names, and the answer to staff with the permission.
PAGES = {
    "desk:request-list": ("get", "", 200),
    "desk:decision-statistics": ("get", "", 200),
    "desk:number-list": ("get", "", 200),
    "desk:request-detail": ("get", "asked", 200),
    "desk:request-claim": ("post", "asked", 302),
    "desk:request-release": ("post", "asked", 302),
    "desk:request-decide": ("post", "asked", 422),
    "desk:document-detail": ("get", "document", 200),
    "desk:document-page": ("get", "page", 200),
}


@pytest.fixture
def places(account: SmsAccount, alice: User, now: datetime) -> dict[str, dict[str, object]]:
    """Give what addresses name: a request of Alice's with a document."""
    words = Words(description="", reason="Shop")
    asking.ask(
        account=account, name="FOURNIL", words=words, papers=[papers.paper()], by=alice, now=now
    )
    document: dict[str, object] = {"document": SenderDocument.objects.get().uuid}
    return {
        "": {},
        "asked": {"asked": SenderRequest.objects.get().uuid},
        "document": document,
        "page": {**document, "page": 1},
    }


def staff_addresses() -> set[str]:
    return {
        name for name, route in patterns(get_resolver().url_patterns) if route.startswith("staff/")
    }


def test_every_address_of_staff_has_a_row() -> None:
    assert staff_addresses() == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_only_staff_with_the_permission_get_in(
    name: str,
    places: dict[str, dict[str, object]],
    alice: User,
    bob: User,
    mallory: User,
    sam: User,
) -> None:
    method, what, answer = PAGES[name]
    at = reverse(name, kwargs=places[what])
    clerk = factories.make_clerk("view_senderrequest", "view_decision", "change_senderrequest")
    seen = {}
    people = {"": None, "m": mallory, "a": alice, "b": bob, "clerk": clerk, "sam": sam}
    for who, user in people.items():
        client = Client()
        if user is not None:
            client.force_login(user)
        seen[who] = getattr(client, method)(at).status_code
    assert seen == {"": 302, "m": 404, "a": 404, "b": 404, "clerk": 403, "sam": answer}


@pytest.mark.parametrize("name", [n for n, (method, *_rest) in PAGES.items() if method == "post"])
def test_what_changes_something_is_only_posted(
    name: str, places: dict[str, dict[str, object]], sam: User
) -> None:
    client = Client()
    client.force_login(sam)
    assert client.get(reverse(name, kwargs=places["asked"])).status_code == 405
