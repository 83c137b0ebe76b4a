"""What workers do for replies: read the clock, make one domain call. The rules are elsewhere.

Every task may run twice, and twice at once. None carries a number or a text.
"""

from celery import shared_task
from django.utils import timezone

from replies import charging, inbound

# Groups judged by one task before it makes room for others.
GROUPS_AT_ONCE = 20


@shared_task
def apply_replies() -> None:
    """Judge what the inbox holds."""
    for _group in range(GROUPS_AT_ONCE):
        if inbound.apply_group(now=timezone.now()) < inbound.GROUP:
            return


@shared_task
def open_replies() -> None:
    """Open what was locked, where there is credit by now."""
    charging.open_affordable(now=timezone.now())
