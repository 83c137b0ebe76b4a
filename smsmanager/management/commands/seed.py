"""Fill a new database: the demo's people and accounts, or the sample tariff alone."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from smsmanager import seed


class Command(BaseCommand):
    """Print who can sign in; running it again changes nothing."""

    help = "Make the demo's people and accounts; with --tariff-only just the sample tariff."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer the tariff alone, for production."""
        parser.add_argument(
            "--tariff-only",
            action="store_true",
            help="add the sample destinations that are missing, and nothing else",
        )

    def handle(self, *_args: Any, tariff_only: bool, **_options: Any) -> None:
        """Seed; the demo's public password stays out of production."""
        if tariff_only:
            self.stdout.write(f"{seed.load_tariff()} destinations added")
            return
        if not settings.DEMO:
            raise CommandError("The demo's password is public: use --tariff-only in production.")
        try:
            result = seed.seed_demo(now=timezone.now())
        except seed.ForeignDatabase as exc:
            raise CommandError("This database has users of its own: nothing was added.") from exc
        for email, role in result.logins.items():
            self.stdout.write(f"{email}  {result.password}  ({role})")
