"""Deadlocks: PostgreSQL ends one of the transactions that wait for each other, and it runs again.

Locks are taken in one order everywhere (campaign, hand-over, messages by id, counters, batches by
id, revision, sender, leases by phone, accounts by id last), which makes deadlocks rare; a plan may
still break it. Only whole, outermost transactions run again: what is undone half-way is undone
altogether. Other errors pass. A function that talks to a carrier must not be wrapped.
"""

import logging
import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

log = logging.getLogger(__name__)

Given = ParamSpec("Given")
Result = TypeVar("Result")

# deadlock_detected and serialization_failure: nothing of the transaction stayed.
UNDONE = frozenset({"40P01", "40001"})
TRIES = 6
# The longest pause before the second try, in seconds; it doubles with each further one.
PAUSE = 0.02


def on_deadlock(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Run a function again, up to TRIES times in all, when the database undid its transaction.

    The function opens its transactions itself and is harmless to repeat. Called within one it
    runs once: the outermost transaction was undone, and whoever opened that runs it again.
    """

    @wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        for attempt in range(1, TRIES):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not was_undone(error):
                    raise
                log.warning("%s was undone by a deadlock, try %d", function.__qualname__, attempt)
            # Different for each of the two, or they meet again.
            time.sleep(random.uniform(0, PAUSE * 2**attempt))  # noqa: S311 (no secret)
        return function(*args, **kwargs)

    return run


def was_undone(error: OperationalError) -> bool:
    """Tell whether the database undid a transaction that may simply be run again."""
    return getattr(error.__cause__, "pgcode", None) in UNDONE
