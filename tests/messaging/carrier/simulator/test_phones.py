"""The phones over HTTP: they answer, time passes for them, and replies reach the door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from messaging.carrier.http import HttpCarrier
from messaging.carrier.simulator import pump
from messaging.carrier.simulator.script import Deed
from messaging.carrier.simulator.spoiled import distort_replies
from tests import processes
from tests.messaging.carrier.scene import TOKEN, Door, make_chunk

PHONE = "+33612345678"
SHORT = "38123"
ROW = {"id": "b-r1", "from": PHONE, "to": SHORT, "text": "Yes", "received_at": "2027-03-02"}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "FIRST_PAUSE", 0.01)


class Holder:
    """Somebody who holds a phone of a carrier."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, end: str, content: Any = None) -> requests.Response:
        return self._call("POST", f"/v1/handset/{PHONE}/{end}", content)

    def answer(self, text: str, key: str = "1", **changes: Any) -> requests.Response:
        said = {"message_id": 1, "text": text, "key": key}
        return self.post("replies", said | changes)

    def script(self, *rules: dict[str, Any]) -> None:
        self._call("POST", "/v1/script", {"rules": list(rules)})

    def wait_until_played(self) -> None:
        """Wait until the rules of the script are used up."""

        def is_over() -> bool:
            return bool(self._call("GET", "/v1/script", None).json() == {"rules": []})

        processes.wait_for(is_over, seconds=10, what="the rules are used up")

    def show(self) -> Any:
        return self._call("GET", f"/v1/handset/{PHONE}", None).json()

    def _call(self, method: str, path: str, content: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.request(method, self.url + path, json=content, headers=headers, timeout=5)


@pytest.fixture
def holder(start_carrier: Callable[..., str], listening_door: Door) -> Holder:
    """Give the holder of a phone that received one SMS from a short number."""
    url = start_carrier(
        door_url=listening_door.url, reply_door=listening_door.url.replace("receipts", "replies")
    )
    HttpCarrier(url=url, token=TOKEN).submit(make_chunk(PHONE, sender=SHORT), deadline=5)
    return Holder(url)


def test_a_reply_reaches_the_door(holder: Holder, listening_door: Door) -> None:
    assert holder.answer("Oui, à 9 h").status_code == 200
    [reply] = listening_door.wait_for_replies(1)
    assert (reply.phone, reply.number, reply.text) == (PHONE, SHORT, "Oui, à 9 h")
    assert abs(reply.received_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_reply_is_pushed_again_until_the_door_takes_it(
    holder: Holder, listening_door: Door
) -> None:
    listening_door.wait_for(1)
    listening_door.answers = [500, 302]
    listening_door.push_ids.clear()
    holder.answer("Yes")
    listening_door.wait_for_replies(1)
    assert len(listening_door.push_ids) == 3
    assert len(set(listening_door.push_ids)) == 1


def test_a_closed_door_for_replies_holds_up_no_receipt(
    start_carrier: Callable[..., str], listening_door: Door
) -> None:
    url = start_carrier(door_url=listening_door.url, reply_door="http://127.0.0.1:9/")
    carrier = HttpCarrier(url=url, token=TOKEN)
    carrier.submit(make_chunk(PHONE, sender=SHORT), deadline=5)
    assert Holder(url).answer("Yes").status_code == 200
    carrier.submit(make_chunk(PHONE, sender=SHORT, first=1), deadline=5)
    listening_door.wait_for(2)


def test_the_phone_shows_what_it_sent_and_whom_it_may_answer(holder: Holder) -> None:
    holder.answer("Yes")
    shown = holder.show()
    assert [(s["number"], s["text"]) for s in shown["sent"]] == [(SHORT, "Yes")]
    assert [(m["answer_to"], m["stop_to"]) for m in shown["messages"]] == [(SHORT, SHORT)]


def test_48_hours_pass_by_a_call(holder: Holder, listening_door: Door) -> None:
    assert holder.post("later").json() == {"ahead": 172_800}
    assert holder.show()["ahead"] == 172_800
    holder.answer("Late")
    [reply] = listening_door.wait_for_replies(1)
    assert reply.received_at - datetime.now(UTC) > timedelta(hours=47, minutes=59)
    assert holder.show()["ahead"] == 0


def test_a_rehearsal_chooses_the_moment(holder: Holder, listening_door: Door) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    holder.answer("Earlier", at=at.isoformat())
    assert listening_door.wait_for_replies(1)[0].received_at == at


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"message_id": 99}, 404, "message", id="an SMS it did not get"),
        pytest.param({"message_id": "1"}, 422, "message_id", id="a word as number"),
        pytest.param({"message_id": 2**70}, 422, "message_id", id="a number too large"),
        pytest.param({"text": None}, 422, "text", id="no text"),
        pytest.param({"text": "\0"}, 422, "text", id="a NUL"),
        pytest.param({"text": "x" * 40_000}, 422, "text", id="more than an SMS holds"),
        pytest.param({"key": ""}, 422, "key", id="no key"),
        pytest.param({"at": "later"}, 422, "at", id="not a moment"),
        pytest.param({"at": "2027-03-02T10:00:00"}, 422, "at", id="no zone"),
    ],
)
def test_what_no_phone_can_send_is_refused(
    holder: Holder, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = holder.answer(**{"text": "Yes"} | changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert holder.show()["sent"] == []


def test_a_name_is_not_answered(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()
    HttpCarrier(url=url, token=TOKEN).submit(make_chunk(PHONE), deadline=5)
    assert Holder(url).answer("Yes").status_code == 409


def test_no_address_but_these(holder: Holder) -> None:
    assert holder.post("").status_code == 404
    assert holder.post("replies/1").status_code == 404
    assert requests.post(f"{holder.url}/v1/handset/x/later", timeout=5).status_code == 401


def test_repeated_replies_come_three_times_with_the_same_id(
    holder: Holder, listening_door: Door
) -> None:
    holder.script({"on": "reply", "do": "repeat"})
    holder.answer("Yes")
    assert len({r.carrier_id for r in listening_door.wait_for_replies(3)}) == 1


def test_a_delayed_reply_is_overtaken_by_a_later_one(holder: Holder, listening_door: Door) -> None:
    holder.script({"on": "reply", "do": "delay", "seconds": 1})
    holder.answer("first", "1")
    holder.wait_until_played()
    holder.answer("second", "2")
    assert [r.text for r in listening_door.wait_for_replies(2)] == ["second", "first"]


def test_malformed_replies_come_first_and_lose_none(holder: Holder, listening_door: Door) -> None:
    holder.script({"on": "reply", "do": "malform"})
    holder.answer("Yes")
    assert [r.text for r in listening_door.wait_for_replies(1)] == ["Yes"]
    assert len(listening_door.malformed) == 7


def test_reordered_replies_come_one_by_one_the_newest_first() -> None:
    rows = [ROW | {"id": str(n)} for n in range(3)]
    pushes = distort_replies(rows, do=Deed.REORDER)
    assert [[row["id"] for row in push] for push in pushes] == [["2"], ["1"], ["0"]]


@pytest.mark.parametrize("do", ["contradict", "stray", "throttle"])
def test_replies_are_not_spoiled_like_receipts(holder: Holder, do: str) -> None:
    answer = requests.post(
        f"{holder.url}/v1/script",
        json={"rules": [{"on": "reply", "do": do}]},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=5,
    )
    assert answer.json()["error"]["place"] == "0 do"
