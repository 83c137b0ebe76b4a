"""The demo's handset answers: to a short number, STOP with one press, and 48 hours later."""

import re
import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings as PytestSettings

from smsmanager import handset
from tests.house_client import HouseClient
from tests.smsmanager.conftest import PHONE, TOKEN, Send

SCREEN = f"/demo/handset/{PHONE}/"
ANSWER, LATER = f"{SCREEN}answer/", f"{SCREEN}later/"
SHORT = "38123"


def answer(client: Client, text: str = "Oui", **changes: Any) -> Any:
    """Post the form of the phone: an answer to the first SMS."""
    fields = {"message": "1", "key": str(uuid.uuid4()), "text": text}
    return client.post(ANSWER, fields | changes, follow=True)


def sent(settings: PytestSettings) -> list[handset.Sent]:
    return handset.screen(number=PHONE, url=settings.CARRIER_URL, token=TOKEN).sent


def test_an_sms_from_a_short_number_is_answered(
    client: HouseClient, send: Send, settings: PytestSettings
) -> None:
    send("Pain pret", sender=SHORT)
    page = answer(client, "Oui, à 9 h")
    assert [(s.number, s.text) for s in sent(settings)] == [(SHORT, "Oui, à 9 h")]
    assert page.redirect_chain == [(SCREEN, HTTPStatus.FOUND)]
    for words in ("Sent from this phone.", "Oui, à 9 h", f"to {SHORT}"):
        assert words in page.content.decode()


def test_the_page_answers_the_latest_sms_or_the_one_asked_for(
    client: HouseClient, send: Send
) -> None:
    for number in (SHORT, "38456"):
        send(f"Pain pret {number}", sender=number)
    send("Clause", clause="\nSTOP:36111")
    assert client.get(SCREEN).context["chosen"].answer_to == "38456"
    assert client.get(f"{SCREEN}?answer=1").context["chosen"].answer_to == SHORT
    assert client.get(f"{SCREEN}?answer=3").context["chosen"].answer_to == "38456"
    assert client.get(f"{SCREEN}?answer=nonsense").context["chosen"].answer_to == "38456"


def test_a_name_offers_stop_alone_and_goes_to_the_number_of_its_clause(
    client: HouseClient, send: Send, settings: PytestSettings
) -> None:
    send("Pain pret", clause="\nSTOP:36111")
    page = client.get(SCREEN).content.decode()
    assert "STOP to 36111" in page
    assert "Reply to" not in page
    form = re.search(r'<form method="post" action="[^"]*answer/">.*?</form>', page, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(message|key|text)" value="([^"]+)"', form[0]))
    client.post(ANSWER, fields)
    client.post(ANSWER, fields)
    assert [(s.number, s.text) for s in sent(settings)] == [("36111", "STOP")]


def test_a_name_without_clause_cannot_be_answered_and_says_so(
    client: HouseClient, send: Send
) -> None:
    send("Pain pret")
    page = answer(client)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "it came from a name" in page.content.decode()


def test_48_hours_pass_for_the_next_sms_alone(
    client: HouseClient, send: Send, settings: PytestSettings
) -> None:
    send("Pain pret", sender=SHORT)
    page = client.post(LATER, follow=True)
    assert "48 hours went by" in page.content.decode()
    answer(client, "late")
    answer(client, "now")
    now, late = sent(settings)
    assert late.at - now.at > timedelta(hours=47)
    assert abs(now.at - timezone.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"message": "x"}, id="no SMS"),
        pytest.param({"message": str(2**63)}, id="a number too large"),
        pytest.param({"key": "1"}, id="no key"),
        pytest.param({"text": "x" * 40_000}, id="a text too long"),
        pytest.param({"text": "a\0b"}, id="a NUL"),
    ],
)
def test_what_cannot_be_sent_is_told_and_kept(
    client: HouseClient, send: Send, settings: PytestSettings, changes: dict[str, str]
) -> None:
    send("Pain pret", sender=SHORT)
    page = answer(client, **({"text": "Mon texte"} | changes))
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    if "text" not in changes:
        assert "Mon texte" in page.content.decode()
    assert sent(settings) == []


def test_an_empty_sms_can_be_sent(
    client: HouseClient, send: Send, settings: PytestSettings
) -> None:
    send("Pain pret", sender=SHORT)
    answer(client, "")
    assert [s.text for s in sent(settings)] == [""]


def test_a_carrier_that_is_away_is_told_and_the_text_is_kept(
    client: HouseClient, settings: PytestSettings
) -> None:
    settings.CARRIER_URL = "http://127.0.0.1:1"
    page = answer(client, "Mon texte")
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nothing was sent." in page.content.decode()
    assert "Mon texte" in page.content.decode()
    assert "No time went by." in client.post(LATER, follow=True).content.decode()


@pytest.mark.parametrize("address", [ANSWER, LATER])
def test_the_acts_exist_in_the_demo_by_form_only(
    client: HouseClient, send: Send, settings: PytestSettings, address: str
) -> None:
    assert client.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address).status_code == HTTPStatus.FORBIDDEN
    settings.DEMO = False
    assert client.post(address).status_code == HTTPStatus.NOT_FOUND
