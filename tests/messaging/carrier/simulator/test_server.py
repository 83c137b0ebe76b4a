"""The addresses of the simulated carrier that the client does not use."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import requests

from messaging.carrier import base, wire
from messaging.carrier.http import HttpCarrier
from tests.messaging.carrier.scene import TOKEN, make_chunk

ORDINARY = "+33612345678"


def ask(url: str, *, method: str = "GET", token: str = TOKEN, body: str = "") -> tuple[int, Any]:
    said = requests.request(
        method, url, headers={"Authorization": f"Bearer {token}"}, data=body, timeout=5
    )
    return said.status_code, said.json()


def test_health_needs_no_token(start_carrier: Callable[..., str]) -> None:
    assert ask(f"{start_carrier()}/healthz", token="") == (200, {"status": "ok"})


def test_the_pool_is_given_to_its_customers(start_carrier: Callable[..., str]) -> None:
    assert "38001" in HttpCarrier(url=start_carrier(), token=TOKEN).numbers(deadline=5)


@pytest.mark.parametrize(
    "address", ["/v1/numbers", "/v1/handset", f"/v1/handset/{ORDINARY}", "/nowhere"]
)
def test_everything_else_does(start_carrier: Callable[..., str], address: str) -> None:
    status, _said = ask(start_carrier() + address, token="guess")

    assert status == 401


def test_handset_shows_what_arrived(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()
    chunk = make_chunk(ORDINARY, "+33612349985", message_class=base.MessageClass.FLASH)
    HttpCarrier(url=url, token=TOKEN).submit(chunk, deadline=5)

    _status, phones = ask(f"{url}/v1/handset")
    _status, phone = ask(f"{url}/v1/handset/%2B33612345678")
    _status, absent = ask(f"{url}/v1/handset/+33612349985")

    assert [row["phone"] for row in phones["phones"]] == [ORDINARY]
    [message] = phone["messages"]
    assert (message["sender"], message["text"]) == ("ACME", "Hello")
    assert (message["message_class"], message["reference"]) == ("flash", "c0ffee:1:0")
    assert absent["messages"] == []


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        pytest.param("GET", "/v1/messages", "", 404, id="a method that is not there"),
        pytest.param("GET", "/v1/elsewhere", "", 404, id="an address that is not there"),
        pytest.param("POST", "/v1/messages", "{", 400, id="no JSON"),
        pytest.param("POST", "/v1/messages", "[" * 100_000, 400, id="JSON that is too deep"),
        pytest.param("POST", "/v1/messages", "[]", 400, id="no object"),
        pytest.param("POST", "/v1/messages", '{"messages": []}', 400, id="no messages"),
        pytest.param("POST", "/v1/messages", '{"messages": [{}]}', 422, id="no sender"),
        pytest.param("POST", "/v1/messages/look-up", "{}", 400, id="no references"),
        pytest.param("POST", "/v1/messages/look-up", '{"references": [1]}', 400, id="a number"),
        pytest.param(
            "POST", "/v1/messages/look-up", '{"references": ["\\ud800"]}', 400, id="a surrogate"
        ),
    ],
)
def test_nonsense_is_refused_with_a_code(
    start_carrier: Callable[..., str], method: str, address: str, body: str, status: int
) -> None:
    given, said = ask(start_carrier() + address, method=method, body=body)

    assert given == status
    assert said["error"]["code"]


def test_message_without_a_reference_refuses_the_chunk(
    start_carrier: Callable[..., str],
) -> None:
    body = (
        '{"sender": "A", "text": "Hi", "class": "sim", "clause": "", "validity": 9, '
        '"messages": [{"reference": "a", "to": "+33612345678"}, {"to": "+33612345678"}]}'
    )

    given, _said = ask(f"{start_carrier()}/v1/messages", method="POST", body=body)

    assert given == 400


@pytest.mark.parametrize("requests_at_once", [1, 3])
def test_whoever_reads_slowly_gets_whole_answers(
    start_carrier: Callable[..., str], requests_at_once: int
) -> None:
    url = urlsplit(start_carrier())
    body = wire.chunk_as_json(make_chunk(*[ORDINARY] * 500))
    asked = (
        b"POST /v1/messages HTTP/1.1\r\nHost: carrier\r\nAuthorization: Bearer %b\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (TOKEN.encode(), len(body), body)
    )
    with socket.socket() as reader:
        # Far less than an answer: the server has to wait for room again and again.
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(10)
        reader.connect((url.hostname, url.port))
        sending = threading.Thread(target=reader.sendall, args=[asked * requests_at_once])
        sending.start()
        # Not a wait for something: slowness is what the server has to bear.
        time.sleep(0.2)
        stream = reader.makefile("rb")
        for _request in range(requests_at_once):
            assert stream.readline().startswith(b"HTTP/1.1 200")
            headers = http.client.parse_headers(stream)
            answer = stream.read(int(headers["Content-Length"]))
            assert len(msgspec.json.decode(answer)["answers"]) == 500
        sending.join(5)
