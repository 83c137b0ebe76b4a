"""Signing in, a lost password, a second factor: every page is decent and has our look."""

import re
import time
from http import HTTPStatus

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from pytest_django import Settings

from accounts.models import User
from tests.factories import make_user
from tests.house_client import HouseClient

PASSWORD = "a-password-of-a-test-27"
OUR_LOOK = b"css/panel.css"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Settings) -> None:
    """Hash passwords at once: how slowly it is done is not what these tests are about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def anna(db: None) -> User:
    """Give a person with a password and a verified address."""
    anna = make_user("anna")
    anna.set_password(PASSWORD)
    anna.save()
    EmailAddress.objects.create(user=anna, email=anna.email, verified=True, primary=True)
    return anna


@pytest.fixture
def signed_in(anna: User, house_client: HouseClient) -> HouseClient:
    """Give a client that signed in by the form."""
    form = {"login": anna.email, "password": PASSWORD}
    assert house_client.post("/accounts/login/", form).status_code == HTTPStatus.FOUND
    return house_client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/1-bad/",
        "/accounts/password/reset/key/done/",
        "/accounts/inactive/",
        "/accounts/confirm-email/",
    ],
)
def test_pages_for_visitors_have_our_look(house_client: HouseClient, address: str) -> None:
    response = house_client.get(address)
    assert response.status_code == HTTPStatus.OK
    assert OUR_LOOK in response.content


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/logout/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
    ],
)
def test_pages_for_people_signed_in_have_our_look(signed_in: HouseClient, address: str) -> None:
    response = signed_in.get(address)
    assert response.status_code == HTTPStatus.OK
    assert OUR_LOOK in response.content
    assert b"Sign out" in response.content


def test_a_wrong_password_is_told_on_the_same_page(anna: User, house_client: HouseClient) -> None:
    form = {"login": anna.email, "password": "wrong"}
    response = house_client.post("/accounts/login/", form)
    assert response.status_code == HTTPStatus.OK
    assert anna.email in response.content.decode()


def test_nobody_can_sign_up_by_themselves(db: None, house_client: HouseClient) -> None:
    assert "Sign-up is closed" in house_client.get("/accounts/signup/").content.decode()


def test_a_lost_password_is_replaced_through_the_e_mail(
    anna: User, house_client: HouseClient
) -> None:
    house_client.post("/accounts/password/reset/", {"email": anna.email}, follow=True)
    link = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = house_client.get(link[1], follow=True)
    new = "another-password-28"
    address = form.redirect_chain[-1][0]
    done = house_client.post(address, {"password1": new, "password2": new}, follow=True)
    assert done.status_code == HTTPStatus.OK
    assert house_client.login(email=anna.email, password=new)


def test_a_second_factor_is_set_up_and_then_asked_for(anna: User, signed_in: HouseClient) -> None:
    activate = "/accounts/2fa/totp/activate/"
    assert signed_in.get(activate).status_code == HTTPStatus.FOUND
    confirmed = {"password": PASSWORD, "next": activate}
    form = signed_in.post("/accounts/reauthenticate/", confirmed, follow=True)
    secret = form.context["form"].secret
    code = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
    assert signed_in.post(activate, {"code": code}, follow=True).status_code == HTTPStatus.OK
    for place in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        assert OUR_LOOK in signed_in.get(f"/accounts/2fa/{place}").content
    signed_in.post("/accounts/logout/")
    asked = signed_in.post(
        "/accounts/login/", {"login": anna.email, "password": PASSWORD}, follow=True
    )
    assert asked.redirect_chain[-1][0] == "/accounts/2fa/authenticate/"
    assert OUR_LOOK in asked.content
