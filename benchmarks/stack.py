"""The stack that is measured: the one that the settings name, with a simulated carrier of its own.

With REDIS_URL, a web server and a worker with four children run as processes, as in production;
without, web server, workers and scheduler are threads of this process, as in the demo. The carrier
is always a process of its own, with books in a directory that goes with it. Nothing here is
measured; what was started is stopped.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from messaging import pool
from messaging.carrier.http import HttpCarrier
from smsmanager import celery, embedded
from smsmanager.wsgi import application

WORKERS = 4
START_LIMIT = 60.0
STOP_LIMIT = 30.0
QUEUES = ",".join((*celery.QUICK_QUEUES, *celery.SLOW_QUEUES))


class NotReady(Exception):
    """A part of the stack did not start in time."""


class OthersAtWork(Exception):
    """Workers of somebody else serve the same queues: they would share the work, and the error."""


def describe() -> str:
    """Say in a few words who does the work."""
    if settings.EMBEDDED:
        return f"threads of one process ({embedded.POOL_THREADS} of each of 2 workers, in memory)"
    return f"celery worker with {WORKERS} processes, gunicorn, Redis"


@contextmanager
def running(*, directory: Path) -> Iterator[Path]:
    """Run the stack; gives the carrier's books."""
    carrier, web = (f"http://{embedded.HOST}:{_free_port()}" for _part in range(2))
    books = directory / "books.sqlite3"
    environment = os.environ | {
        "CARRIER_URL": carrier,
        "CARRIER_DELAYS": "0",
        "CARRIER_TOKEN": settings.CARRIER_TOKEN,
        "CARRIER_DOOR_SECRET": settings.CARRIER_DOOR_SECRET,
    }
    _refuse_company()
    with ExitStack() as stack:
        stack.enter_context(
            _process(
                "manage.py", "carrier", f"--port={_port(carrier)}", f"--books={books}",
                f"--door={web}/carrier/receipts/",
                f"--reply-door={web}/carrier/replies/",
                name="carrier", directory=directory, environment=environment,
            )
        )  # fmt: skip
        _wait(lambda: _answers(f"{carrier}/healthz"), what="the carrier")
        # Workers ask once a minute, which is later than a short benchmark lasts.
        asked = HttpCarrier(url=carrier, token=settings.CARRIER_TOKEN)
        pool.refresh(carrier=asked, now=timezone.now())
        if settings.EMBEDDED:
            stack.enter_context(_threads(carrier=carrier, port=_port(web)))
        else:
            _start_processes(stack, web=web, directory=directory, environment=environment)
        _wait(lambda: _answers(f"{web}/healthz"), what="the web server")
        yield books


def peak_rss_mb(*, except_command: str) -> float:
    """Give the most memory that one process of ours ever held, in MB; the carrier is not ours."""
    peaks = []
    for pid in _family(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:  # it ended meanwhile
            continue
        high = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        if high and except_command not in command.split("\0"):
            peaks.append(int(high[0].split()[1]) / 1024)
    return max(peaks)


def _start_processes(
    stack: ExitStack, *, web: str, directory: Path, environment: dict[str, str]
) -> None:
    stack.enter_context(
        _process(
            "-m", "gunicorn", "smsmanager.wsgi", "--config=python:smsmanager.webserver",
            f"--bind={embedded.HOST}:{_port(web)}", "--workers=1", "--threads=4",
            name="web", directory=directory, environment=environment,
        )
    )  # fmt: skip
    stack.enter_context(
        _process(
            "-m", "celery", "-A", "smsmanager", "worker", "-B", "-s", str(directory / "beat"),
            "-Q", QUEUES, "-c", str(WORKERS), "-n", "benchmark@%h", "-l", "WARNING",
            name="worker", directory=directory, environment=environment,
        )
    )  # fmt: skip
    _wait(lambda: bool(celery.app.control.ping(timeout=1)), what="the worker")


@contextmanager
def _threads(*, carrier: str, port: int) -> Iterator[None]:
    before, settings.CARRIER_URL = settings.CARRIER_URL, carrier
    with embedded.hold_directory(directory=settings.DATA_DIR):
        parts = [
            embedded.web(application=application, port=port),
            embedded.worker(app=celery.slow, name="slow", queues=celery.SLOW_QUEUES),
            embedded.worker(app=celery.app, name="quick", queues=celery.QUICK_QUEUES),
            embedded.scheduler(app=celery.app),
        ]
        ended = threading.Event()
        for part in parts:
            part.start(ended=ended)
        try:
            yield
        finally:
            embedded.stop_all(parts=parts[1:], limit=embedded.STOP_LIMIT)
            embedded.stop_all(parts=parts[:1], limit=embedded.STOP_LIMIT)
            settings.CARRIER_URL = before


@contextmanager
def _process(
    *arguments: str, name: str, directory: Path, environment: dict[str, str]
) -> Iterator[None]:
    with (directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=log,
            stderr=log,
            # A group of its own: a scheduler that outlived its worker would ring for ever.
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _refuse_company() -> None:
    if not settings.EMBEDDED and celery.app.control.ping(timeout=1):
        raise OthersAtWork


def _free_port() -> int:
    with socket.create_server((embedded.HOST, 0)) as server:
        return int(server.getsockname()[1])


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own address)
            return True
    except OSError:
        return False


def _wait(condition: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise NotReady(what)
        time.sleep(0.1)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _family(int(child))
