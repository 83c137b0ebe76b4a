"""Strikes: what is done to the parts of the stack while Alice sends.

Each begins at a moment of the work, not of the clock, and says when a blow falls; the trial refuses
a blow at nothing. What is away comes back before a strike ends.
"""

import os
import threading
from collections.abc import Callable

from tests.faults import outage
from tests.faults.stack import Part
from tests.faults.trial import LIMIT, Trial
from tests.processes import wait_for

Strike = Callable[[Trial], None]


def behave(trial: Trial) -> None:
    """Strike nothing: the carrier's script is the fault, once each of its rules had a turn."""
    wait_for(lambda: all(trial.stack.turns()), seconds=LIMIT, what="each rule has had a turn")
    trial.blow()


def kill_children(trial: Trial) -> None:
    """Kill what works under the workers, while a chunk is with the carrier."""
    wait_for(lambda: trial.hand_overs("claimed"), seconds=LIMIT, what="a claim")
    for part in (trial.stack.bulk, trial.stack.quick):
        for child in part.children():
            trial.blow()
            os.kill(child, 9)


def kill_and_start(*names: str) -> Strike:
    """Kill parts with all their children at a random moment, and start them a moment later."""

    def strike(trial: Trial) -> None:
        trial.moment()
        parts: list[Part] = [getattr(trial.stack, name) for name in names]
        for part in parts:
            trial.blow()
            part.kill()
        threading.Event().wait(trial.chance.uniform(0, 2))
        for part in parts:
            part.start()

    return strike


def kill_workers_when(condition: Callable[[Trial], object], what: str) -> Strike:
    """Kill all workers as soon as the work has come to a point."""

    def strike(trial: Trial) -> None:
        wait_for(lambda: condition(trial), seconds=LIMIT, what=what)
        _kill_workers(trial)

    return strike


def kill_before_it_is_recorded(trial: Trial) -> None:
    """Kill the workers when the carrier has answered and nothing of that is written yet.

    The rows of the claims are locked while the carrier is slow to answer; whoever waits for one of
    them has the answer in hand.
    """
    wait_for(trial.in_the_books, seconds=LIMIT, what="the carrier has something")
    rows = "SELECT id FROM messaging_handover WHERE state = 'claimed' FOR UPDATE"
    with trial.stack.locking(rows) as is_waited_for:
        wait_for(is_waited_for, seconds=LIMIT, what="somebody wants to record an answer")
        assert not trial.hand_overs("answered")
        _kill_workers(trial)


def _kill_workers(trial: Trial) -> None:
    workers = (trial.stack.bulk, trial.stack.quick)
    for part in workers:
        trial.blow()
        part.kill()
    for part in workers:
        part.start()


def kill_redis(trial: Trial) -> None:
    """Kill Redis and start it at once."""
    trial.moment()
    trial.blow()
    trial.stack.valkey.kill()
    trial.stack.valkey.start()


def redis_away(seconds: float) -> Strike:
    """Have no Redis for a while, in which people sign in as ever."""

    def strike(trial: Trial) -> None:
        trial.moment()
        trial.blow()
        trial.stack.valkey.kill()
        is_over = threading.Event()
        timer = threading.Timer(seconds, is_over.set)
        timer.start()
        outage.sign_in_without_redis(trial.stack)
        is_over.wait()
        trial.stack.valkey.start()

    return strike


def redis_hangs(trial: Trial) -> None:
    """Have a Redis that does not answer, until Alice got on all the same and somebody signed in."""
    wait_for(lambda: trial.hand_overs("claimed"), seconds=LIMIT, what="a claim")
    trial.blow()
    with trial.stack.valkey.hanging():
        outage.sign_in_without_redis(trial.stack)
        trial.get_on()


def empty_redis(trial: Trial) -> None:
    """Make Redis forget everything, again and again."""
    trial.moment()
    for _time in range(20):
        trial.blow()
        trial.stack.valkey.empty()
        threading.Event().wait(0.2)


def restart_postgres(mode: str) -> Strike:
    """Restart the database in one of its modes."""

    def strike(trial: Trial) -> None:
        trial.moment()
        trial.blow()
        trial.stack.postgres.restart(mode=mode)

    return strike


def postgres_away(trial: Trial) -> None:
    """Have no database for as long as it takes to see what people and the carrier are told."""
    trial.moment()
    trial.blow()
    with trial.stack.postgres.away():
        outage.look_without_the_database(trial.stack)


def cut_connections(trial: Trial) -> None:
    """End every session of the database, several times."""
    trial.moment()
    for _time in range(5):
        trial.blow()
        trial.stack.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        threading.Event().wait(trial.chance.uniform(0.1, 1))
