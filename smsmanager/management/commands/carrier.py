"""Run the simulated carrier as a program of its own, until SIGTERM or SIGINT."""

import os
import signal
import sqlite3
import threading
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.program import Settings, Simulator, utc_now
from messaging.carrier.simulator.script import BadScript, Rule
from messaging.carrier.simulator.scripted import read_file
from smsmanager import memory


class Command(BaseCommand):
    """The simulated carrier on its own; docs/carrier.md describes it."""

    help = "Run the simulated carrier: messages in over HTTP, receipts and replies pushed."
    # It has its own books and does not touch the platform's database.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say where to listen, where the books are and where receipts and replies go."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8100)
        parser.add_argument("--books", type=Path, default=settings.CARRIER_BOOKS)
        parser.add_argument("--door", required=True, help="the platform's address for receipts")
        parser.add_argument("--reply-door", default="", help="its address for replies")
        parser.add_argument(
            "--failures", type=int, default=0, help="percent of ordinary numbers that fail"
        )
        parser.add_argument(
            "--no-references",
            action="store_true",
            help="behave like a carrier that does not honour references",
        )
        parser.add_argument("--script", type=Path, help="a file that says how to misbehave")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to end; a second signal ends it at once."""
        rules = _rules(options["script"]) if options["script"] else []
        try:
            simulator = Simulator(settings=_settings(options), clock=utc_now)
        except sqlite3.Error as exc:
            raise CommandError(f"{options['books']}: {exc}") from exc
        simulator.follow(rules)
        try:
            address = simulator.start(host=options["host"], port=options["port"])
        except OSError as exc:
            raise CommandError(f"{options['host']}:{options['port']}: {exc.strerror}") from exc
        memory.settle()
        self.stdout.write(f"carrier on {address}, books in {options['books']}")
        self.stdout.flush()
        if _ended_by_signal(simulator):
            return
        raise CommandError("the carrier ended by itself")


def _rules(path: Path) -> list[Rule]:
    try:
        return read_file(path.read_text())
    except OSError as exc:
        raise CommandError(f"{path}: {exc.strerror}") from exc
    except BadScript as exc:
        raise CommandError(f"{path}: cannot be read at: {exc.place}") from exc


def _settings(options: dict[str, Any]) -> Settings:
    shortest, longest = settings.CARRIER_DELAYS
    return Settings(
        books=options["books"],
        door=options["door"],
        reply_door=options["reply_door"],
        door_secret=settings.CARRIER_DOOR_SECRET,
        token=settings.CARRIER_TOKEN,
        terms=Terms(
            seed=settings.CARRIER_SEED,
            shortest=timedelta(seconds=shortest),
            longest=timedelta(seconds=longest),
            failures_percent=options["failures"],
        ),
        honours_references=not options["no_references"],
    )


def _ended_by_signal(simulator: Simulator) -> bool:
    """Wait for the end; tell whether a signal asked for it."""
    asked = threading.Event()

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            os._exit(128 + number)
        asked.set()
        threading.Thread(target=simulator.stop, name="stop", daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    simulator.wait()
    simulator.stop()
    return asked.is_set()
