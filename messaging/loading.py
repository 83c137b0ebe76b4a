"""Who may load a campaign at a moment, and what is written beside the loader.

SQLite has one writer: two loaders would only make the pages wait twice as long, so there one loads
at a time and pauses between two batches. PostgreSQL writes two segments while the loader prepares
the next: to prepare one takes about half as long as the database takes to write one.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle

from django.db import connection

from messaging import bulk

Work = Callable[[], None]

_one_loader = threading.Lock()
# So long the one who prepares keeps the interpreter from the one who writes, who needs it for a
# moment between two waits for the database (seconds).
SWITCH = 0.0005
_USUAL_SWITCH = sys.getswitchinterval()
# Segments written at once, each on a connection of its own.
WRITERS = 2
# Between two batches of a loader on SQLite, so that a page gets its turn (seconds).
PAUSE = 0.02


@contextmanager
def turn() -> Iterator[float]:
    """Hold the right to load, and give the pause in seconds to make between two batches."""
    if bulk.is_postgresql():
        yield 0.0
        return
    with _one_loader:
        yield PAUSE


@contextmanager
def beside() -> Iterator[Callable[[Work], Work]]:
    """Give what begins work and returns a way to wait for its end, which raises what it raised.

    The work runs on a connection of its own, beside the work begun before; what is begun while
    WRITERS are at it waits. Within a transaction, and on SQLite, it is over when it has begun.
    """
    if not bulk.is_postgresql() or connection.in_atomic_block:
        yield _at_once
        return
    with ExitStack() as ended:
        threads = cycle([ended.enter_context(_writer()) for _writer_number in range(WRITERS)])
        sys.setswitchinterval(SWITCH)
        ended.callback(sys.setswitchinterval, _USUAL_SWITCH)
        yield lambda work: next(threads).submit(work).result


@contextmanager
def _writer() -> Iterator[ThreadPoolExecutor]:
    """Give a thread, which closes its connection at the end."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            yield thread
        finally:
            thread.submit(_hang_up).result()


def _at_once(work: Work) -> Work:
    work()
    return lambda: None


def _hang_up() -> None:
    """Close the connection of the thread that calls."""
    connection.close()
