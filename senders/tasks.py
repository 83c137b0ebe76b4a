"""What workers do for senders: read the clock, make one domain call. The rules are elsewhere."""

from celery import shared_task
from django.utils import timezone

from senders import filing, notices
from senders import upkeep as keeping


@shared_task
def upkeep() -> None:
    """End what has ended, and let go what has rested."""
    keeping.run(now=timezone.now())


@shared_task
def erase_documents() -> None:
    """Erase the documents whose time is over, and files that nothing names."""
    now = timezone.now()
    while filing.erase_due(now=now) == filing.GROUP:
        pass
    filing.sweep(now=now)


@shared_task
def send_notices() -> None:
    """Send the e-mails that are owed."""
    notices.send_owed(clock=timezone.now)
