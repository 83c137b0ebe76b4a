"""The admin site's list of requests: the same decisions as at the desk, several at once."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, SmsAccount, User
from senders.models import Decision, DecisionReason, Outcome, Sender, SenderState
from tests import factories
from tests.house_client import HouseClient

LIST = "/admin/senders/senderrequest/"


@pytest.fixture
def desk(client: Client, sam: User) -> Client:
    """Give the browser of staff. Not the house client: most pages are Django's own."""
    client.force_login(sam)
    return client


@pytest.fixture
def two(account: SmsAccount) -> list[Sender]:
    """Give two senders that wait for validation."""
    return [factories.make_sender(account, name=n, enabled=False) for n in ("FOURNIL", "Atelier")]


def act(desk: Client, action: str, *senders: Sender, **words: str) -> str:
    chosen = [str(factories.request_of(s).pk) for s in senders]
    form = {"action": action, "_selected_action": chosen, **words}
    return str(desk.post(LIST, form, follow=True).content.decode())


def states(senders: list[Sender]) -> list[str]:
    pks = [s.pk for s in senders]
    return list(Sender.objects.filter(pk__in=pks).order_by("pk").values_list("state", flat=True))


def test_the_list_leads_to_the_desk(desk: Client, two: list[Sender]) -> None:
    page = desk.get(LIST, {"closed_at__isempty": "1"}).content.decode()
    asked = factories.request_of(two[0])
    assert reverse("desk:request-detail", args=[asked.uuid]) in page
    assert "Boulangerie Martin" in page


def test_several_are_approved_at_once(desk: Client, two: list[Sender]) -> None:
    assert "2 requests were decided" in act(desk, "approve", *two)
    assert states(two) == [SenderState.ENABLED] * 2


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("refuse", Outcome.REFUSED), ("ask_for_more", Outcome.MORE_NEEDED)],
)
def test_refusing_and_asking_for_more_ask_for_a_reason(
    desk: Client, two: list[Sender], action: str, outcome: Outcome
) -> None:
    page = act(desk, action, *two)
    assert "FOURNIL" in page
    assert "The right to the name is proven" not in page
    assert "Choose a reason." in act(desk, action, *two, decided="1", reason="", text="")
    assert states(two) == [SenderState.WAITING] * 2

    act(desk, action, *two, decided="1", reason=DecisionReason.UNREADABLE, text="Too dark")
    assert states(two) == [SenderState.REFUSED] * 2
    assert set(Decision.objects.values_list("outcome", "text")) == {(outcome, "Too dark")}


def test_what_was_decided_meanwhile_is_named_and_left(
    desk: Client, two: list[Sender], sam: User
) -> None:
    factories.decide(two[0], Outcome.REFUSED, by=sam)
    page = act(desk, "approve", *two)
    assert "FOURNIL: sam@example.com decided first: Refused." in page
    assert "1 request was decided" in page
    assert states(two) == [SenderState.REFUSED, SenderState.ENABLED]


def test_an_own_request_is_left_to_others(desk: Client, two: list[Sender], sam: User) -> None:
    factories.make_member(two[0].account.customer, sam, role=Role.READER)
    assert "you belong to this customer" in act(desk, "approve", two[0])
    assert states(two[:1]) == [SenderState.WAITING]


def test_who_only_looks_has_no_actions(client: Client, two: list[Sender]) -> None:
    clerk = factories.make_clerk("view_senderrequest")
    client.force_login(clerk)
    assert "FOURNIL" in client.get(LIST).content.decode()
    act(client, "approve", *two)
    assert states(two) == [SenderState.WAITING] * 2


def test_the_page_that_asks_for_a_reason_is_a_decent_page(
    house_client: HouseClient, sam: User, two: list[Sender]
) -> None:
    house_client.force_login(sam)
    form = {"action": "refuse", "_selected_action": str(factories.request_of(two[0]).pk)}
    assert house_client.post(LIST, form).status_code == 200
    assert house_client.post(LIST, {**form, "decided": "1", "reason": ""}).status_code == 200


def test_staff_see_which_e_mails_are_still_owed(
    desk: Client, two: list[Sender], alice: User, sam: User
) -> None:
    factories.decide(two[0], Outcome.REFUSED, by=sam)
    page = desk.get("/admin/senders/sendernotice/", {"sent_at__isempty": "1"}).content.decode()
    assert alice.email in page
    assert "FOURNIL" in page
