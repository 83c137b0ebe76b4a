"""Every part of the real stack fails in turn: nothing is lost, sent twice or charged wrongly.

FAULT_ROUNDS says how often each fault is tried (once by default) and FAULT_REDIS_DOWN for how many
seconds Redis is away. A table of the figures is printed at the end.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.faults import strikes
from tests.faults.conftest import ROUNDS, Figures
from tests.faults.stack import CARRIER_SECONDS, Keeper, Stack
from tests.faults.strikes import Strike, behave, kill_and_start, kill_workers_when
from tests.faults.trial import LIMIT, Trial
from tests.faults.verdict import DELIVERED, FAILED, Verdict, is_final, is_quiet, judge
from tests.processes import wait_for

pytestmark = pytest.mark.fault

REDIS_DOWN = float(os.environ.get("FAULT_REDIS_DOWN", "60"))
# Longer than a call to the carrier may take, and shorter.
TOO_LONG = float(CARRIER_SECONDS) * 1.3
WELL_BEFORE = float(CARRIER_SECONDS) * 0.7


def rule(on: str, do: str, *, times: int = 2, seconds: float = 0) -> dict[str, Any]:
    return {"on": on, "do": do, "times": times, "seconds": seconds}


def submit(do: str, *, times: int = 2, seconds: float = 0) -> dict[str, Any]:
    return rule("submit", do, times=times, seconds=seconds)


# So that the campaign is under way for some seconds; so that receipts come before the answer.
SLOW = submit("answer-late", times=9, seconds=1)
LATE = submit("answer-late", times=9, seconds=WELL_BEFORE)
PUSHES = 1_000
CONTRADICTION = rule("push", "contradict", times=PUSHES)
FAULTS: dict[str, tuple[Strike, list[dict[str, Any]]]] = {
    "kill -9 of the workers' children": (strikes.kill_children, [LATE]),
    "kill -9 of the workers' trees": (kill_and_start("quick", "bulk"), [SLOW]),
    "kill -9 of beat": (kill_and_start("beat"), [SLOW]),
    "kill -9 of web": (kill_and_start("web"), [SLOW]),
    "kill -9 of the carrier": (kill_and_start("carrier"), [SLOW]),
    "kill -9 of everything": (kill_and_start("beat", "quick", "bulk", "web", "carrier"), [SLOW]),
    "killed before the carrier reads": (
        kill_workers_when(lambda t: t.hand_overs("claimed") and not t.in_the_books(), "a claim"),
        [submit("wait", times=9, seconds=WELL_BEFORE)],
    ),
    "killed after the carrier logged": (
        kill_workers_when(Trial.in_the_books, "an acceptance"),
        [LATE],
    ),
    "killed after the carrier answered": (strikes.kill_before_it_is_recorded, [SLOW]),
    "killed after an answer is recorded": (
        kill_workers_when(lambda t: t.hand_overs("answered"), "an answer"),
        [submit("behave", times=1), SLOW],
    ),
    "Redis killed": (strikes.kill_redis, [SLOW]),
    "Redis emptied": (strikes.empty_redis, [SLOW]),
    f"Redis down for {REDIS_DOWN:.0f} s": (strikes.redis_away(REDIS_DOWN), [SLOW]),
    "Redis hangs": (strikes.redis_hangs, [SLOW]),
    "PostgreSQL restarted fast": (strikes.restart_postgres("fast"), [SLOW]),
    "PostgreSQL restarted immediately": (strikes.restart_postgres("immediate"), [SLOW]),
    "PostgreSQL away": (strikes.postgres_away, [SLOW]),
    "connections cut": (strikes.cut_connections, [SLOW]),
    "carrier refuses": (behave, [submit("refuse", times=3)]),
    "carrier throttles": (behave, [submit("throttle", times=3, seconds=1)]),
    "carrier too slow": (behave, [submit("wait", seconds=TOO_LONG)]),
    "carrier hangs up": (behave, [submit("hang-up"), rule("look-up", "hang-up")]),
    "carrier answers half": (behave, [submit("answer-half")]),
    "carrier answers look-ups half": (behave, [submit("fail"), rule("look-up", "answer-half")]),
    "carrier loses answers": (behave, [submit("hang-up-after", times=3)]),
    "carrier fails after accepting": (behave, [submit("fail-after", times=3)]),
    "carrier fails": (behave, [submit("fail", times=3), rule("look-up", "fail")]),
    "receipts before the answer": (behave, [LATE]),
    "receipts three times, shuffled": (behave, [rule("push", "repeat", times=PUSHES)]),
    "contradictory receipts": (behave, [CONTRADICTION]),
    "receipts of nobody": (behave, [rule("push", "stray", times=PUSHES)]),
    "malformed receipts": (behave, [rule("push", "malform", times=PUSHES)]),
}


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    # Not in pytest's own directory: another run closes that to all users but its own, and
    # PostgreSQL runs as one of its own when this is root's.
    with ExitStack() as directories:

        def make_directory() -> Path:
            made = Path(directories.enter_context(TemporaryDirectory(prefix="sms")))
            made.chmod(0o755)
            return made

        keeper = Keeper(make_directory)
        yield keeper
        keeper.end()


def run(
    stack: Stack, *, name: str, tag: str, chance: random.Random
) -> tuple[Trial, Verdict, float]:
    """Have Alice send while the fault strikes, wait until all is over, and judge."""
    strike, rules = FAULTS[name]
    stack.revive()
    trial = Trial(stack=stack, chance=chance, tag=tag, outage=REDIS_DOWN)
    stack.play(*rules)
    trial.begin()
    try:
        strike(trial)
    finally:
        struck = time.monotonic()
        trial.end()
    wait_for(
        lambda: is_final(stack, tag=tag, asked=trial.asked), seconds=LIMIT, what="all is final"
    )
    recovery = time.monotonic() - struck
    wait_for(lambda: is_quiet(stack), seconds=LIMIT, what="nothing is left to be done")
    if strike is behave:
        trial.blows = sum(stack.turns())
    stack.play()
    told = frozenset({DELIVERED, FAILED} if CONTRADICTION in rules else {DELIVERED})
    return trial, judge(stack, tag=tag, asked=trial.asked, told=told), recovery


def summed(name: str, found: list[tuple[Trial, Verdict, float]]) -> Figures:
    """Sum up the rounds of a fault."""
    verdicts = [verdict for _trial, verdict, _seconds in found]
    return Figures(
        fault=name,
        rounds=len(found),
        blows=sum(trial.blows for trial, _verdict, _seconds in found),
        messages=sum(v.messages for v in verdicts),
        lost=sum(v.lost for v in verdicts),
        repeated=sum(v.repeated for v in verdicts),
        wrong_charges=sum(v.wrong_charges for v in verdicts),
        seconds_to_recover=max(seconds for _trial, _verdict, seconds in found),
    )


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_repeated_or_charged_wrongly(
    keeper: Keeper, name: str, chance: random.Random, note: Callable[[Figures], None]
) -> None:
    found = []
    try:
        for number in range(ROUNDS):
            tag = f"{list(FAULTS).index(name)}.{number}"
            with keeper.lent() as stack:
                found.append(run(stack, name=name, tag=tag, chance=chance))
                _trial, verdict, _seconds = found[-1]
                assert (verdict.lost, verdict.repeated, verdict.wrong_charges) == (0, 0, 0)
                assert verdict.faults == ()
    finally:
        if found:
            note(summed(name, found))
