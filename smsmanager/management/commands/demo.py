"""`manage.py demo`: the whole platform in one process, on this machine alone.

Panel, two workers, scheduler and simulated carrier, on SQLite and a broker in memory. One demo at
a time works in a data directory. Nothing is lost when it is killed: work is rows, and the next
start takes up what was in flight.
"""

import os
import signal
import threading
from datetime import timedelta
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from messaging import pool, recovery, tasks
from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.program import Settings as CarrierSettings
from messaging.carrier.simulator.program import Simulator, utc_now
from smsmanager import celery, embedded, memory, seed
from smsmanager.wsgi import application


class Command(BaseCommand):
    """Starts all parts, waits, stops all parts."""

    help = "Run the panel, its workers and a simulated carrier in one process."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until a signal comes or a part ends by itself, and leave no thread behind."""
        if settings.REDIS_URL or not settings.DEMO:
            raise CommandError(
                "The demo keeps its queues in its own memory: unset REDIS_URL and MODE, or start "
                "the panel, the workers and the scheduler each by itself."
            )
        asked, ended = threading.Event(), threading.Event()
        _listen(asked=asked, ended=ended)
        try:
            lock = embedded.hold_directory(directory=settings.DATA_DIR)
            web = embedded.web(application=application, port=settings.PORT)
        except embedded.DataInUse as exc:
            raise CommandError(f"Another demo runs in {exc.directory}: stop it first.") from exc
        except embedded.PortInUse as exc:
            raise CommandError(
                f"Port {exc.port} is in use: stop what listens there, or choose another one with "
                f"PORT={exc.port + 1}."
            ) from exc
        with lock:
            failed = self._run(web=web, asked=asked, ended=ended)
        # The interpreter would wait for the threads of pools, however long they take.
        os._exit(1 if failed else 0)

    def _run(self, *, web: embedded.Part, asked: threading.Event, ended: threading.Event) -> bool:
        """Run all parts; tell whether one ended by itself."""
        seeded = _prepare()
        servers = [web] if settings.CARRIER_URL else [web, _carrier()]
        workers = [
            embedded.worker(app=celery.slow, name="slow", queues=celery.SLOW_QUEUES),
            embedded.worker(app=celery.app, name="quick", queues=celery.QUICK_QUEUES),
            embedded.scheduler(app=celery.app),
        ]
        pool.refresh(carrier=tasks.carrier(), now=timezone.now())
        try:
            for part in (*servers, *workers):
                part.start(ended=ended)
            self._greet(seeded)
            memory.settle()
            ended.wait()
            if not asked.is_set():
                gone = [p.name for p in (*servers, *workers) if p.is_gone(within=0)]
                self.stderr.write(f"Ended by itself, so all stops: {', '.join(gone)}")
        finally:
            # Those who ask others first, then those who answer.
            busy = embedded.stop_all(parts=workers, limit=embedded.STOP_LIMIT - 2)
            busy += embedded.stop_all(parts=servers, limit=2)
        if busy:
            self.stdout.write(f"Still busy, taken up at the next start: {', '.join(busy)}")
        return not asked.is_set()

    def _greet(self, seeded: seed.SeedResult) -> None:
        self.stdout.write(f"The panel: http://{embedded.HOST}:{settings.PORT}/ (Ctrl-C stops it)")
        self.stdout.write(f"Sign in with the password {seeded.password} as")
        for email, role in seeded.logins.items():
            self.stdout.write(f"  {email:24} {role}")
        self.stdout.flush()


def _prepare() -> seed.SeedResult:
    """Bring the database up to date and take up what a killed demo left."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    try:
        seeded = seed.seed_demo(now=now)
    except seed.ForeignDatabase as exc:
        raise CommandError(
            f"The database in {settings.DATA_DIR} is not a demo's: name another directory with "
            "DATA_DIR."
        ) from exc
    # Nobody else works here, so whoever held a lease is dead.
    recovery.take_over_leases(now=now)
    return seeded


def _carrier() -> embedded.Part:
    """Start the simulated carrier on a free port and make it the platform's carrier."""
    shortest, longest = settings.CARRIER_DELAYS
    simulator = Simulator(
        settings=CarrierSettings(
            books=settings.CARRIER_BOOKS,
            door=f"http://{embedded.HOST}:{settings.PORT}/carrier/receipts/",
            reply_door=f"http://{embedded.HOST}:{settings.PORT}/carrier/replies/",
            door_secret=settings.CARRIER_DOOR_SECRET,
            token=settings.CARRIER_TOKEN,
            terms=Terms(
                seed=settings.CARRIER_SEED,
                shortest=timedelta(seconds=shortest),
                longest=timedelta(seconds=longest),
                failures_percent=0,
            ),
            honours_references=True,
        ),
        clock=utc_now,
    )
    settings.CARRIER_URL = simulator.start(host=embedded.HOST, port=0)
    return embedded.Part(name="simulated carrier", run=simulator.wait, end=simulator.stop)


def _listen(*, asked: threading.Event, ended: threading.Event) -> None:
    """Stop at the first signal, leave at once at the second."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            os._exit(128 + number)
        asked.set()
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
