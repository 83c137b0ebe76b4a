"""What comes through the door: signed, bounded, read receipt by receipt."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.carrier import base, door
from messaging.carrier.simulator import pump
from tests.messaging.carrier.scene import SECRET

NOW = datetime(2027, 3, 2, 10, 0, tzinfo=UTC)
ROW = {
    "id": "a-1",
    "reference": "c0ffee:1:0",
    "state": "failed",
    "code": "absent",
    "billed": True,
    "operator": "Orange France",
    "at": "2027-03-02T10:59:59.5+01:00",
}
Opened = tuple[list[base.Receipt], list[door.Malformed]]


def push(content: Any, *, now: datetime = NOW) -> tuple[dict[str, str], bytes]:
    return pump.sign(content=content, push_id="push-1", secret=SECRET, now=now)


def open_door(headers: dict[str, str], body: bytes, *, now: datetime = NOW) -> Opened:
    return door.open_receipts(headers=headers, body=body, secret=SECRET, now=now)


def test_signed_receipt_is_read() -> None:
    receipts, malformed = open_door(*push({"receipts": [ROW]}))

    assert malformed == []
    assert receipts == [
        base.Receipt(
            carrier_id="a-1",
            reference="c0ffee:1:0",
            state=base.ReceiptState.FAILED,
            code=base.Cause.ABSENT,
            billed=True,
            operator="Orange France",
            at=datetime(2027, 3, 2, 9, 59, 59, 500_000, tzinfo=UTC),
        )
    ]


def test_names_of_headers_may_be_written_in_any_case() -> None:
    headers, body = push({"receipts": []})

    assert open_door({name.title(): value for name, value in headers.items()}, body) == ([], [])


def test_one_good_signature_among_several_is_enough() -> None:
    headers, body = push({"receipts": []})
    headers["webhook-signature"] = f"v1,b2xk {headers['webhook-signature']} v1a,bmV3"

    assert open_door(headers, body) == ([], [])


@pytest.mark.parametrize("minutes", [-5, 5])
def test_five_minutes_of_difference_are_tolerated(minutes: int) -> None:
    signed = push({"receipts": []}, now=NOW + timedelta(minutes=minutes))

    assert open_door(*signed) == ([], [])


@pytest.mark.parametrize("seconds", [-301, 301])
def test_old_or_future_signature_is_refused(seconds: int) -> None:
    signed = push({"receipts": []}, now=NOW + timedelta(seconds=seconds))

    with pytest.raises(door.BadSignature):
        open_door(*signed)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"webhook-signature": "v1,AAAA"}, id="another signature"),
        pytest.param({"webhook-signature": ""}, id="no signature"),
        pytest.param({"webhook-signature": "\ud800 v1"}, id="a signature of nonsense"),
        pytest.param({"webhook-id": "push-2"}, id="another id"),
        pytest.param({"webhook-id": ""}, id="no id"),
        pytest.param({"webhook-id": "\ud800"}, id="an id of nonsense"),
        pytest.param({"webhook-timestamp": ""}, id="no timestamp"),
        pytest.param({"webhook-timestamp": "nan"}, id="not a timestamp"),
        pytest.param({"webhook-timestamp": "9" * 30}, id="a timestamp beyond all years"),
        pytest.param({"webhook-timestamp": "9999999999"}, id="a timestamp of another century"),
    ],
)
def test_changed_headers_are_refused(changed: dict[str, str]) -> None:
    headers, body = push({"receipts": [ROW]})

    with pytest.raises(door.BadSignature):
        open_door(headers | changed, body)


@pytest.mark.parametrize("tamper", [lambda b: b.replace(b"failed", b"unsent"), lambda b: b + b" "])
def test_changed_body_is_refused(tamper: Any) -> None:
    headers, body = push({"receipts": [ROW]})

    with pytest.raises(door.BadSignature):
        open_door(headers, tamper(body))


def test_body_that_is_no_text_is_refused() -> None:
    headers, _body = push({"receipts": []})

    with pytest.raises(door.BadSignature):
        open_door(headers, b"\xff\xfe")


def test_another_secret_is_refused() -> None:
    headers, body = push({"receipts": [ROW]})

    with pytest.raises(door.BadSignature):
        door.open_receipts(headers=headers, body=body, secret="b3RoZXI=", now=NOW)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([ROW], id="a bare list"),
        pytest.param({}, id="no receipts"),
        pytest.param({"receipts": ROW}, id="one receipt without a list"),
        pytest.param({"receipts": [ROW] * (door.RECEIPTS_LIMIT + 1)}, id="too many"),
    ],
)
def test_signed_nonsense_is_a_bad_body(content: Any) -> None:
    with pytest.raises(door.BadBody):
        open_door(*push(content))


def test_body_over_the_limit_is_not_even_verified() -> None:
    with pytest.raises(door.BadBody):
        open_door({}, b" " * (door.BODY_LIMIT + 1))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"id": ""}, "id", id="no id"),
        pytest.param({"id": 7}, "id", id="a number as id"),
        pytest.param({"id": "a" * 65}, "id", id="an id too long"),
        pytest.param({"reference": "a\0b"}, "reference", id="a NUL"),
        pytest.param({"operator": "\ud83d"}, "operator", id="a lone surrogate"),
        pytest.param({"state": "teleported"}, "state", id="an unknown state"),
        pytest.param({"state": None}, "state", id="no state"),
        pytest.param({"billed": 1}, "billed", id="a number as a flag"),
        pytest.param({"code": ["absent"]}, "code", id="a list as code"),
        pytest.param({"code": "c" * 33}, "code", id="a code too long"),
        pytest.param({"code": "a\0b"}, "code", id="a NUL in a code that nobody knows"),
        pytest.param({"at": "yesterday"}, "at", id="not a moment"),
        pytest.param({"at": "2027-03-02T10:00:00"}, "at", id="no zone"),
        pytest.param({"at": "0001-01-01T00:00:00+14:00"}, "at", id="before all time"),
        pytest.param({"at": "9999-12-31T23:59:59-14:00"}, "at", id="after all time"),
        pytest.param({"at": "2027-01-01T00:00:00+00:00"}, "at", id="two months ago"),
        pytest.param({"at": "2027-03-04T00:00:00+00:00"}, "at", id="the day after tomorrow"),
    ],
)
def test_malformed_receipt_never_loses_the_others(changed: dict[str, Any], field: str) -> None:
    receipts, malformed = open_door(*push({"receipts": [ROW, ROW | changed, "?", ROW]}))

    assert len(receipts) == 2
    assert malformed == [
        door.Malformed(position=1, field=field),
        door.Malformed(position=2, field="receipt"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([ROW, ROW | {"operator": "Téléphone \U0001f4de"}], id="ordinary"),
        pytest.param([], id="none"),
        pytest.param([ROW | {"code": "moon_phase", "more": [1, {"deep": None}]}], id="new words"),
        pytest.param([ROW | {"at": "2027-03-02T10:00:00Z"}], id="Z"),
        pytest.param([ROW | {"at": "2027-03-02T10:59:59.123456789+01:00"}], id="nanoseconds"),
        pytest.param([ROW, ROW | {"operator": "\\u0000 in words"}], id="no NUL"),
    ],
)
def test_a_push_is_read_at_once_as_it_is_read_row_by_row(rows: list[dict[str, Any]]) -> None:
    headers, body = push({"receipts": rows})

    by_row = door.read_each(
        body, name="receipts", at_most=9, read=lambda row: door.read_receipt(row, now=NOW)
    )
    assert open_door(headers, body) == by_row
    assert by_row[1] == []


def test_code_nobody_knows_is_kept_as_other() -> None:
    [receipt], _malformed = open_door(*push({"receipts": [ROW | {"code": "moon_phase"}]}))

    assert receipt.code is base.Cause.OTHER


def test_largest_push_of_the_contract_fits() -> None:
    row = ROW | {"id": "i" * 64, "reference": "r" * 64, "operator": "é" * 40, "code": "c" * 32}
    headers, body = push({"receipts": [row] * door.RECEIPTS_LIMIT})

    receipts, _malformed = open_door(headers, body)

    assert len(receipts) == door.RECEIPTS_LIMIT
    assert json.loads(body)["receipts"][0] == row
