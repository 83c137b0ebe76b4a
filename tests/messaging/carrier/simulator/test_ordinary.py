"""What is read at once is read as it would be with care, and nothing else is read at once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carrier.simulator import intake, ordinary
from messaging.carrier.simulator.outcomes import Terms
from tests.messaging.carrier.scene import AT_ONCE

CHANCE = Terms(
    seed=1, shortest=timedelta(0), longest=timedelta(seconds=4), failures_percent=30
)  # fmt: skip
FRAME = {"sender": "ACME", "text": "Hi", "class": "standard", "clause": "", "validity": 60}
MESSAGE = {"reference": "c0ffee:1:0", "to": "+33612345678"}
ABSENT = "no such key"


def write(*messages: Any, **frame: Any) -> bytes:
    return json.dumps(FRAME | frame | {"messages": messages}, ensure_ascii=False).encode()


def read_with_care(body: bytes, *, terms: Terms) -> Any:
    try:
        return intake.read_chunk(body, terms=terms)
    except intake.ChunkRefused as exc:
        return exc.status, exc.code


TEXTS = st.text(min_size=1, max_size=200) | st.sampled_from(["é€ç😀" * 40, "x" * 30_000])
SENDERS = st.sampled_from(["ACME", "38001", "+33755512345"])
MESSAGES = st.fixed_dictionaries(
    {
        "reference": st.text("abc:1", min_size=1, max_size=64),
        "to": st.from_regex(r"\+[1-9][0-9]{6,10}(9989|99[0-9]{2})?", fullmatch=True),
    },
    optional={"text": TEXTS, "sender": SENDERS},
)
CHUNKS = st.fixed_dictionaries(
    {
        "sender": SENDERS,
        "text": TEXTS,
        "class": st.sampled_from(["standard", "flash", "sim"]),
        "clause": st.sampled_from(["", "\nSTOP:36111"]),
        "validity": st.integers(1, intake.LONGEST_VALIDITY),
        "messages": st.lists(MESSAGES, min_size=1, max_size=3),
    }
)
ODD = ("", "\0", "\ud800", "A" * 17, "r" * 65, "x" * 40_000, "36111", "0612", "+33612345678\n")
ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [ABSENT, None, True, 7, 0, -1, 60.0, 10**30, [], {}, [MESSAGE], *ODD]
)
FIELDS = st.sampled_from([*FRAME, "messages", "note"]), st.sampled_from([*MESSAGE, "text", "note"])


def change(row: dict[str, Any], name: str, value: Any) -> None:
    row[name] = value
    if value == ABSENT:
        del row[name]


@given(
    chunk=CHUNKS,
    of_message=st.lists(st.tuples(FIELDS[1] | st.just("sender"), ODD_VALUES), max_size=1),
    of_frame=st.lists(st.tuples(FIELDS[0], ODD_VALUES), max_size=1),
    is_ascii=st.booleans(),
    terms=st.sampled_from([AT_ONCE, CHANCE]),
)
def test_what_is_read_at_once_is_read_as_with_care(
    chunk: dict[str, Any],
    of_message: list[tuple[str, Any]],
    of_frame: list[tuple[str, Any]],
    is_ascii: bool,
    terms: Terms,
) -> None:
    for name, value in of_message:
        change(chunk["messages"][0], name, value)
    for name, value in of_frame:
        change(chunk, name, value)
    body = json.dumps(chunk, ensure_ascii=is_ascii).encode(errors="surrogatepass")

    try:
        read = ordinary.read_chunk(body, terms=terms)
    except ordinary.NotOrdinary:
        return

    assert read == read_with_care(body, terms=terms)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(write(MESSAGE), id="the text of the chunk"),
        pytest.param(write(MESSAGE | {"text": "é€ç😀", "sender": "38001"}), id="all of its own"),
        pytest.param(write(MESSAGE, clause="\nSTOP:36111"), id="a clause"),
        pytest.param(write(MESSAGE | {"to": "+33612349989"}), id="a number that is refused"),
        pytest.param(write(MESSAGE | {"text": "x" * 153 * 255}), id="255 parts"),
        pytest.param(write(MESSAGE | {"sender": "38001"}, sender=""), id="no sender of the chunk"),
        pytest.param(write(MESSAGE | {"text": "Ho"}, text=""), id="no text of the chunk"),
        pytest.param(write(*[MESSAGE] * 500), id="500 messages"),
    ],
)
def test_an_ordinary_chunk_is_read_at_once(body: bytes) -> None:
    assert ordinary.read_chunk(body, terms=AT_ONCE) == read_with_care(body, terms=AT_ONCE)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(write(MESSAGE)[:-1], id="a half"),
        pytest.param(b"\xef\xbb\xbf" + write(MESSAGE), id="a mark of the byte order"),
        pytest.param(write(MESSAGE).replace(b"Hi", b"\xff"), id="no UTF-8"),
        pytest.param(write(MESSAGE).replace(b"Hi", b"\xed\xa0\x80"), id="a raw surrogate"),
        pytest.param(write(MESSAGE).replace(b"Hi", b"\\ud800"), id="a lone surrogate"),
        pytest.param(write(MESSAGE).replace(b"Hi", b"\\u0000"), id="a NUL"),
        pytest.param(write(MESSAGE, validity=60.0), id="a validity with a point"),
        pytest.param(write(MESSAGE, validity=0), id="a validity of nothing"),
        pytest.param(write(MESSAGE, validity=intake.LONGEST_VALIDITY + 1), id="of too much"),
        pytest.param(write(MESSAGE, validity=True), id="a validity that is true"),
        pytest.param(write(MESSAGE, clause=None), id="no clause"),
        pytest.param(write(MESSAGE, note="new"), id="a field of another version"),
        pytest.param(write(MESSAGE | {"note": "new"}), id="one of a message"),
        pytest.param(write(MESSAGE | {"text": None}), id="a text that is null"),
        pytest.param(write(MESSAGE | {"text": ""}), id="an empty text"),
        pytest.param(write(MESSAGE, text=""), id="an empty text of the chunk"),
        pytest.param(write(MESSAGE | {"text": "x" * 153 * 255 + "x"}), id="256 parts"),
        pytest.param(write(MESSAGE | {"to": "+33612345678\n"}), id="a number and a line feed"),
        pytest.param(write(MESSAGE, sender=""), id="no sender"),
        pytest.param(write(MESSAGE | {"sender": ""}), id="an empty sender"),
        pytest.param(write(MESSAGE, sender="36111"), id="a number out of the pool"),
        pytest.param(write(MESSAGE, MESSAGE | {"sender": "36111"}), id="one out of the pool"),
        pytest.param(write(), id="no messages"),
        pytest.param(write(*[MESSAGE] * 501), id="501 messages"),
    ],
)
def test_whatever_is_odd_is_left_to_the_careful_reading(body: bytes) -> None:
    with pytest.raises(ordinary.NotOrdinary):
        ordinary.read_chunk(body, terms=AT_ONCE)


def test_of_a_key_that_comes_twice_the_last_counts_either_way() -> None:
    body = write(MESSAGE).replace(b'"to":', b'"to": "+33600000000", "to":')

    read = ordinary.read_chunk(body, terms=AT_ONCE)

    assert read == read_with_care(body, terms=AT_ONCE)
    assert read[1][0].to == "+33612345678"
