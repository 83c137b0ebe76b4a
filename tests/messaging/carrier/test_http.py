"""Every way a call can end, against real servers on this machine."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from messaging.carrier import base
from messaging.carrier.http import HttpCarrier
from tests.messaging.carrier.scene import TOKEN, make_chunk

CHUNK = make_chunk("+33612345678")
Behaviour = Callable[[socket.socket], None]


@contextmanager
def server(behave: Behaviour) -> Iterator[str]:
    """Serve one connection: read a whole request, then do as told."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, behave), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def _serve(listening: socket.socket, behave: Behaviour) -> None:
    connection, _address = listening.accept()
    with connection, connection.makefile("rb") as request:
        length = 0
        while (line := request.readline()) not in {b"\r\n", b""}:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        request.read(length)
        behave(connection)


def answer(status: int, body: bytes, *headers: str) -> Behaviour:
    head = [f"HTTP/1.1 {status} As told", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda connection: connection.sendall("\r\n".join(head).encode() + body)


def answers(*rows: object) -> bytes:
    return json.dumps({"answers": rows}).encode()


ACCEPTED = {
    "reference": "c0ffee:1:0",
    "accepted": True,
    "id": "a-1",
    "accepted_at": "2027-03-02T10:00:00+00:00",
}


def submit(url: str, *, deadline: float = 5) -> list[base.Answer]:
    return HttpCarrier(url=url, token=TOKEN).submit(CHUNK, deadline=deadline)


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say_nothing(connection: socket.socket) -> None:
    connection.settimeout(5)
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """Send a header without end, a byte at a time, until the other side has had enough."""
    enough = threading.Event()
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    try:
        while not enough.wait(0.02):
            connection.sendall(b"x")
    except OSError:
        return


def drip_body(connection: socket.socket) -> None:
    """The same in a body that ends with the connection."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    drip(connection)


def test_complete_answer_is_read_in_the_order_of_the_chunk() -> None:
    with server(answer(200, answers(ACCEPTED))) as url:
        [said] = submit(url)

    assert said.accepted
    assert said.carrier_id == "a-1"
    assert said.accepted_at is not None
    assert said.accepted_at.isoformat() == "2027-03-02T10:00:00+00:00"


def test_the_short_numbers_are_read() -> None:
    with server(answer(200, b'{"numbers": ["38001", "38002"]}')) as url:
        assert HttpCarrier(url=url, token=TOKEN).numbers(deadline=5) == ("38001", "38002")


@pytest.mark.parametrize(
    ("behave", "error"),
    [
        pytest.param(answer(404, b"{}"), base.Misconfigured, id="no such address"),
        pytest.param(answer(500, b"{}"), base.OutcomeUnknown, id="an error"),
        pytest.param(answer(200, b"[]"), base.OutcomeUnknown, id="no object"),
        pytest.param(answer(200, b'{"numbers": [38001]}'), base.OutcomeUnknown, id="no texts"),
        pytest.param(answer(200, b'{"numbers": ["\\ud800"]}'), base.OutcomeUnknown, id="half"),
        pytest.param(hang_up, base.OutcomeUnknown, id="closed without an answer"),
    ],
)
def test_short_numbers_that_were_not_told_are_an_error(
    behave: Behaviour, error: type[base.CarrierError]
) -> None:
    with server(behave) as url, pytest.raises(error):
        HttpCarrier(url=url, token=TOKEN).numbers(deadline=5)


def test_refusal_with_a_code_nobody_knows_is_still_a_refusal() -> None:
    row = {"reference": "c0ffee:1:0", "accepted": False, "code": "moon_phase"}
    with server(answer(200, answers(row))) as url:
        [said] = submit(url)

    assert not said.accepted
    assert said.code is base.Refusal.OTHER


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(say_nothing, id="no answer in time"),
        pytest.param(drip, id="headers that never end"),
        pytest.param(drip_body, id="a body that never ends"),
        pytest.param(hang_up, id="closed without an answer"),
        pytest.param(reset, id="reset"),
        pytest.param(
            lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"),
            id="cut in the body",
        ),
        pytest.param(lambda c: c.sendall(b"SMTP ready\r\n\r\n"), id="another protocol"),
        pytest.param(answer(200, b'{"answers": [{"ref'), id="cut JSON of the right length"),
        pytest.param(answer(200, b"[" * 100_000), id="JSON that is too deep"),
        pytest.param(answer(200, b'"fine"'), id="not an object"),
        pytest.param(answer(200, answers()), id="a reference left out"),
        pytest.param(answer(200, answers(ACCEPTED, ACCEPTED)), id="a reference twice"),
        pytest.param(answer(200, answers(ACCEPTED | {"reference": "x"})), id="not asked"),
        pytest.param(answer(200, answers(ACCEPTED | {"accepted": "yes"})), id="not a flag"),
        pytest.param(answer(200, answers(ACCEPTED | {"id": "a\0"})), id="a NUL in the id"),
        pytest.param(answer(200, answers(ACCEPTED | {"id": "\ud800"})), id="a lone surrogate"),
        pytest.param(
            answer(200, answers(ACCEPTED | {"accepted_at": "2027-03-02T10:00:00"})),
            id="a moment without a zone",
        ),
        pytest.param(answer(500, b""), id="500"),
        pytest.param(answer(502, b"bad gateway"), id="502"),
        pytest.param(answer(503, b"try later"), id="503 of a proxy"),
        pytest.param(answer(503, b'{"error": {"nothing_accepted": "yes"}}'), id="503, unclear"),
        pytest.param(answer(504, b""), id="504"),
        pytest.param(answer(302, b"", "Location: /elsewhere"), id="302"),
        pytest.param(answer(202, b"{}"), id="another success"),
    ],
)
def test_written_but_not_answered_is_in_doubt(behave: Behaviour) -> None:
    with server(behave) as url, pytest.raises(base.OutcomeUnknown):
        submit(url, deadline=0.5)


@pytest.mark.parametrize("behave", [drip, drip_body, say_nothing])
def test_deadline_holds_by_the_clock(behave: Behaviour) -> None:
    began = time.monotonic()

    with server(behave) as url, pytest.raises(base.OutcomeUnknown):
        submit(url, deadline=0.2)

    # It would be five seconds and more; half is room for a busy machine.
    assert time.monotonic() - began < 2.5


def test_refused_connection_was_not_handed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(base.NotHandedOver):
        submit(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("size", [b"-5", b"zz", b"ffffffffff"])
def test_a_chunk_of_a_length_that_is_none_is_no_answer(size: bytes) -> None:
    def answer_in_chunks(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + size + b"\r\n{}\r\n")

    with server(answer_in_chunks) as url, pytest.raises(base.OutcomeUnknown):
        submit(url)


def test_an_answer_given_before_all_was_read_counts() -> None:
    def answer_early(listening: socket.socket) -> None:
        connection, _address = listening.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):  # so that the answer is not lost to a reset
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer_early, args=(listening,), daemon=True)
        thread.start()
        with pytest.raises(base.Misconfigured):
            submit(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join(5)


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "nowhere.invalid"])
def test_a_host_that_cannot_be_found_was_not_handed_over(host: str) -> None:
    with pytest.raises(base.NotHandedOver):
        submit(f"http://{host}")


def test_server_without_tls_was_not_handed_over() -> None:
    def say_no(listening: socket.socket) -> None:
        connection, _address = listening.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=say_no, args=(listening,), daemon=True)
        thread.start()
        with pytest.raises(base.NotHandedOver):
            submit(f"https://127.0.0.1:{listening.getsockname()[1]}")
        thread.join(5)


def test_nothing_is_written_after_the_deadline(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()

    with pytest.raises(base.NotHandedOver):
        submit(url, deadline=0)

    assert HttpCarrier(url=url, token=TOKEN).look_up(["c0ffee:1:0"], deadline=5) == {}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param(["Retry-After: 7"], 7, id="seconds"),
        pytest.param(["Retry-After: 99999"], 60, id="too long is cut"),
        pytest.param(["Retry-After: 0"], 1, id="at once is too soon"),
        pytest.param(["Retry-After: Fri, 01 Jan 2027 00:00:00 GMT"], 5, id="a date"),
        pytest.param([], 5, id="nothing"),
    ],
)
def test_throttling_says_how_long(headers: list[str], seconds: float) -> None:
    with server(answer(429, b"", *headers)) as url, pytest.raises(base.Throttled) as caught:
        submit(url)

    assert caught.value.retry_after == seconds


def test_only_the_carriers_own_word_makes_it_unavailable() -> None:
    body = b'{"error": {"code": "busy", "nothing_accepted": true}}'
    with server(answer(503, body)) as url, pytest.raises(base.Unavailable):
        submit(url)


@pytest.mark.parametrize("status", [301, 307, 308, 401, 403, 404, 405])
def test_wrong_token_or_address_is_ours_to_correct(status: int) -> None:
    behave = answer(status, b"", "Location: http://127.0.0.1:9/")
    with server(behave) as url, pytest.raises(base.Misconfigured):
        submit(url)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        pytest.param(400, b"", base.Refusal.MALFORMED, id="400 without a word"),
        pytest.param(413, b"too big", base.Refusal.TOO_LARGE, id="413 of a proxy"),
        pytest.param(422, b'{"error": {"code": "sender"}}', base.Refusal.SENDER, id="422, sender"),
        pytest.param(422, b'{"error": {"code": "x"}}', base.Refusal.MALFORMED, id="422, new code"),
        pytest.param(422, b'{"error": 5}', base.Refusal.MALFORMED, id="422, odd body"),
    ],
)
def test_refused_chunk_says_why(status: int, body: bytes, code: base.Refusal) -> None:
    with server(answer(status, body)) as url, pytest.raises(base.ChunkRefused) as caught:
        submit(url)

    assert caught.value.code is code


@pytest.mark.parametrize(
    ("url", "token"),
    [
        pytest.param("", "token", id="no address"),
        pytest.param("ftp://carrier.example", "token", id="not HTTP"),
        pytest.param("http://", "token", id="no host"),
        pytest.param("http://carrier.example:99999", "token", id="no port"),
        pytest.param("http://[carrier", "token", id="half an address"),
        pytest.param("http://carrier.example", "", id="no token"),
        pytest.param("http://carrier.example", "a\nb", id="a line feed in the token"),
    ],
)
def test_useless_settings_are_refused_at_once(url: str, token: str) -> None:
    with pytest.raises(base.Misconfigured):
        HttpCarrier(url=url, token=token)


def test_environment_does_not_choose_a_proxy(
    start_carrier: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    url = start_carrier()

    [said] = submit(url)

    assert said.accepted


def test_one_client_serves_many_threads(start_carrier: Callable[..., str]) -> None:
    carrier = HttpCarrier(url=start_carrier(), token=TOKEN)
    said: list[base.Answer] = []

    def hand_over(first: int) -> None:
        said.extend(carrier.submit(make_chunk("+33612345678", first=first), deadline=10))

    threads = [threading.Thread(target=hand_over, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)

    assert {answer.reference for answer in said} == {f"c0ffee:1:{at}" for at in range(8)}
    assert len({answer.carrier_id for answer in said}) == 8


def test_look_up_knows_what_was_accepted_and_nothing_else(
    start_carrier: Callable[..., str],
) -> None:
    carrier = HttpCarrier(url=start_carrier(), token=TOKEN)
    numbers = [f"+3361234{at:02d}{at % 80:02d}" for at in range(60)]
    said = carrier.submit(make_chunk(*numbers), deadline=10)

    found = carrier.look_up([f"c0ffee:1:{at}" for at in range(700)], deadline=10)

    assert found == {answer.reference: answer for answer in said}


def test_look_up_of_a_carrier_without_references_stays_in_doubt(
    start_carrier: Callable[..., str],
) -> None:
    carrier = HttpCarrier(url=start_carrier(honours=False), token=TOKEN)

    with pytest.raises(base.OutcomeUnknown):
        carrier.look_up(["c0ffee:1:0"], deadline=5)


def test_wrong_token_opens_nothing(start_carrier: Callable[..., str]) -> None:
    carrier = HttpCarrier(url=start_carrier(), token="guess")

    with pytest.raises(base.Misconfigured):
        carrier.submit(CHUNK, deadline=5)
