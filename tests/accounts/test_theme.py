"""Light or dark: the system's choice, or one's own on this device."""

import pytest
from django.test import Client

from accounts import theme
from accounts.models import User
from tests.house_client import HouseClient

pytestmark = pytest.mark.django_db


def html_of(client: Client) -> str:
    page = client.get("/accounts/login/", follow=True).content.decode()
    return page[page.index("<html") : page.index("<title")]


def test_the_system_decides_until_somebody_chooses() -> None:
    shown = html_of(HouseClient())
    assert "data-theme" not in shown
    assert 'name="color-scheme" content="light dark"' in shown


@pytest.mark.parametrize("chosen", theme.CHOICES)
def test_a_choice_is_kept_on_this_device(chosen: str) -> None:
    client = HouseClient()
    answer = client.post("/theme/", {"theme": chosen, "next": "/accounts/login/"})
    assert answer.headers["Location"] == "/accounts/login/"
    assert f'data-theme="{chosen}"' in html_of(client)
    assert f'name="color-scheme" content="{chosen}"' in html_of(client)


@pytest.mark.parametrize("chosen", ["", "sepia", '"><script>', "\x00"])
def test_anything_else_leaves_it_to_the_system(chosen: str) -> None:
    client = HouseClient()
    client.post("/theme/", {"theme": "dark"})
    client.post("/theme/", {"theme": chosen})
    assert "data-theme" not in html_of(client)


def test_a_cookie_of_somebody_elses_making_says_nothing() -> None:
    client = HouseClient()
    client.cookies[theme.COOKIE] = '"><script>'
    assert "script" not in html_of(client).split("<meta name")[0]


def test_the_choice_is_marked_and_stands_on_pages_of_people_too(alice: User) -> None:
    client = HouseClient()
    client.force_login(alice)
    client.post("/theme/", {"theme": "dark"})
    shown = client.get("/sms/").content.decode()
    assert 'value="dark" title="Dark" aria-current="true"' in shown


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "\x00"])
def test_a_choice_leads_to_no_other_site(address: str) -> None:
    answer = Client().post("/theme/", {"theme": "dark", "next": address})
    assert answer.headers["Location"] == "/"


def test_following_a_link_changes_no_looks() -> None:
    assert Client().get("/theme/").status_code == 405
