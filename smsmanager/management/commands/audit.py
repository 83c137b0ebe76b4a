"""Prove that the books are right: every invariant of the platform, checked on its tables."""

import json
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from smsmanager.audit import proof, snapshot
from smsmanager.audit.check import Finding


class Command(BaseCommand):
    """Print one line per check; the exit code is 1 if one of them fails."""

    help = "Check balances, charges, messages, hand-overs and states. Reads only."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer output for machines, and what counts as late."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--overdue",
            type=_minutes,
            default=10,
            metavar="MINUTES",
            help="what is due for longer than this should have happened (default: 10)",
        )

    def handle(self, *_args: Any, overdue: int, **options: Any) -> None:
        """Run the checks on one moment of the database."""
        now = timezone.now()
        findings = []
        with snapshot.of_database() as connection:
            for finding in proof.run(
                connection=connection, now=now, overdue=timedelta(minutes=overdue)
            ):
                findings.append(finding)
                if not options["json"]:
                    self.stdout.write(in_words(finding))
        failed = sum(not f.ok for f in findings)
        if options["json"]:
            report = {
                "ok": not failed,
                "at": now.isoformat(),
                "overdue_minutes": overdue,
                "checks": [as_json(f) for f in findings],
            }
            self.stdout.write(json.dumps(report, indent=2))
        elif not failed:
            self.stdout.write(f"All {len(findings)} checks hold.")
        if failed:
            raise CommandError(f"{failed} of {len(findings)} checks failed.")


def in_words(finding: Finding) -> str:
    """Give the line of a check: its rows, and the ids of the first that break it."""
    line = f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name} (rows: {finding.rows})"
    if finding.ok:
        return line
    more = ", ..." if finding.violations > len(finding.first_ids) else ""
    ids = ", ".join(map(str, finding.first_ids))
    return f"{line}: {finding.violations} broken, by id of {finding.about}: {ids}{more}"


def as_json(finding: Finding) -> dict[str, object]:
    """Give a check as an object; `violations` are the ids of the first rows that break it."""
    return {
        "name": finding.name,
        "ok": finding.ok,
        "rows": finding.rows,
        "about": finding.about,
        "count": finding.violations,
        "violations": list(finding.first_ids),
        "seconds": round(finding.seconds, 3),
    }


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ArgumentTypeError("whole minutes, 0 or more")
    return int(text)
