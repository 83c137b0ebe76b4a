"""What becomes of a message, by seed and number."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carrier.simulator.outcomes import ENDINGS, LATE, Ending, Kind, Plan, Terms, planner

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
TERMS = Terms(seed=1, shortest=SECOND, longest=SECOND, failures_percent=0)
STEM = "+3361234"


def plan_of(ending: str, *, validity: timedelta = DAY, terms: Terms = TERMS) -> Plan:
    return planner(validity=validity, terms=terms)(STEM + ending)


@pytest.mark.parametrize(
    ("ending", "arrives", "told"),
    [
        pytest.param("0000", True, ["final delivered  1 1"], id="an ordinary number"),
        pytest.param("9984", True, ["final delivered  1 1"], id="just before the special endings"),
        pytest.param("9985", False, ["final failed absent 1 1"], id="absent"),
        pytest.param("9986", False, ["final expired absent 1 1"], id="expired"),
        pytest.param("9987", False, ["final failed barred 1 1"], id="barred"),
        pytest.param("9988", False, ["final rejected blocked 1 1 free"], id="rejected, not billed"),
        pytest.param("9990", False, ["final failed full 1 1"], id="memory full"),
        pytest.param("9991", True, ["final delivered  1 601"], id="a very late receipt"),
        pytest.param(
            "9992",
            True,
            ["provisional unknown  1 1", "final delivered  2 2"],
            id="unknown, then delivered",
        ),
        pytest.param("9993", True, [], id="no receipt ever"),
        pytest.param(
            "9994", True, ["final delivered  1 1", "repeat delivered  1 2"], id="a receipt twice"
        ),
        pytest.param(
            "9995", True, ["final delivered  1 1", "provisional accepted  0 2"], id="out of order"
        ),
        pytest.param("9996", True, ["final delivered  0 0"], id="receipt at once"),
        pytest.param("9997", False, ["final failed invalid_number 1 1"], id="invalid number"),
        pytest.param("9998", False, ["final rejected spam 1 1"], id="spam"),
        pytest.param("9999", False, ["provisional unknown  1 1"], id="unknown for ever"),
    ],
)
def test_ending_chooses_the_case(ending: str, arrives: bool, told: list[str]) -> None:
    planned = plan_of(ending)

    assert planned.refusal == ""
    assert (planned.arrives is not None) is arrives
    assert [
        f"{r.kind} {r.state} {r.code} {r.at // SECOND} {r.due // SECOND}"
        + ("" if r.billed else " free")
        for r in planned.receipts
    ] == told


def test_refused_number_is_never_accepted() -> None:
    planned = plan_of(Ending.REFUSED)

    assert planned == Plan(refusal="number", arrives=None, receipts=())


def test_message_that_would_come_too_late_expires_at_the_end_of_its_validity() -> None:
    planned = plan_of("0000", validity=SECOND / 2)

    [receipt] = planned.receipts
    assert (receipt.state, receipt.at) == ("expired", SECOND / 2)
    assert planned.arrives is None


def test_late_receipt_is_later_than_any_patience_of_a_test() -> None:
    [receipt] = plan_of(Ending.LATE_RECEIPT).receipts

    assert receipt.due - receipt.at == LATE


@given(
    number=st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    seed=st.integers(),
    percent=st.integers(min_value=0, max_value=100),
)
def test_plans_are_repeatable_and_end_once(number: str, seed: int, percent: int) -> None:
    terms = Terms(seed=seed, shortest=SECOND, longest=4 * SECOND, failures_percent=percent)

    planned = planner(validity=DAY, terms=terms)(number)

    assert planner(validity=DAY, terms=terms)(number) == planned
    assert sum(r.kind is Kind.FINAL for r in planned.receipts) <= 1
    assert all(r.at <= r.due for r in planned.receipts)
    if planned.arrives is not None:
        assert SECOND <= planned.arrives <= 4 * SECOND


def test_delays_differ_between_numbers_and_seeds() -> None:
    spread = replace(TERMS, longest=4 * SECOND)

    delays = {
        plan_of(f"{at:04d}", terms=replace(spread, seed=seed)).arrives
        for at in range(85)
        for seed in (1, 2)
    }

    assert len(delays) == 170


def test_percentage_fails_about_so_many_ordinary_numbers() -> None:
    terms = replace(TERMS, failures_percent=20)
    numbers = [f"+3361{at:05d}00" for at in range(2_000)]

    failed = sum(planner(validity=DAY, terms=terms)(n).arrives is None for n in numbers)

    assert 320 <= failed <= 480


def test_all_or_none_of_the_ordinary_numbers_fail_at_the_limits() -> None:
    numbers = [f"+3361{at:05d}00" for at in range(200)]

    for percent, arrive in ((0, True), (100, False)):
        terms = replace(TERMS, failures_percent=percent)
        assert {planner(validity=DAY, terms=terms)(n).arrives is not None for n in numbers} == {
            arrive
        }


def test_special_endings_are_four_digits_that_few_numbers_have() -> None:
    assert sorted(ENDINGS) == [str(ending) for ending in range(9985, 10_000)]
