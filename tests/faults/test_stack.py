"""Every part of the real stack fails in turn: nothing is lost, sent twice or charged wrongly.

FAULT_ROUNDS says how often each fault is tried (1 by default), FAULT_SEED repeats a run, and
FAULT_REDIS_DOWN is for how many seconds Redis is away. A line with the figures is printed for
each fault.
"""

import os
import random
import sys
import threading
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults import stack as stacks
from tests.faults.stack import CARRIER_SECONDS, Part, Stack
from tests.faults.verdict import Asked, Verdict, is_over, judge
from tests.processes import wait_for

pytestmark = pytest.mark.fault

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
SEED = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
REDIS_DOWN = float(os.environ.get("FAULT_REDIS_DOWN", "10"))
# One campaign that a worker has to price and three hand-overs have to carry, and some single SMS.
TOGETHER = 1_200
SINGLES = 3
LONGEST = 2.0
LIMIT = 60.0
# Longer than a call may take, and shorter.
TOO_LONG = float(CARRIER_SECONDS) * 1.3
WELL_BEFORE = float(CARRIER_SECONDS) * 0.7

Strike = Callable[["Trial"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One fault on its way: the stack, the chance and the mark of its texts."""

    stack: Stack
    chance: random.Random
    tag: str

    def pause(self) -> None:
        """Let a random time go by."""
        threading.Event().wait(self.chance.uniform(0, LONGEST))

    def hand_overs(self, state: str) -> int:
        """Count the hand-overs of the campaign in one state."""
        [(count,)] = self.stack.query(
            "SELECT count(*) FROM messaging_handover h JOIN messaging_batch b ON b.id = h.batch_id "
            "JOIN messaging_revision r ON r.id = b.revision_id WHERE r.text LIKE %s "
            "AND b.messages > 1 AND h.state = %s",
            f"{self.tag} %",
            state,
        )
        return int(count)

    def in_the_books(self) -> bool:
        """Tell whether the carrier accepted something of the campaign."""
        return bool(
            self.stack.books("SELECT 1 FROM message WHERE text = ? LIMIT 1", f"{self.tag} together")
        )


def behave(trial: Trial) -> None:
    """Strike nothing: the carrier's script is the fault."""


def kill_children(trial: Trial) -> None:
    trial.pause()
    for part in (trial.stack.bulk, trial.stack.quick):
        os.kill(trial.chance.choice(part.children()), 9)


def kill_and_start(*names: str) -> Strike:
    def strike(trial: Trial) -> None:
        trial.pause()
        parts: list[Part] = [getattr(trial.stack, name) for name in names]
        for part in parts:
            part.kill()
        trial.pause()
        for part in parts:
            part.start()

    return strike


def kill_when(condition: Callable[[Trial], object], what: str) -> Strike:
    def strike(trial: Trial) -> None:
        wait_for(lambda: condition(trial), seconds=60, what=what)
        for part in (trial.stack.bulk, trial.stack.quick):
            part.kill()
        for part in (trial.stack.bulk, trial.stack.quick):
            part.start()

    return strike


def redis_away(seconds: float) -> Strike:
    def strike(trial: Trial) -> None:
        trial.pause()
        trial.stack.valkey.kill()
        threading.Event().wait(seconds)
        trial.stack.valkey.start()

    return strike


def empty_redis(trial: Trial) -> None:
    for _time in range(20):
        threading.Event().wait(0.2)
        trial.stack.valkey.empty()


def restart_postgres(mode: str) -> Strike:
    def strike(trial: Trial) -> None:
        trial.pause()
        trial.stack.postgres.restart(mode=mode)

    return strike


def cut_connections(trial: Trial) -> None:
    for _time in range(5):
        threading.Event().wait(trial.chance.uniform(0.1, 1))
        trial.stack.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def submit(do: str, *, times: int = 2, seconds: float = 0) -> dict[str, Any]:
    return {"on": "submit", "do": do, "times": times, "seconds": seconds}


def push(do: str) -> dict[str, Any]:
    return {"on": "push", "do": do, "times": 1_000}


LATE = submit("answer-late", times=9, seconds=WELL_BEFORE)
FAULTS: dict[str, tuple[Strike, list[dict[str, Any]]]] = {
    "kill -9 of worker children": (kill_children, [LATE]),
    "kill -9 of the workers' trees": (kill_and_start("quick", "bulk"), [LATE]),
    "kill -9 of beat": (kill_and_start("beat"), []),
    "kill -9 of web": (kill_and_start("web"), []),
    "kill -9 of everything": (kill_and_start("beat", "quick", "bulk", "web", "carrier"), []),
    "Redis killed": (redis_away(0), []),
    "Redis emptied": (empty_redis, []),
    f"Redis down for {REDIS_DOWN:.0f} s": (redis_away(REDIS_DOWN), []),
    "PostgreSQL restarted fast": (restart_postgres("fast"), []),
    "PostgreSQL restarted immediately": (restart_postgres("immediate"), []),
    "connections cut": (cut_connections, []),
    "carrier refuses": (behave, [submit("refuse")]),
    "carrier throttles": (behave, [submit("throttle", seconds=1)]),
    "carrier too slow": (behave, [submit("wait", seconds=TOO_LONG)]),
    "carrier hangs up": (behave, [submit("hang-up"), {"on": "look-up", "do": "hang-up"}]),
    "carrier answers half": (
        behave,
        [submit("answer-half"), {"on": "look-up", "do": "answer-half"}],
    ),
    "carrier loses answers": (behave, [submit("hang-up-after", times=3)]),
    "carrier fails after accepting": (behave, [submit("fail-after", times=3)]),
    "killed after logging": (
        kill_when(lambda t: t.hand_overs("claimed"), "a claim"),
        [submit("wait", times=9, seconds=WELL_BEFORE)],
    ),
    "killed before reading the answer": (
        kill_when(Trial.in_the_books, "an acceptance"),
        [LATE],
    ),
    "killed after answering": (kill_when(lambda t: t.hand_overs("answered"), "an answer"), []),
    "receipts before the answer": (behave, [LATE]),
    "receipts three times, shuffled": (behave, [push("repeat")]),
    "contradictory receipts": (behave, [push("contradict")]),
    "receipts of nobody": (behave, [push("stray")]),
    "malformed receipts": (behave, [push("malform")]),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("stack")
    # PostgreSQL runs as a user of its own when this is root's.
    for path in (directory, *directory.parents[:2]):
        path.chmod(0o755)
    with stacks.running(directory) as made:
        yield made


def forms(stack: Stack, *, tag: str, trial: int) -> tuple[list[dict[str, str]], Asked]:
    """Write what Alice is going to send, and what the phones must get."""
    numbers = [f"+3361{trial % 100:02d}{n:05d}" for n in range(TOGETHER)]
    blank = stack.visitor.form(recipients="", text="")
    written = [("\n".join(numbers), f"{tag} together")]
    written += [(numbers[n], f"{tag} single {n}") for n in range(SINGLES)]
    asked: Asked = Counter()
    for recipients, text in written:
        asked.update((phone, text) for phone in recipients.split("\n"))
    return [
        blank | {"recipients": r, "text": t, "key": str(uuid.uuid4())} for r, t in written
    ], asked


def run(stack: Stack, *, name: str, tag: str, number: int) -> tuple[Verdict, float]:
    """Have Alice send while the fault strikes, wait until all is over, and judge."""
    strike, rules = FAULTS[name]
    trial = Trial(stack=stack, chance=random.Random(f"{SEED} {name} {number}"), tag=tag)
    written, asked = forms(stack, tag=tag, trial=number + zlib.crc32(name.encode()))
    stack.revive()
    stack.play(*rules)
    failures: list[BaseException] = []

    def send() -> None:
        try:
            for form in written:
                stack.visitor.send(form, seconds=LIMIT)
        except BaseException as exc:  # noqa: BLE001 (told below, in the test's own thread)
            failures.append(exc)

    alice = threading.Thread(target=send)
    alice.start()
    try:
        strike(trial)
    finally:
        struck = time.monotonic()
        alice.join()
    assert failures == []
    wait_for(
        lambda: is_over(stack, tag=tag, asked=asked) or threading.Event().wait(0.2),
        seconds=LIMIT,
        what=f"{name}: everything is over, seed {SEED}",
    )
    recovery = time.monotonic() - struck
    stack.play()
    return judge(stack, tag=tag, asked=asked), recovery


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_repeated_or_charged_wrongly(
    stack: Stack, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for number in range(ROUNDS):
        tag = f"{list(FAULTS).index(name)}.{number}"
        found.append(run(stack, name=name, tag=tag, number=number))

    verdicts = [verdict for verdict, _seconds in found]
    lost, repeated = sum(v.lost for v in verdicts), sum(v.repeated for v in verdicts)
    wrong = sum(v.wrong_charges for v in verdicts)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name:34} rounds {ROUNDS}  messages {sum(v.messages for v in verdicts)}  "
            f"lost {lost}  repeated {repeated}  wrong charges {wrong}  "
            f"recovery {max(seconds for _verdict, seconds in found):.1f} s  seed {SEED}"
        )
    assert (lost, repeated, wrong) == (0, 0, 0)
    assert [fault for v in verdicts for fault in v.faults] == []
