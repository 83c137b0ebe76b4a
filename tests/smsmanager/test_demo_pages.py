"""The demo's handset and mailbox, against the product's own simulated carrier."""

import socket
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core.mail import get_connection, send_mail
from django.core.mail.message import EmailMultiAlternatives
from pytest_django import Settings as PytestSettings

from smsmanager import handset
from tests.house_client import HouseClient
from tests.smsmanager.conftest import Send

PHONE = "+33612345678"
SCREEN = f"/demo/handset/{PHONE}/"
AWAY = "The simulated carrier does not answer."
PAGES = [
    "/demo/handset/",
    "/demo/handset/phones/",
    SCREEN,
    f"{SCREEN}screen/",
    "/demo/mailbox/",
    "/demo/mailbox/20270203-080000-1-1/",
]


@pytest.fixture
def answering(settings: PytestSettings) -> Iterator[Callable[[int, bytes], None]]:
    """Run a carrier that answers every question alike; give the function that sets the answer."""
    said: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = said[-1]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.CARRIER_URL = f"http://127.0.0.1:{server.server_port}"
    yield lambda status, body: said.append((status, body))
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mails(tmp_path: Path, settings: PytestSettings) -> Path:
    """Have e-mails written to files, as in the demo."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


def page(client: HouseClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == HTTPStatus.OK
    return str(response.content.decode())


def test_the_phones_that_received_something_are_listed(client: HouseClient, send: Send) -> None:
    send("Bonjour")
    send("Bonsoir", to="+33712345670")
    shown = page(client, "/demo/handset/")
    assert shown.index("+33712345670") < shown.index(PHONE)


def test_an_empty_list_of_phones_says_what_to_do(client: HouseClient, send: Send) -> None:
    assert "Send an SMS in the panel" in page(client, "/demo/handset/")


def test_a_phone_shows_text_clause_sender_parts_class_and_time_with_its_zone(
    client: HouseClient, send: Send
) -> None:
    send("Prête à 9 h\nMerci", clause="\nSTOP:36111")
    shown = page(client, SCREEN)
    assert "Prête à 9 h\nMerci\nSTOP:36111" in shown
    for words in ("MAISON", "1 part", "Standard"):
        assert words in shown
    assert " CET</time>" in shown or " CEST</time>" in shown


def test_a_phone_shows_the_newest_first(client: HouseClient, send: Send) -> None:
    send("Alpha")
    send("Omega")
    shown = page(client, SCREEN)
    assert shown.index("Omega") < shown.index("Alpha")


def test_a_text_is_never_taken_for_html(client: HouseClient, send: Send) -> None:
    send("<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in page(client, SCREEN)


def test_a_phone_that_received_nothing_says_what_to_do(client: HouseClient, send: Send) -> None:
    assert "Send an SMS to this number" in page(client, SCREEN)


def test_a_flash_message_pops_up_until_it_is_closed(client: HouseClient, send: Send) -> None:
    send("Fire drill", kind="flash")
    assert "Flash message" in page(client, SCREEN)
    closed = page(client, f"{SCREEN}?seen=1")
    assert "Flash message" not in closed
    assert "Fire drill" in closed


@pytest.mark.parametrize("seen", ["x", "-1", "٣", "9" * 30], ids=["word", "less", "digit", "long"])
def test_nonsense_closes_no_flash_message(client: HouseClient, send: Send, seen: str) -> None:
    send("Fire drill", kind="flash")
    assert "Flash message" in page(client, f"{SCREEN}?seen={seen}")


@pytest.mark.parametrize("fragment", [f"{SCREEN}screen/", "/demo/handset/phones/"])
def test_a_fragment_leaves_the_page_alone_until_something_arrives(
    client: HouseClient, send: Send, fragment: str
) -> None:
    send("first")
    mark = client.get(fragment).context["mark"]
    assert client.get(fragment, {"mark": mark}).status_code == HTTPStatus.NO_CONTENT
    send("second")
    assert client.get(fragment, {"mark": mark}).status_code == HTTPStatus.OK


@pytest.mark.parametrize("typed", [PHONE, "+33 6 12 34 56 78", "06 12 34 56 78", "0033612345678"])
def test_a_typed_number_opens_its_phone(client: HouseClient, typed: str) -> None:
    response = client.get("/demo/handset/", {"number": typed})
    assert response.status_code == HTTPStatus.FOUND
    assert response.headers["Location"] == SCREEN


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param("hello", "This is no mobile number", id="a word"),
        pytest.param("36111", "This is no mobile number", id="a short code"),
        pytest.param("%2B33%00612345678", "Null characters", id="a NUL"),
        pytest.param("%2B33%ED%A0%80", "This is no mobile number", id="a lone surrogate"),
        pytest.param("%3Cb%3E", "This is no mobile number", id="a tag"),
        pytest.param("9" * 4000, "at most 40", id="far too long"),
        pytest.param("", "This field is required", id="nothing"),
    ],
)
def test_what_is_no_number_is_told_beside_the_field(
    client: HouseClient, send: Send, typed: str, words: str
) -> None:
    shown = page(client, f"/demo/handset/?number={typed}")
    assert words in shown[shown.index("invalid-feedback") :]


@pytest.mark.parametrize("address", ["/demo/handset/", SCREEN, f"{SCREEN}screen/"])
def test_a_carrier_that_is_not_there_is_told(
    client: HouseClient, settings: PytestSettings, address: str
) -> None:
    for url in ("", "http://127.0.0.1:1"):
        settings.CARRIER_URL = url
        assert AWAY in page(client, address)


def test_a_wrong_token_is_told(client: HouseClient, send: Send, settings: PytestSettings) -> None:
    settings.CARRIER_TOKEN = "another"
    assert AWAY in page(client, SCREEN)


NONSENSE = {
    "an error": (500, b'{"phones": [], "messages": []}'),
    "no JSON": (200, b"<h1>It works</h1>"),
    "no object": (200, b"[]"),
    "no list": (200, b'{"phones": 1, "messages": null}'),
    "a row that is no object": (200, b'{"phones": ["+33"], "messages": ["x"]}'),
    "answers that cannot be": (
        200,
        b'{"phones": 1, "messages": [], "sent": [{"reply_id": 1}], "ahead": 0}',
    ),
    "a time that is none": (200, b'{"phones": 1, "messages": [], "sent": [], "ahead": 1e99}'),
    "fields of the wrong type": (
        200,
        b'{"phones": [{"phone": 33, "last_at": ""}], "messages": [{"message_id": true}]}',
    ),
    "a moment without zone": (
        200,
        b'{"phones": [{"phone": "+33", "last_at": "2027-02-03T08:00:00"}], "messages": [{}]}',
    ),
}


@pytest.mark.parametrize(("status", "body"), NONSENSE.values(), ids=NONSENSE.keys())
def test_a_carrier_that_answers_nonsense_counts_as_away(
    client: HouseClient, answering: Callable[[int, bytes], None], status: int, body: bytes
) -> None:
    answering(status, body)
    assert AWAY in page(client, "/demo/handset/")
    assert AWAY in page(client, SCREEN)


def test_a_carrier_that_keeps_silent_does_not_hold_the_page(
    client: HouseClient, settings: PytestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handset, "TIME_LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CARRIER_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert AWAY in page(client, SCREEN)


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_exist_in_the_demo_only(
    client: HouseClient, settings: PytestSettings, address: str
) -> None:
    settings.DEMO = False
    assert client.get(address).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_change_nothing(client: HouseClient, address: str) -> None:
    assert client.post(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_an_empty_mailbox_says_what_to_do(client: HouseClient, mails: Path) -> None:
    assert "No e-mail yet" in page(client, "/demo/mailbox/")


def test_the_newest_e_mail_comes_first(client: HouseClient, mails: Path) -> None:
    send_mail("Older", "…", "panel@example.org", ["anna@example.org"])
    file = next(mails.glob("*.log"))
    older = file.read_bytes().replace(b"\nDate: ", b"\nDate: Mon, 01 Jan 2024 00:00:00 +0000\nX: ")
    file.write_bytes(older)
    send_mail("Newer", "…", "panel@example.org", ["bert@example.org"])
    shown = page(client, "/demo/mailbox/")
    assert shown.index("Newer") < shown.index("Older")
    assert "to bert@example.org" in shown


def test_e_mails_of_one_connection_are_kept_apart(client: HouseClient, mails: Path) -> None:
    with get_connection() as connection:
        for subject in ("One", "Two"):
            message = EmailMultiAlternatives(subject, f"Text {subject}", to=["a@example.org"])
            message.connection = connection
            message.send()
    ids = [mail.id for mail in client.get("/demo/mailbox/").context["mails"]]
    texts = [page(client, f"/demo/mailbox/{mail_id}/") for mail_id in ids]
    assert [("Text One" in t, "Text Two" in t) for t in texts].count((True, False)) == 1
    assert [("Text One" in t, "Text Two" in t) for t in texts].count((False, True)) == 1


def only_mail(client: HouseClient) -> str:
    (mail,) = client.get("/demo/mailbox/").context["mails"]
    return page(client, f"/demo/mailbox/{mail.id}/")


def test_links_to_this_site_can_be_followed_and_no_others(client: HouseClient, mails: Path) -> None:
    text = (
        "Reset: http://testserver/accounts/login/?next=/&a=1. Not http://evil.example/x http://[::1"
    )
    send_mail("Links", text, "panel@example.org", ["anna@example.org"])
    shown = only_mail(client)
    assert '<a href="/accounts/login/?next=/&amp;a=1">' in shown
    assert "</a>. Not http://evil.example/x" in shown
    assert 'href="http' not in shown


def test_html_in_an_e_mail_is_never_run(client: HouseClient, mails: Path) -> None:
    message = EmailMultiAlternatives("<i>Hi</i>", "<b>plain</b>", to=["a@example.org"])
    message.attach_alternative("<script>alert(1)</script>", "text/html")
    message.send()
    shown = only_mail(client)
    assert "&lt;b&gt;plain" in shown
    assert "&lt;i&gt;Hi" in shown
    assert "alert(1)" not in shown


def test_an_e_mail_that_is_just_being_written_is_left_out(client: HouseClient, mails: Path) -> None:
    mails.mkdir()
    (mails / "20270203-080000-1.log").write_bytes(b"Subject: Half\n\nText")
    assert client.get("/demo/mailbox/").context["mails"] == []


def test_a_strange_e_mail_breaks_nothing(client: HouseClient, mails: Path) -> None:
    mails.mkdir()
    (mails / "notes.log").write_text("not ours")
    strange = b"Date: yesterday\nSubject: =?utf-8?b?/w==?=\n\n\xff\x00\n" + b"-" * 79 + b"\n"
    (mails / "20270203-080000-1.log").write_bytes(strange)
    assert "no-such" not in only_mail(client)


@pytest.mark.parametrize("mail_id", ["20270203-080000-1-1", "20270203-080000-1-0"])
def test_an_e_mail_that_is_not_there_is_not_found(
    client: HouseClient, mails: Path, mail_id: str
) -> None:
    assert client.get(f"/demo/mailbox/{mail_id}/").status_code == HTTPStatus.NOT_FOUND
