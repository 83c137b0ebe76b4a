"""The address that a load balancer asks."""

from http import HTTPStatus

import pytest
from django.db import OperationalError, connection
from django.test import Client


@pytest.mark.django_db
def test_a_process_whose_database_answers_is_healthy(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == HTTPStatus.OK
    assert response.headers["Cache-Control"].startswith("max-age=0")


@pytest.mark.django_db
def test_a_process_whose_database_is_away_is_not(client: Client) -> None:
    def away(*_args: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(away):
        assert client.get("/healthz").status_code == HTTPStatus.SERVICE_UNAVAILABLE
