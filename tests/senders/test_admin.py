"""The admin site of senders: they are asked for and withdrawn, through the review."""

import pytest
from django.test import Client

from accounts.models import SmsAccount, TrailEntry, User
from senders.models import Sender, SenderKind, SenderState
from tests import factories
from tests.house_client import HouseClient

LIST = "/admin/senders/sender/"


@pytest.fixture
def desk(client: Client, sam: User) -> Client:
    """Give the browser of staff. Not the house client: most pages are Django's own."""
    client.force_login(sam)
    return client


@pytest.fixture
def waiting(account: SmsAccount) -> Sender:
    """Give a sender that waits for validation."""
    return factories.make_sender(account, name="FOURNIL", enabled=False)


def state_of(sender: Sender) -> str:
    return Sender.objects.values_list("state", flat=True).get(pk=sender.pk)


def act(desk: Client, action: str, *senders: Sender, **words: str) -> str:
    chosen = [str(s.pk) for s in senders]
    form = {"action": action, "_selected_action": chosen, **words}
    return str(desk.post(LIST, form, follow=True).content.decode())


def test_withdrawing_asks_for_a_reason(desk: Client, sender: Sender) -> None:
    page = act(desk, "withdraw", sender)
    assert sender.name in page
    assert state_of(sender) == SenderState.ENABLED

    assert "required" in act(desk, "withdraw", sender, decided="1", reason="")
    said = act(desk, "withdraw", sender, decided="1", reason="call 0612345678")
    assert "phone numbers" in said
    assert state_of(sender) == SenderState.ENABLED

    act(desk, "withdraw", sender, decided="1", reason="no document")
    assert state_of(sender) == SenderState.WITHDRAWN
    assert TrailEntry.objects.get(details__reason="no document").subject == f"sender:{sender.pk}"


def test_a_sender_in_another_state_is_left_and_named(
    desk: Client, sender: Sender, waiting: Sender
) -> None:
    form = {"decided": "1", "reason": "no document"}
    page = act(desk, "withdraw", sender, waiting, **form)
    assert "FOURNIL was left as it is: Waiting for validation." in page
    assert "1 sender was changed" in page


def test_the_page_that_asks_for_a_reason_is_a_decent_page(
    house_client: HouseClient, sam: User, sender: Sender
) -> None:
    house_client.force_login(sam)
    form = {"action": "withdraw", "_selected_action": str(sender.pk)}
    assert house_client.post(LIST, form).status_code == 200
    assert house_client.post(LIST, {**form, "decided": "1", "reason": ""}).status_code == 200


def test_staff_ask_for_a_sender_on_behalf_of_a_customer(desk: Client, account: SmsAccount) -> None:
    form = {"account": str(account.pk), "description": "", "validities-TOTAL_FORMS": "0"}
    form["validities-INITIAL_FORMS"] = "0"
    page = desk.post(f"{LIST}add/", {**form, "name": "36111"}).content.decode()
    assert "short number" in page
    names = Sender.objects.filter(kind=SenderKind.ALPHANUMERIC)
    assert not names.exists()

    desk.post(f"{LIST}add/", {**form, "name": "FOURNIL"})
    sender = names.get()
    assert (sender.name, sender.state) == ("FOURNIL", SenderState.WAITING)
    assert TrailEntry.objects.filter(event="sender.requested").exists()

    again = desk.post(f"{LIST}add/", {**form, "name": "FOURNIL"})
    assert "already exists" in again.content.decode()


def test_state_and_name_cannot_be_typed(desk: Client, waiting: Sender) -> None:
    page = f"{LIST}{waiting.pk}/change/"
    assert desk.get(page).status_code == 200
    desk.post(
        page,
        {
            "description": "the oven",
            "state": "enabled",
            "name": "Bank",
            "validities-TOTAL_FORMS": "0",
            "validities-INITIAL_FORMS": "0",
        },
    )
    waiting.refresh_from_db()
    assert (waiting.description, waiting.state) == ("the oven", SenderState.WAITING)
    assert waiting.name == "FOURNIL"


def test_the_list_is_filtered_by_state_and_searched(
    desk: Client, sender: Sender, waiting: Sender
) -> None:
    page = desk.get(LIST, {"state__exact": "waiting", "q": "fourn"}).content.decode()
    assert "FOURNIL" in page
    assert ">Martin<" not in page


def test_the_account_of_a_sender_is_found_while_typing(desk: Client, account: SmsAccount) -> None:
    words = {"app_label": "senders", "model_name": "sender", "field_name": "account"}
    (found,) = desk.get("/admin/autocomplete/", {**words, "term": "am1"}).json()["results"]
    assert found["text"] == account.name


def test_a_sender_is_never_deleted(desk: Client, sender: Sender) -> None:
    assert desk.post(f"{LIST}{sender.pk}/delete/", {"post": "yes"}).status_code == 403
