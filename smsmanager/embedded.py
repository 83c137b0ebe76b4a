"""The parts of the one-process demo: workers, scheduler, web server and simulated carrier.

Each part runs in a daemon thread. When one ends by itself, for whatever reason, all stop: half a
platform that looks whole is worse than none. Stopping asks every part at once and waits a limited
time; what is not done by then is a row that the next start takes up. Rules of the product do not
belong here: this module only starts and stops what other modules provide.
"""

import errno
import fcntl
import logging
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from celery import Celery, beat
from celery.exceptions import SecurityWarning
from waitress.server import create_server

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
POOL_THREADS = 3
WEB_THREADS = 8
# Ctrl-C to prompt, at most (seconds).
STOP_LIMIT = 10.0


class DataInUse(Exception):
    """Another demo works in this directory."""

    def __init__(self, *, directory: Path) -> None:
        super().__init__(str(directory))
        self.directory = directory


class PortInUse(Exception):
    """Another program listens on this port."""

    def __init__(self, *, port: int) -> None:
        super().__init__(str(port))
        self.port = port


class Part:
    """Something that runs until it is told to end."""

    def __init__(self, *, name: str, run: Callable[[], object], end: Callable[[], object]) -> None:
        self.name = name
        self._run = run
        self._end = end
        self._gone = threading.Event()

    def start(self, *, ended: threading.Event) -> None:
        """Run in a thread, and set `ended` when the run is over."""
        threading.Thread(
            target=self._run_and_tell, args=(ended,), name=self.name, daemon=True
        ).start()

    def end(self) -> None:
        """Ask for the end without waiting for it: a worker waits for its running tasks."""
        threading.Thread(target=self._end, name=f"end of {self.name}", daemon=True).start()

    def is_gone(self, *, within: float) -> bool:
        """Wait up to `within` seconds and tell whether the run is over."""
        return self._gone.wait(max(within, 0))

    def _run_and_tell(self, ended: threading.Event) -> None:
        try:
            self._run()
        except Exception:
            log.exception("The %s failed.", self.name)
        finally:
            self._gone.set()
            ended.set()


def hold_directory(*, directory: Path) -> IO[str]:
    """Lock the data directory for this process; the lock ends with it, however it ends.

    Keep the returned file: the lock goes when it is closed.
    """
    file = (directory / "demo.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        file.close()
        raise DataInUse(directory=directory) from exc
    return file


def worker(*, app: Celery, name: str, queues: Sequence[str]) -> Part:
    """Make a worker of some queues.

    Each worker needs an application of its own: the choice of queues is kept on the application.
    """
    with warnings.catch_warnings():
        # In a container everybody is root; the demo listens on this machine alone.
        warnings.simplefilter("ignore", SecurityWarning)
        made = app.Worker(
            app=app,
            hostname=f"{name}@demo",
            queues=list(queues),
            pool_cls="threads",
            concurrency=POOL_THREADS,
            loglevel="WARNING",
            quiet=True,
            redirect_stdouts=False,
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
        )
    return Part(name=f"{name} worker", run=made.start, end=made.stop)


def scheduler(*, app: Celery) -> Part:
    """Make the scheduler of the periodic tasks."""
    made = beat.Service(app, max_interval=1, scheduler_cls=app.conf.beat_scheduler)
    return Part(name="scheduler", run=made.start, end=made.stop)


def web(*, application: Callable[..., Any], port: int) -> Part:
    """Make the web server. It listens at once and answers once it runs."""
    try:
        server = create_server(
            application,
            host=HOST,
            port=port,
            threads=WEB_THREADS,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortInUse(port=port) from exc
        raise

    def hang_up() -> None:
        # The server's loop runs as long as one browser keeps its connection open.
        for channel in list(server.active_channels.values()):
            channel.close_when_flushed = True
        server.close()

    def end() -> None:
        server.accepting = False
        server.task_dispatcher.shutdown(timeout=STOP_LIMIT)
        server.trigger.pull_trigger(hang_up)

    return Part(name="web server", run=server.run, end=end)


def stop_all(*, parts: Sequence[Part], limit: float) -> list[str]:
    """End the parts together; name those still busy after `limit` seconds."""
    deadline = time.monotonic() + limit
    for part in parts:
        part.end()
    return [p.name for p in parts if not p.is_gone(within=deadline - time.monotonic())]
