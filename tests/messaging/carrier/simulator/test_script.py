"""Scripts: the carrier misbehaves as it was told, and what it does is what its books say."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from messaging.carrier import base, door, fields
from messaging.carrier.http import HttpCarrier
from messaging.carrier.simulator.script import (
    BadScript,
    Deed,
    On,
    Rule,
    Script,
    read_rules,
)
from messaging.carrier.simulator.spoiled import distort_receipts
from tests.messaging.carrier.scene import TOKEN, Door, make_chunk

ORDINARY = "+33612345678"
ROW = {"id": "b-1", "reference": "r:1:0", "state": "delivered", "code": "", "billed": True}


def play(url: str, *rules: dict[str, Any]) -> requests.Response:
    return requests.post(
        f"{url}/v1/script",
        json={"rules": list(rules)},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=5,
    )


def accepted(tmp_path: Path) -> int:
    with closing(sqlite3.connect(tmp_path / "books.sqlite3")) as books:
        return int(books.execute("SELECT count(*) FROM message").fetchone()[0])


@pytest.mark.parametrize(
    ("rule", "error", "in_the_books"),
    [
        pytest.param({"do": "refuse"}, base.Unavailable, 0, id="refuses"),
        pytest.param({"do": "throttle", "seconds": 7}, base.Throttled, 0, id="throttles"),
        pytest.param({"do": "fail"}, base.OutcomeUnknown, 0, id="fails"),
        pytest.param({"do": "hang-up"}, base.OutcomeUnknown, 0, id="hangs up"),
        pytest.param({"do": "answer-half"}, base.OutcomeUnknown, 1, id="answers half"),
        pytest.param({"do": "fail-after"}, base.OutcomeUnknown, 1, id="fails afterwards"),
        pytest.param({"do": "hang-up-after"}, base.OutcomeUnknown, 1, id="loses the answer"),
        pytest.param(
            {"do": "answer-late", "seconds": 2}, base.OutcomeUnknown, 1, id="answers too late"
        ),
    ],
)
def test_one_chunk_suffers_and_the_next_does_not(
    start_carrier: Callable[..., str],
    tmp_path: Path,
    rule: dict[str, Any],
    error: type[base.CarrierError],
    in_the_books: int,
) -> None:
    url = start_carrier()
    carrier = HttpCarrier(url=url, token=TOKEN)
    play(url, {"on": "submit"} | rule)

    with pytest.raises(error):
        carrier.submit(make_chunk(ORDINARY), deadline=0.5)
    before = accepted(tmp_path)
    [said] = carrier.submit(make_chunk(ORDINARY), deadline=5)

    assert before == in_the_books
    assert said.accepted
    assert accepted(tmp_path) == 1


def test_throttling_says_for_how_long(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()
    play(url, {"on": "submit", "do": "throttle", "seconds": 7})

    with pytest.raises(base.Throttled) as refused:
        HttpCarrier(url=url, token=TOKEN).submit(make_chunk(ORDINARY), deadline=5)

    assert refused.value.retry_after == 7


def test_waiting_carrier_takes_the_chunk_of_a_caller_who_left(
    start_carrier: Callable[..., str],
) -> None:
    url = start_carrier()
    carrier = HttpCarrier(url=url, token=TOKEN)
    play(url, {"on": "submit", "do": "wait", "seconds": 0.5})

    with pytest.raises(base.OutcomeUnknown):
        carrier.submit(make_chunk(ORDINARY), deadline=0.1)
    play(url, {"on": "look-up", "do": "wait", "seconds": 1})

    assert list(carrier.look_up(["c0ffee:1:0"], deadline=5)) == ["c0ffee:1:0"]


def test_receipts_come_before_a_late_answer(
    start_carrier: Callable[..., str], listening_door: Door
) -> None:
    url = start_carrier(door_url=listening_door.url)
    play(url, {"on": "submit", "do": "answer-late", "seconds": 60})

    with pytest.raises(base.OutcomeUnknown):
        HttpCarrier(url=url, token=TOKEN).submit(make_chunk(ORDINARY), deadline=0.5)

    assert len(listening_door.wait_for(1)) == 1


def test_repeated_receipts_come_three_times(
    start_carrier: Callable[..., str], listening_door: Door
) -> None:
    url = start_carrier(door_url=listening_door.url)
    play(url, {"on": "push", "do": "repeat"})

    HttpCarrier(url=url, token=TOKEN).submit(make_chunk(ORDINARY, "+33612349985"), deadline=5)

    assert len(listening_door.wait_for(6)) == 6
    assert len(set(listening_door.push_ids)) == 3


def test_turns_are_taken_in_order_and_counted(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()
    carrier = HttpCarrier(url=url, token=TOKEN)
    play(
        url,
        {"on": "submit", "do": "behave"},
        {"on": "look-up", "do": "fail"},
        {"on": "submit", "do": "refuse", "times": 2},
    )

    carrier.submit(make_chunk(ORDINARY), deadline=5)
    with pytest.raises(base.Unavailable):
        carrier.submit(make_chunk(ORDINARY, first=1), deadline=5)

    left = requests.get(
        f"{url}/v1/script", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5
    ).json()
    assert left["rules"] == [
        {"on": "look-up", "do": "fail", "times": 1, "seconds": 0.0},
        {"on": "submit", "do": "refuse", "times": 1, "seconds": 0.0},
    ]


def test_nobody_plays_without_the_token(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()

    answer = requests.post(f"{url}/v1/script", json={"rules": []}, timeout=5)

    assert answer.status_code == 401


def test_call_without_the_token_takes_no_turn(start_carrier: Callable[..., str]) -> None:
    url = start_carrier()
    play(url, {"on": "submit", "do": "refuse"})

    with pytest.raises(base.Misconfigured):
        HttpCarrier(url=url, token="guess").submit(make_chunk(ORDINARY), deadline=5)
    with pytest.raises(base.Unavailable):
        HttpCarrier(url=url, token=TOKEN).submit(make_chunk(ORDINARY), deadline=5)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param([], "rules", id="no object"),
        pytest.param({"rules": [{}] * 101}, "rules", id="too many"),
        pytest.param({"rules": [{"on": "submit", "do": "fail", "at": 1}]}, "0", id="unknown word"),
        pytest.param({"rules": [{"on": [], "do": "fail"}]}, "0 on", id="for nothing"),
        pytest.param({"rules": [{"on": "submit", "do": {}}]}, "0 do", id="no deed"),
        pytest.param({"rules": [{"on": "push", "do": "fail"}]}, "0 do", id="a deed of calls"),
        pytest.param({"rules": [{"on": "submit", "do": "stray"}]}, "0 do", id="one of pushes"),
        pytest.param(
            {"rules": [{"on": "submit", "do": "fail", "times": True}]}, "0 times", id="no number"
        ),
        pytest.param(
            {"rules": [{"on": "submit", "do": "wait", "seconds": 601}]}, "0 seconds", id="for ever"
        ),
    ],
)
def test_script_that_cannot_be_read_says_where(content: Any, place: str) -> None:
    with pytest.raises(BadScript) as refused:
        read_rules(content)

    assert refused.value.place == place


@pytest.mark.parametrize("body", ["{", '{"rules": 1}'], ids=["no JSON", "no list"])
def test_bad_script_leaves_the_one_there_is(start_carrier: Callable[..., str], body: str) -> None:
    url = start_carrier()
    play(url, {"on": "submit", "do": "refuse"})

    answer = requests.post(
        f"{url}/v1/script", data=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5
    )

    assert answer.status_code in (400, 422)
    with pytest.raises(base.Unavailable):
        HttpCarrier(url=url, token=TOKEN).submit(make_chunk(ORDINARY), deadline=5)


def test_end_lets_everybody_go_who_waits() -> None:
    script = Script()
    script.end()

    script.wait(600)


def test_good_behaviour_takes_its_turn() -> None:
    script = Script()
    script.replace([Rule(on=On.PUSH, do=Deed.BEHAVE, times=1, seconds=0)])

    assert script.take(On.PUSH) is None
    assert script.left() == []


def test_delayed_receipts_come_later(
    start_carrier: Callable[..., str], listening_door: Door
) -> None:
    url = start_carrier(door_url=listening_door.url)
    play(url, {"on": "push", "do": "delay", "seconds": 0.1})

    HttpCarrier(url=url, token=TOKEN).submit(make_chunk(ORDINARY), deadline=5)

    assert len(listening_door.wait_for(1)) == 1


def test_no_distortion_loses_a_receipt_or_outgrows_a_push() -> None:
    rows = [ROW | {"id": f"b-{n}", "at": "2027-03-02T10:00:00+00:00"} for n in range(1_000)]

    for deed in Deed:
        pushes = distort_receipts(rows, do=deed)
        assert rows in pushes
        assert max(map(len, pushes)) <= 1_000


def test_contradiction_says_the_opposite() -> None:
    pushes = distort_receipts([ROW, ROW | {"state": "failed", "code": "full"}], do=Deed.CONTRADICT)

    assert [(r["state"], r["code"]) for r in pushes[1]] == [("failed", "absent"), ("delivered", "")]


def test_no_malformed_receipt_can_be_read_by_the_platform() -> None:
    now = datetime(2027, 3, 2, 10, 0, tzinfo=UTC)
    good = ROW | {"at": now.isoformat(), "operator": "SFR"}
    door.read_receipt(good, now=now)

    for bad in distort_receipts([good], do=Deed.MALFORM)[0]:
        with pytest.raises(fields.BadField):
            door.read_receipt(bad, now=now)


def test_command_follows_a_file(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('{"rules": [{"on": "submit", "do": "sing"}]}')

    with pytest.raises(CommandError, match="0 do"):
        call_command(
            "carrier", "--door", "http://127.0.0.1:9/", "--books", str(tmp_path / "b.sqlite3"),
            "--script", str(script), "--port", "0",
        )  # fmt: skip
