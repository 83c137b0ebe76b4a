"""Replies through the door: signed like receipts, bounded, read reply by reply."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.carrier import base, door, replies
from messaging.carrier.simulator import pump
from tests.messaging.carrier.scene import SECRET

NOW = datetime(2027, 3, 2, 10, 0, tzinfo=UTC)
ROW = {
    "id": "b-r1",
    "from": "+33612345678",
    "to": "38123",
    "text": "Oui, à 9 h",
    "received_at": "2027-03-02T10:59:59.5+01:00",
}
Opened = tuple[list[base.Reply], list[door.Malformed]]


def push(*rows: Any) -> tuple[dict[str, str], bytes]:
    return pump.sign(content={"replies": list(rows)}, push_id="push-1", secret=SECRET, now=NOW)


def open_door(headers: dict[str, str], body: bytes) -> Opened:
    return replies.open_replies(
        carrier="simulated", headers=headers, body=body, secret=SECRET, now=NOW
    )


def test_a_signed_reply_is_read() -> None:
    found, malformed = open_door(*push(ROW))
    assert malformed == []
    assert found == [
        base.Reply(
            carrier="simulated",
            carrier_id="b-r1",
            phone="+33612345678",
            number="38123",
            text="Oui, à 9 h",
            received_at=datetime(2027, 3, 2, 9, 59, 59, 500_000, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("STOP\0", "STOP\ufffd", id="a NUL"),
        pytest.param("a\ud83db", "a\ufffdb", id="half a character"),
        pytest.param("\U0001f600", "\U0001f600", id="an emoji"),
        pytest.param("a\r\nb", "a\r\nb", id="line ends"),
        pytest.param("é" * 10_240, "é" * 10_240, id="ten thousand characters"),
    ],
)
def test_whatever_a_person_writes_is_kept(given: str, kept: str) -> None:
    found, malformed = open_door(*push(ROW | {"text": given}))
    assert malformed == []
    assert found[0].text == kept


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"id": ""}, "id", id="no id"),
        pytest.param({"id": "\0"}, "id", id="a NUL in the id"),
        pytest.param({"from": None}, "from", id="nobody"),
        pytest.param({"from": "+336123456789012345"}, "from", id="a number too long"),
        pytest.param({"to": ""}, "to", id="to nobody"),
        pytest.param({"to": "\ud800"}, "to", id="to half a character"),
        pytest.param({"text": None}, "text", id="no text"),
        pytest.param({"text": ["STOP"]}, "text", id="a list as text"),
        pytest.param({"text": "x" * 39_016}, "text", id="more characters than any SMS has"),
        pytest.param({"text": "ê" * 17_086}, "text", id="more than 255 parts"),
        pytest.param({"received_at": "yesterday"}, "received_at", id="not a moment"),
        pytest.param({"received_at": "2027-03-02T10:00:00"}, "received_at", id="no zone"),
        pytest.param({"received_at": "2027-01-01T00:00:00Z"}, "received_at", id="two months ago"),
        pytest.param({"received_at": "2027-03-06T00:00:00Z"}, "received_at", id="in four days"),
    ],
)
def test_a_malformed_reply_never_loses_the_others(changed: dict[str, Any], field: str) -> None:
    found, malformed = open_door(*push(ROW, ROW | changed, "?", ROW))
    assert len(found) == 2
    assert malformed == [
        door.Malformed(position=1, field=field),
        door.Malformed(position=2, field="reply"),
    ]


def test_a_reply_may_be_stamped_48_hours_ahead() -> None:
    later = (NOW + timedelta(hours=48, minutes=5)).isoformat()
    assert open_door(*push(ROW | {"received_at": later}))[1] == []


def test_a_push_of_receipts_is_none_of_replies() -> None:
    signed = pump.sign(content={"receipts": []}, push_id="push-1", secret=SECRET, now=NOW)
    with pytest.raises(door.BadBody):
        open_door(*signed)


def test_an_unsigned_push_is_refused() -> None:
    headers, body = push(ROW)
    with pytest.raises(door.BadSignature):
        open_door(headers | {"webhook-signature": "v1,AAAA"}, body)
