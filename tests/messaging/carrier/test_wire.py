"""Answers of a carrier, read as a whole when all are acceptances and one by one otherwise."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from messaging.carrier import base, fields, wire

AT = datetime(2027, 3, 1, 12, 30, 0, 250_000, tzinfo=UTC)
ACCEPTED = {"reference": "a", "accepted": True, "id": "x-1", "accepted_at": AT.isoformat()}
REFUSED = {"reference": "b", "accepted": False, "code": "number"}


def read(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    body = msgspec.json.encode({"answers": rows})
    answers = wire.read_answers(body, asked=["a", "b", "c"])
    return [
        {name: getattr(answer, name) for name in base.Answer.__struct_fields__}
        for answer in answers.values()
    ]


def accepted(**differing: Any) -> dict[str, Any]:
    return {
        "reference": "a",
        "accepted": True,
        "carrier_id": "x-1",
        "code": base.Refusal.NONE,
        "accepted_at": AT,
    } | differing


def refused(code: base.Refusal) -> dict[str, Any]:
    return {
        "reference": "b",
        "accepted": False,
        "carrier_id": "",
        "code": code,
        "accepted_at": None,
    }


@pytest.mark.parametrize("beside", [[], [REFUSED]], ids=["all accepted", "one refused"])
@pytest.mark.parametrize(
    "differing",
    [
        pytest.param({}, id="plain"),
        pytest.param({"code": ""}, id="an empty code"),
        pytest.param({"code": "number"}, id="a code that means nothing there"),
        pytest.param({"code": "a new one"}, id="a code nobody knows"),
        pytest.param({"code": None}, id="null"),
        pytest.param({"more": [1]}, id="a field nobody asked for"),
        pytest.param({"accepted_at": "2027-03-01T13:30:00.25+01:00"}, id="another zone"),
        pytest.param({"accepted_at": "2027-03-01T12:30:00.250Z"}, id="Zulu"),
    ],
)
def test_an_acceptance_reads_the_same_whatever_is_beside_it(
    differing: dict[str, Any], beside: list[dict[str, Any]]
) -> None:
    rows = read(ACCEPTED | differing, *beside)
    assert rows == [accepted(), *([refused(base.Refusal.NUMBER)] if beside else [])]
    assert rows[0]["accepted_at"].tzinfo is UTC


def test_a_code_that_is_new_is_a_refusal_all_the_same() -> None:
    assert read(REFUSED | {"code": "moon"}) == [refused(base.Refusal.OTHER)]


@pytest.mark.parametrize("beside", [[], [REFUSED]], ids=["all accepted", "one refused"])
@pytest.mark.parametrize(
    ("differing", "field"),
    [
        pytest.param({"id": ""}, "id", id="no id"),
        pytest.param({"id": None}, "id", id="null for an id"),
        pytest.param({"id": "x" * 65}, "id", id="a long id"),
        pytest.param({"id": 7}, "id", id="a number for an id"),
        pytest.param({"accepted_at": None}, "accepted_at", id="no moment"),
        pytest.param({"accepted_at": "2027-03-01T12:30:00"}, "accepted_at", id="no zone"),
        pytest.param({"accepted_at": "0001-01-01T00:00:00+01:00"}, "accepted_at", id="before time"),
        pytest.param({"reference": "d"}, "reference", id="not asked"),
        pytest.param({"reference": ""}, "reference", id="no reference"),
        pytest.param({"accepted": "yes"}, "accepted", id="a word for yes"),
        pytest.param({"id": "a\0"}, "body", id="nul"),
    ],
)
def test_an_answer_that_is_none_is_named(
    differing: dict[str, Any], field: str, beside: list[dict[str, Any]]
) -> None:
    with pytest.raises(fields.BadField) as bad:
        read(ACCEPTED | differing, *beside)
    assert bad.value.name == field


def test_an_answer_said_twice_is_none() -> None:
    with pytest.raises(fields.BadField, match="reference"):
        read(ACCEPTED, ACCEPTED)
