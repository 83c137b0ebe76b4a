"""What the carrier told is read as it was told, however little was written of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import inbox
from messaging.carrier import base

NOON = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)
HEAD = "0b9f2a51-5d3c-4b6e-9c39-3f4f3c1f8a10:1:"

STARTS = st.sampled_from([0, 1, 8, 98, 10**9 - 3, 10**9 + 1, 10**20])
HEADS = st.sampled_from([HEAD, "x", "", "0", "é:", "٣", "a\nb-", "7:"])
ODD = st.sampled_from(["", "0", "00", "007", "x", "٣", "²", "x1", "x2", "x02", "9" * 9, "9" * 30])


@st.composite
def counted_up(draw: st.DrawFn) -> list[str]:
    head, first = draw(HEADS), draw(STARTS)
    return [f"{head}{first + at}" for at in range(draw(st.integers(1, 20)))]


@st.composite
def names(draw: st.DrawFn) -> list[str]:
    """Names as they may come: in a row, with gaps, in disorder, and odd ones between."""
    parts = draw(st.lists(counted_up() | st.lists(ODD, max_size=3), min_size=1, max_size=4))
    found = [name for part in parts for name in part]
    step = draw(st.sampled_from([1, 1, 2, 7]))
    found = [name for start in range(step) for name in found[start::step]]
    return found[draw(st.integers(0, 3)) :]


@st.composite
def pushes(draw: st.DrawFn) -> list[base.Receipt]:
    references, carrier_ids = draw(names()), draw(names())
    said = st.sampled_from(
        [(base.ReceiptState.DELIVERED, base.Cause.NONE, True)] * 6
        + [(base.ReceiptState.FAILED, base.Cause.FULL, True)]
        + [(base.ReceiptState.REJECTED, base.Cause.SPAM, False)]
    )
    rows = []
    for reference, carrier_id in zip(references, carrier_ids, strict=False):
        state, code, billed = draw(said)
        rows.append(
            make(
                reference,
                carrier_id=carrier_id,
                state=state,
                code=code,
                billed=billed,
                operator=draw(st.sampled_from(["SFR", "SFR", "SFR", ""])),
                at=NOON + timedelta(seconds=draw(st.sampled_from([0, 0, 0, 1]))),
            )
        )
    return rows


def make(reference: str, **changes: object) -> base.Receipt:
    fields = {
        "carrier_id": "b-1",
        "reference": reference,
        "state": base.ReceiptState.DELIVERED,
        "code": base.Cause.NONE,
        "billed": True,
        "operator": "SFR",
        "at": NOON,
    }
    return base.Receipt(**(fields | changes))  # type: ignore[arg-type]


def read_back(content: bytes) -> list[base.Receipt]:
    return [
        make(
            reference,
            carrier_id=carrier_id,
            state=told.state,
            code=told.code,
            billed=told.billed,
            operator=operator,
            at=at,
        )
        for told in inbox.read(content.decode())
        for at, carrier_id, reference, operator in told.each()
    ]


@given(pushes())
def test_what_was_written_is_read_as_it_was_told(told: list[base.Receipt]) -> None:
    content = inbox.write(told, carrier="carrier")

    # In another order only where all say the same.
    assert Counter(read_back(content)) == Counter(told)
    assert [(row.state, row.code, row.billed) for row in read_back(content)] == [
        (row.state, row.code, row.billed) for row in told
    ]
    assert sum(each.messages for each in inbox.read(content.decode())) == len(told)


def test_receipts_that_count_up_are_written_once() -> None:
    told = [make(f"{HEAD}{at}", carrier_id=f"b-{at + 7}") for at in range(95, 1_095)]

    content = inbox.write(told, carrier="carrier")

    [read] = inbox.read(content.decode())
    assert (read.references, read.carrier_ids, read.operators) == (f"{HEAD}95", "b-102", "SFR")
    assert len(content) < 200
    assert read_back(content) == told


def test_a_gap_parts_what_counts_up() -> None:
    told = [make(f"{HEAD}{at}") for at in range(40) if at != 20]

    read = inbox.read(inbox.write(told, carrier="carrier").decode())

    assert [(each.references, each.messages) for each in read] == [
        (f"{HEAD}0", 20), (f"{HEAD}21", 19),
    ]  # fmt: skip


def test_receipts_in_disorder_that_say_the_same_are_put_in_order() -> None:
    told = [
        make(f"{HEAD}{at * 7 % 1_000}", at=NOON + timedelta(seconds=at % 9)) for at in range(1_000)
    ]

    content = inbox.write(told, carrier="carrier")

    [read] = inbox.read(content.decode())
    assert read.references == f"{HEAD}0"
    assert Counter(read_back(content)) == Counter(told)


def test_receipts_far_from_each_other_are_written_one_by_one() -> None:
    told = [make(f"{HEAD}{at * at}") for at in range(30)]

    content = inbox.write(told, carrier="carrier")

    [read] = inbox.read(content.decode())
    assert read.references == [receipt.reference for receipt in told]
    assert read_back(content) == told


def test_what_an_older_release_wrote_is_read() -> None:
    content = msgspec.json.encode(
        [["carrier", "delivered", "", True, [NOON], [2], ["b-1", "b-2"], ["r", "s"], ["SFR", ""]]]
    )

    assert read_back(content) == [
        make("r", carrier_id="b-1"), make("s", carrier_id="b-2", operator=""),
    ]  # fmt: skip


@pytest.mark.parametrize("changed", ["references", "carrier_ids", "operators"])
def test_what_is_not_as_long_as_it_says_is_an_error(changed: str) -> None:
    told = [make(f"{HEAD}{at * at}", carrier_id=f"{at * at}") for at in range(30)]
    [read] = inbox.read(inbox.write(told, carrier="carrier").decode())

    with pytest.raises(ValueError, match="zip"):
        list(msgspec.structs.replace(read, **{changed: ["x"]}).each())
