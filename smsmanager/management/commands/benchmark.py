"""The pipeline's rate, memory and page times beside the limits of the same machine, in one run."""

import json
import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from benchmarks import leases, limits, pages, pipeline, proof, replies, scene, stack
from benchmarks.pipeline import Times
from messaging import campaigns
from messaging.models import Message

Figures = dict[str, Any]
# Messages of another account that are sent first: enough for every process to get some.
WARM_UP = 5_000


class Command(BaseCommand):
    """The benchmark; docs/benchmark.md says what each figure means."""

    help = (
        "Send a personalised campaign to made-up numbers through a simulated carrier, on the "
        "database and broker of the settings, and compare it with what the database can do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how much, and how to tell."""
        parser.add_argument("--recipients", type=_count, default=10_000, metavar="N")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--keep", action="store_true", help="do not erase what was sent")
        parser.add_argument(
            "--history",
            type=_count,
            metavar="N",
            help="only time the pages of a history of N messages, made by SQL and taken away",
        )
        parser.add_argument("--short", action="store_true", help="send from the short number")
        parser.add_argument(
            "--leases",
            type=_count,
            metavar="N",
            help="only lend short numbers to N phones, by one process and by several at once",
        )
        parser.add_argument(
            "--replies",
            type=_count,
            metavar="N",
            help="only take in N replies, and time their pages",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Measure, print, and fail when something does not add up."""
        if not settings.DEMO:
            raise CommandError("It makes an account with credits: never where MODE=production.")
        call_command("migrate", verbosity=0)
        mistakes: list[str] = []
        if options["leases"]:
            figures = leases.measure(count=options["leases"]) | {"database": connection.vendor}
        elif options["history"]:
            figures = _time_history(options["history"], keep=options["keep"])
        elif options["replies"]:
            figures = _take_replies(options["replies"], keep=options["keep"])
        else:
            figures, mistakes = self._send(
                options["recipients"], is_short=options["short"], keep=options["keep"]
            )
        self._print(figures, as_json=options["json"])
        if mistakes:
            raise CommandError("What was sent does not add up. " + "; ".join(mistakes))

    def _send(self, count: int, *, is_short: bool, keep: bool) -> tuple[Figures, list[str]]:
        first, made = (scene.make(now=timezone.now(), is_short=is_short) for _scene in range(2))
        try:
            with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
                return _measured(first, made, count, directory=Path(directory))
        except stack.OthersAtWork as exc:
            raise CommandError("Stop the workers that serve this REDIS_URL first.") from exc
        except (stack.NotReady, pipeline.Stuck, campaigns.Refused) as exc:
            raise CommandError(f"It did not come to its end: {exc!r}") from exc
        finally:
            if not keep:
                for one in (first, made):
                    scene.erase(scene=one, now=timezone.now())
                _sweep_out()

    def _print(self, figures: Figures, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(figures, indent=2))
            return
        for name, value in figures.items():
            shown = f"{value:,.3f}" if isinstance(value, float) else value
            self.stdout.write(f"{name:26} {shown if isinstance(shown, str) else f'{shown:,}'}")


def _measured(
    first: scene.Scene, made: scene.Scene, count: int, *, directory: Path
) -> tuple[Figures, list[str]]:
    earlier = scene.compose(scene=first, count=WARM_UP, now=timezone.now())
    revision = scene.compose(scene=made, count=count, now=timezone.now())
    before = made.account.balance_hundredths
    with stack.running(directory=directory) as books:
        # What a process does once, at its first task, is not what is measured.
        pipeline.run(scene=first, revision=earlier)
        times = pipeline.run(scene=made, revision=revision)
        peak = stack.peak_rss_mb(except_command="carrier")
        mistakes = proof.mistakes(
            scene=made, revision=revision, before=before, count=count, books=books, earlier=earlier
        )
    copy, floor = limits.measure(revision=revision, directory=directory)
    figures = _rates(count, times, copy=copy, floor=floor) | {"peak_rss_mb": round(peak, 1)}
    return figures | pages.measure(made=made, revision=revision) | _surroundings(), mistakes


def _rates(count: int, times: Times, *, copy: float, floor: float) -> Figures:
    """Rows a second: of the whole way, of its stages, of the limits; and what part of a limit."""
    return {
        "recipients": count,
        "messages_per_second": count / times.whole,
        "fraction_of_copy": copy / times.whole,
        "fraction_of_floor": floor / times.whole,
        "load_per_second": count / times.quote,
        "hand_over_per_second": count / times.hand_over,
        "receipts_per_second": count / times.receipts,
        "copy_per_second": count / copy,
        "floor_per_second": count / floor,
        **{f"{name}_seconds": value for name, value in asdict(times).items()},
    }


def _time_history(count: int, *, keep: bool) -> Figures:
    made = scene.make(now=timezone.now())
    revision = pages.fill(made=made, count=count, now=timezone.now())
    try:
        figures = pages.measure(made=made, revision=revision)
        return {"history_rows": count} | figures | _surroundings()
    finally:
        if not keep:
            pages.clear(revision=revision)
            scene.erase(scene=made, now=timezone.now())


def _take_replies(count: int, *, keep: bool) -> Figures:
    made = scene.make(now=timezone.now())
    try:
        return replies.measure(made=made, count=count) | _surroundings()
    except replies.Lost as exc:
        raise CommandError(f"Replies do not add up: {exc}.") from exc
    finally:
        if not keep:
            replies.erase(made=made)
            scene.erase(scene=made, now=timezone.now())


def _sweep_out() -> None:
    """Take away what erased rows left in the table, or the next run is measured among it."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {Message._meta.db_table}")


def _surroundings() -> Figures:
    return {"database": connection.vendor, "workers": stack.describe()}


def _count(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or not 0 < int(raw) <= scene.MOST_ROWS:
        raise ArgumentTypeError(f"a number from 1 to {scene.MOST_ROWS}")
    return int(raw)
