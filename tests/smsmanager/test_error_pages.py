"""What people see when something does not work: kind words and a way back."""

from http import HTTPStatus

import pytest
from django.test import RequestFactory
from django.views import defaults

from tests.house_client import HouseClient, inspect

WAY_BACK = 'href="/"'


def test_an_address_that_is_not_there_leads_back(db: None, house_client: HouseClient) -> None:
    response = house_client.get("/nowhere/")
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert WAY_BACK in response.content.decode()


def test_a_stale_form_says_that_nothing_was_lost(db: None) -> None:
    strict = HouseClient(enforce_csrf_checks=True)
    response = strict.post("/accounts/login/", {"login": "x"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "still in the previous page" in response.content.decode()


@pytest.mark.parametrize("view", [defaults.bad_request, defaults.permission_denied])
def test_other_refusals_are_decent_pages(rf: RequestFactory, view: object) -> None:
    assert callable(view)
    response = view(rf.get("/"), exception=ValueError())
    inspect(response, asked_by_htmx=False)
    assert WAY_BACK in response.content.decode()


def test_an_error_of_ours_is_a_page_that_needs_nothing(rf: RequestFactory) -> None:
    response = defaults.server_error(rf.get("/"))
    inspect(response, asked_by_htmx=False)
    assert "Something broke on our side" in response.content.decode()
    assert WAY_BACK in response.content.decode()
