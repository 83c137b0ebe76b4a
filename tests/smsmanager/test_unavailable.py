"""What is answered while the database is away: when to come back, and nothing that was lost."""

import sqlite3
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import NoReturn

import psycopg2
import pytest
from django.conf import settings
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import path
from django.utils import translation

from smsmanager import unavailable, urls
from tests.house_client import inspect

PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


def wrapped(cause: Exception | None) -> OperationalError:
    """Give an error as Django has it from a driver."""
    error = OperationalError()
    error.__cause__ = cause
    return error


def from_postgres(code: str) -> OperationalError:
    return wrapped(type("Coded", (psycopg2.OperationalError,), {"pgcode": code})())


def without_a_server() -> OperationalError:
    with pytest.raises(psycopg2.OperationalError) as caught:
        psycopg2.connect(host="/nowhere", dbname="x", connect_timeout=1)
    return wrapped(caught.value)


def from_sqlite(file: str, statement: str) -> OperationalError:
    connection = sqlite3.connect(file, timeout=0)
    try:
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute(statement)
        return wrapped(caught.value)
    finally:
        connection.close()


@pytest.mark.parametrize("code", ["57P01", "57P02", "57P03", "08006", "53300"])
def test_a_server_that_stops_starts_or_is_full_is_away(code: str) -> None:
    assert unavailable.is_away(from_postgres(code))


def test_no_server_at_all_is_away() -> None:
    assert unavailable.is_away(without_a_server())
    assert unavailable.is_away(InterfaceError("connection already closed"))


def test_a_server_that_dies_in_the_middle_of_its_answer_is_away() -> None:
    error = DatabaseError()
    error.__cause__ = psycopg2.DatabaseError()
    assert unavailable.is_away(error)


def test_a_file_that_stays_locked_is_away(tmp_path: Path) -> None:
    file = str(tmp_path / "x.sqlite3")
    holder = sqlite3.connect(file)
    holder.execute("BEGIN EXCLUSIVE")
    found = from_sqlite(file, "BEGIN IMMEDIATE")
    holder.close()
    assert unavailable.is_away(found)


@pytest.mark.parametrize("code", ["57014", "40P01", "55P03"])
def test_a_statement_that_took_too_long_is_a_fault_of_ours(code: str) -> None:
    assert not unavailable.is_away(from_postgres(code))


def test_a_wrong_question_is_a_fault_of_ours() -> None:
    assert not unavailable.is_away(from_sqlite(":memory:", "SELECT * FROM nothing"))
    assert not unavailable.is_away(DataError())
    assert not unavailable.is_away(wrapped(None))
    assert not unavailable.is_away(None)


def away(_request: HttpRequest) -> NoReturn:
    raise from_postgres("57P01")


def wrong(_request: HttpRequest) -> NoReturn:
    raise ZeroDivisionError


# This module is the panel's addresses, and two that fail.
urlpatterns = [path("away/", away), path("wrong/", wrong), *urls.urlpatterns]
handler500 = urls.handler500


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(settings, "ROOT_URLCONF", __name__)
    # Each request leaves its language behind.
    with translation.override("en"):
        yield Client(raise_request_exception=False)


def is_put_off(response: HttpResponseBase) -> bool:
    return response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and response.headers[
        "Retry-After"
    ] == str(unavailable.RETRY_AFTER_SECONDS)


def test_people_read_that_nothing_is_lost_and_may_try_again(asked: Client) -> None:
    response = asked.get("/away/", headers={"accept": PAGE})
    assert is_put_off(response)
    inspect(response, asked_by_htmx=False)
    assert "Nothing is lost" in response.content.decode()
    assert "Try again" in response.content.decode()


def test_who_sent_a_form_is_told_to_send_it_again(asked: Client) -> None:
    response = asked.post("/away/", headers={"accept": PAGE})
    assert is_put_off(response)
    inspect(response, asked_by_htmx=False)
    assert "counts once" in response.content.decode()


def test_the_page_is_in_the_language_of_the_browser_or_its_cookie(asked: Client) -> None:
    response = asked.get("/away/", headers={"accept": PAGE, "accept-language": "it"})
    assert '<html lang="it">' in response.content.decode()
    asked.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    response = asked.get("/away/", headers={"accept": PAGE, "accept-language": "it"})
    assert '<html lang="fr">' in response.content.decode()


def test_a_fragment_gets_nothing_to_show(asked: Client) -> None:
    response = asked.get("/away/", headers={"accept": PAGE, "hx-request": "true"})
    assert is_put_off(response)
    assert "<" not in response.content.decode()


def test_a_program_gets_one_line(asked: Client) -> None:
    response = asked.post("/away/", headers={"accept": "*/*"})
    assert is_put_off(response)
    assert response.content == b"try again\n"


def test_another_error_stays_an_error_of_ours(asked: Client) -> None:
    response = asked.get("/wrong/", headers={"accept": PAGE})
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Something broke on our side" in response.content.decode()
