"""Scripts: how the carrier is told to misbehave, for rehearsals and for the tests of faults.

A script is a list of rules. Each call takes the first rule that is for it and has a turn left; the
carrier behaves when there is none. It is kept in memory: a carrier that is started again behaves.
docs/carrier.md has the table. No clock, no chance.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

RULES_LIMIT = 100
TURNS_LIMIT = 100_000
LONGEST_WAIT = 600.0


class On(StrEnum):
    """What a rule is for: a call of the platform, or a push to one of its doors."""

    SUBMIT = "submit"
    LOOK_UP = "look-up"
    PUSH = "push"
    REPLY = "reply"


class Deed(StrEnum):
    """What the carrier does instead of behaving."""

    # Whatever it is: counts a call and changes nothing.
    BEHAVE = "behave"
    # Before anything is read; nothing is accepted.
    REFUSE = "refuse"
    THROTTLE = "throttle"
    FAIL = "fail"
    HANG_UP = "hang-up"
    # Then it does its work, whether or not anybody still listens.
    WAIT = "wait"
    # The work is done; only the answer suffers.
    ANSWER_LATE = "answer-late"
    ANSWER_HALF = "answer-half"
    FAIL_AFTER = "fail-after"
    HANG_UP_AFTER = "hang-up-after"
    # What is pushed.
    REPEAT = "repeat"
    DELAY = "delay"
    REORDER = "reorder"
    CONTRADICT = "contradict"
    STRAY = "stray"
    MALFORM = "malform"


OF_ALL_PUSHES = frozenset({Deed.BEHAVE, Deed.REPEAT, Deed.DELAY, Deed.MALFORM})
OF_PUSHES = OF_ALL_PUSHES | {Deed.CONTRADICT, Deed.STRAY}
OF_REPLIES = OF_ALL_PUSHES | {Deed.REORDER}
OF_CALLS = frozenset(Deed) - OF_PUSHES - OF_REPLIES | {Deed.BEHAVE}
ALLOWED = {On.SUBMIT: OF_CALLS, On.LOOK_UP: OF_CALLS, On.PUSH: OF_PUSHES, On.REPLY: OF_REPLIES}


class BadScript(Exception):
    """The script cannot be read; `place` says where."""

    def __init__(self, place: str) -> None:
        """Keep the place: "rules", or the number of a rule and its field."""
        super().__init__(place)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For the next `times` calls of a kind, do this; `seconds` of a wait, a throttling, a delay."""

    on: On
    do: Deed
    times: int
    seconds: float


def read_rules(content: Any) -> list[Rule]:
    """Read a script as JSON has it. BadScript."""
    rows = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(rows, list) or len(rows) > RULES_LIMIT:
        raise BadScript("rules")
    return [_read_rule(row, number=number) for number, row in enumerate(rows)]


def _read_rule(row: Any, *, number: int) -> Rule:
    if not isinstance(row, dict) or row.keys() - {"on", "do", "times", "seconds"}:
        raise BadScript(f"{number}")
    on, do = row.get("on"), row.get("do")
    if on not in list(On):
        raise BadScript(f"{number} on")
    if do not in list(ALLOWED[On(str(on))]):
        raise BadScript(f"{number} do")
    times, seconds = row.get("times", 1), row.get("seconds", 0)
    if type(times) is not int or not 0 < times <= TURNS_LIMIT:
        raise BadScript(f"{number} times")
    if type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_WAIT:
        raise BadScript(f"{number} seconds")
    return Rule(on=On(str(on)), do=Deed(str(do)), times=times, seconds=float(seconds))


class Script:
    """The rules with their turns left, shared by the threads of a carrier."""

    def __init__(self) -> None:
        """Begin with good behaviour."""
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def replace(self, rules: Sequence[Rule]) -> None:
        """Follow these rules and forget the others."""
        with self._lock:
            self._rules = list(rules)

    def left(self) -> list[Rule]:
        """Give the rules that have turns left."""
        with self._lock:
            return list(self._rules)

    def take(self, on: On) -> Rule | None:
        """Take a turn of the first rule that is for this; None to behave."""
        with self._lock:
            for at, rule in enumerate(self._rules):
                if rule.on is on:
                    rest = [replace(rule, times=rule.times - 1)] if rule.times > 1 else []
                    self._rules[at : at + 1] = rest
                    return None if rule.do is Deed.BEHAVE else rule
        return None

    def wait(self, seconds: float) -> None:
        """Wait as a rule says, at most until the carrier stops."""
        self._ended.wait(seconds)

    def end(self) -> None:
        """Let everybody go who waits."""
        self._ended.set()
