"""Who reads what in which language: pages, pieces of pages, downloads, e-mails."""

import re
from datetime import datetime

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from accounts import language
from accounts.models import SmsAccount, User
from senders.models import Sender
from tests import pages, scenes
from tests.house_client import HouseClient

pytestmark = pytest.mark.django_db


def said(words: str, *, in_language: str) -> str:
    """Give what a text is in another language; a text that is the same proves nothing."""
    with translation.override(in_language):
        found = gettext(words)
    assert found != words
    return found


def language_of(client: Client, address: str, *, browser: str = "") -> str:
    page = client.get(address, headers={"accept-language": browser}).content.decode()
    (found,) = re.findall(r'<html lang="([^"]+)"', page)
    return str(found)


@pytest.fixture
def marie(alice: User) -> User:
    """Alice, who chose French."""
    language.choose(user=alice, language="fr")
    alice.refresh_from_db()
    return alice


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        pytest.param("fr", "fr", id="a language we speak"),
        pytest.param("it-CH,it;q=0.9", "it", id="as spoken in a country"),
        pytest.param("de,fr;q=0.5,it;q=0.3", "fr", id="the second best"),
        pytest.param("de", "en", id="none we speak"),
        pytest.param("", "en", id="none named"),
        pytest.param(";;\x7f=", "en", id="nonsense"),
    ],
)
def test_a_visitor_reads_the_language_of_the_browser(browser: str, expected: str) -> None:
    assert language_of(HouseClient(), "/accounts/login/", browser=browser) == expected


def test_a_visitors_choice_goes_before_the_browser_and_stays_after_signing_in(alice: User) -> None:
    client = HouseClient()
    client.post("/language/", {"language": "it", "next": "/accounts/login/"})
    assert language_of(client, "/accounts/login/", browser="fr") == "it"
    client.force_login(alice)
    assert language_of(client, "/sms/", browser="fr") == "it"


def test_a_persons_choice_goes_before_cookie_and_browser(marie: User) -> None:
    client = HouseClient()
    client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "it"
    client.force_login(marie)
    assert language_of(client, "/sms/", browser="en") == "fr"
    assert language_of(client, "/sms/nowhere/", browser="en") == "fr"


def test_a_refusal_at_the_door_speaks_to_who_asked_and_not_to_who_asked_before(
    marie: User,
) -> None:
    before = HouseClient()
    before.force_login(marie)
    assert language_of(before, "/sms/") == "fr"
    assert language_of(HouseClient(), "/sms/%00/", browser="it") == "it"


def test_pieces_of_a_page_speak_like_the_page(
    marie: User, account: SmsAccount, sender: Sender
) -> None:
    client = HouseClient()
    client.force_login(marie)
    at = f"/sms/{account.name}/compose/size/"
    piece = client.post(at, pages.filled(), headers={"hx-request": "true"}).content.decode()
    assert said("Standard alphabet", in_language="fr") in piece


def test_what_an_act_has_to_say_is_said_in_the_persons_language(
    marie: User, account: SmsAccount, sender: Sender, now: datetime
) -> None:
    client = HouseClient()
    with time_machine.travel(now, tick=False):
        client.force_login(marie)
        answer = client.post(pages.compose_url(account), pages.filled(), follow=True)
    assert said("SMS on its way.", in_language="fr") in pages.words_of(answer)


def test_a_download_has_the_words_of_the_page(
    marie: User, account: SmsAccount, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(
        account, marie, sender, now=now, numbers=(*scenes.numbers(2), "hello")
    )
    client = Client()
    client.force_login(marie)
    answer = client.get(pages.campaign_url("refused-row-list", revision))
    csv = answer.getvalue().decode()
    assert said("There are characters that no phone number has.", in_language="fr") in csv


@pytest.mark.parametrize("browser", ["it", "en"])
def test_an_e_mail_is_in_the_language_of_who_gets_it(marie: User, browser: str) -> None:
    client = HouseClient(headers={"accept-language": browser})
    client.post("/accounts/password/reset/", {"email": marie.email})
    assert said("Password Reset Email", in_language="fr") in mail.outbox[0].subject
    assert language_of(client, "/accounts/login/", browser=browser) == browser


def test_an_e_mail_to_who_chose_no_language_is_in_that_of_the_page(alice: User) -> None:
    client = HouseClient(headers={"accept-language": "it"})
    client.post("/accounts/password/reset/", {"email": alice.email})
    assert said("Password Reset Email", in_language="it") in mail.outbox[0].subject


def test_a_worker_speaks_to_each_person_in_turn(marie: User, mallory: User) -> None:
    spoken = []
    with translation.override(django_settings.LANGUAGE_CODE):
        for user in (marie, mallory, None):
            with language.speaking_to(user):
                spoken.append(translation.get_language())
    assert spoken == ["fr", "en", "en"]
