"""The language of pages: the person's choice, then the browser's."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from accounts import language
from accounts.language import UserLanguageMiddleware
from accounts.models import User


@pytest.fixture(autouse=True)
def _speaks_english_again() -> Iterator[None]:
    """Each request leaves its language behind."""
    with translation.override("en"):
        yield


def language_for(user: User, rf: RequestFactory) -> str:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(translation.get_language())

    request = rf.get("/")
    request.user = user
    with translation.override("en"):
        return UserLanguageMiddleware(page)(request).content.decode()


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        pytest.param("fr", "fr", id="chosen"),
        pytest.param("", "en", id="nothing chosen"),
        pytest.param("tlh", "en", id="no longer offered"),
    ],
)
def test_pages_are_in_the_language_that_the_person_chose(
    alice: User, rf: RequestFactory, chosen: str, shown: str
) -> None:
    alice.language = chosen
    assert language_for(alice, rf) == shown


def test_a_choice_is_remembered_for_the_person_and_in_a_cookie(alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.post("/language/", {"language": "it", "next": "/sms/"})
    alice.refresh_from_db()
    assert alice.language == "it"
    assert response.headers["Location"] == "/sms/"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "it"


def test_another_browser_learns_the_choice_of_the_person(alice: User, client: Client) -> None:
    language.choose(user=alice, language="fr")
    client.force_login(alice)
    response = client.get("/sms/")
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "fr"
    assert settings.LANGUAGE_COOKIE_NAME not in client.get("/sms/").cookies


def test_a_new_choice_is_not_overruled_by_the_old_one(alice: User, client: Client) -> None:
    language.choose(user=alice, language="fr")
    client.force_login(alice)
    response = client.post("/language/", {"language": "it"})
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "it"


def test_a_visitor_may_choose_too(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "fr", "next": "/accounts/login/"})
    assert response.headers["Location"] == "/accounts/login/"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "fr"


@pytest.mark.parametrize("strange", ["xx", "", "fr\x00", "f" * 600])
def test_a_language_that_is_not_offered_changes_nothing(
    alice: User, client: Client, strange: str
) -> None:
    client.force_login(alice)
    assert client.post("/language/", {"language": strange}).status_code == 302
    alice.refresh_from_db()
    assert alice.language == ""


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "\x00"])
def test_a_choice_leads_to_no_other_site(client: Client, db: None, address: str) -> None:
    response = client.post("/language/", {"language": "fr", "next": address})
    assert response.headers["Location"] == "/"


def test_following_a_link_changes_no_language(client: Client, db: None) -> None:
    assert client.get("/language/").status_code == 405
