"""Who may open what: everything that is not one's own looks as if it did not exist."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts import access
from accounts.access import AccountRequest, Right
from accounts.models import SmsAccount, User

READ, SEND, SENDERS = Right.READ, Right.SEND, Right.SENDERS


@access.account_view(may=Right.SEND)
def acting(request: AccountRequest, account: SmsAccount, thing: str) -> HttpResponse:
    assert request.account == account
    return HttpResponse(f"{request.user} {account} {thing} {sorted(request.may)}")


def ask(user: User | AnonymousUser, name: str, rf: RequestFactory) -> HttpRequest:
    request = rf.get(f"/sms/{name}/things/")
    request.user = user
    return request


@pytest.mark.parametrize(
    ("who", "rights"),
    [
        pytest.param("alice", set(Right), id="the owner may do all"),
        pytest.param("bob", {READ}, id="a reader may look"),
        pytest.param("mallory", set(), id="another customer sees nothing"),
        pytest.param("sam", set(), id="staff see nothing either"),
    ],
)
def test_rights_follow_the_membership(
    who: str, rights: set[Right], account: SmsAccount, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    assert access.rights_on(account, user=user) == rights
    for right in Right:
        if right in rights:
            assert access.account_for(user, account.name, may=right) == account
        else:
            with pytest.raises(Http404):
                access.account_for(user, account.name, may=right)


def test_a_person_sees_the_accounts_of_their_customers_and_no_other(
    alice: User, mallory: User, account: SmsAccount, mallorys_account: SmsAccount
) -> None:
    assert list(access.accounts_of(alice)) == [account]
    assert list(access.accounts_of(mallory)) == [mallorys_account]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sms-unknown-1", id="unknown"),
        pytest.param("sms-am12345-1\x00", id="NUL"),
        pytest.param("sms-am12345-1\ud800", id="half a character"),
        pytest.param("sms-am12345-1\n", id="line feed"),
        pytest.param("SMS-AM12345-1", id="capitals"),
        pytest.param("", id="empty"),
        pytest.param("' or 1=1 --", id="SQL"),
    ],
)
def test_a_name_that_is_no_account_is_not_found(
    alice: User, account: SmsAccount, name: str
) -> None:
    with pytest.raises(Http404):
        access.account_for(alice, name, may=READ)


def test_a_view_is_given_the_account_and_the_rest_of_the_address(
    alice: User, account: SmsAccount, rf: RequestFactory
) -> None:
    response = acting(ask(alice, account.name, rf), account=account.name, thing="x")
    assert response.status_code == 200
    assert b"alice@example.com sms-am12345-1 x" in response.content  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["bob", "mallory", "sam"])
def test_a_view_is_not_found_without_the_right(
    who: str, account: SmsAccount, rf: RequestFactory, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    with pytest.raises(Http404):
        acting(ask(user, account.name, rf), account=account.name, thing="x")


def test_a_stranger_is_asked_to_sign_in_first(account: SmsAccount, rf: RequestFactory) -> None:
    response = acting(ask(AnonymousUser(), account.name, rf), account=account.name, thing="x")
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/sms/sms-am12345-1/things/"


def test_a_member_who_left_sees_nothing_any_more(bob: User, account: SmsAccount) -> None:
    bob.memberships.all().delete()
    assert access.rights_on(account, user=bob) == set()
    assert not access.accounts_of(bob).exists()
