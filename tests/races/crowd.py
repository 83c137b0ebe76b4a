"""Threads that start together, each with its own connection to the database."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from django.db import OperationalError, connection

# Seconds a crowd may take in all; a race that hangs fails instead.
PATIENCE = 60
# Tries of a control to show its race.
TRIES = 20
# The longest offset between works that are to end in either order (seconds).
SPREAD = 0.06


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Do all the works at once; give what each returned, or the exception that ended it."""
    start = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(place: int) -> None:
        try:
            _connect()
            start.wait(PATIENCE)
            results[place] = works[place]()
        except Exception as exc:  # noqa: BLE001 (an outcome like any other: the test looks at it)
            results[place] = exc
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[n], daemon=True) for n in range(len(works))]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    assert not any(t.is_alive() for t in threads), "the race did not end"
    return results


def times(count: int, work: Callable[[], object]) -> list[object]:
    """Do one work `count` times at once."""
    return at_once([work] * count)


def staggered(chance: random.Random, *works: Callable[[], object]) -> list[object]:
    """Do works almost at once, each after an offset of its own: the offsets are the race."""

    def after(seconds: float, work: Callable[[], object]) -> object:
        time.sleep(seconds)
        return work()

    return at_once([partial(after, chance.uniform(0, SPREAD), work) for work in works])


def errors(results: Sequence[object]) -> list[BaseException]:
    """Give the exceptions among results."""
    return [r for r in results if isinstance(r, BaseException)]


def show(race: Callable[[], bool]) -> None:
    """Try a control until it shows its race; without, the setup proves nothing."""
    for _try in range(TRIES):
        if race():
            return
    raise AssertionError(f"the control never raced in {TRIES} tries: this setup proves nothing")


def _connect() -> None:
    """Connect, waiting for a place if the server is full of other people's connections."""
    end = time.monotonic() + PATIENCE / 2
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > end:
                raise
            threading.Event().wait(0.1)
        else:
            return
