"""A small campaign through the real doors, from a process of its own.

    python -m tests.tiny_campaign plan 20 3     20 recipients, leaves in 3 seconds
    python -m tests.tiny_campaign outcome       {"DELIVERED": 20}

Works on whatever database the environment names; the demo's data must be there.
"""

import json
import os
import sys
import uuid
from collections import Counter
from datetime import timedelta

import django

from tests import processes

SENDER = "Martin"


def plan(recipients: int, seconds: int) -> None:
    """Compose and confirm as Alice; the last two digits stay clear of the carrier's cases."""
    from django.utils import timezone  # noqa: PLC0415 (Django is set up first)

    from accounts.models import User  # noqa: PLC0415 (Django is set up first)
    from messaging import campaigns, composing  # noqa: PLC0415 (Django is set up first)
    from messaging.models import RevisionState  # noqa: PLC0415 (Django is set up first)
    from senders.models import Sender  # noqa: PLC0415 (Django is set up first)

    sender = Sender.objects.select_related("account").get(name=SENDER)
    alice, now = User.objects.get(email="alice@example.com"), timezone.now()
    revision = composing.compose(
        account=sender.account,
        by=alice,
        draft=composing.Draft(
            key=uuid.uuid4(),
            sender=sender,
            numbers=tuple(f"+336120{n:03d}50" for n in range(recipients)),
            text="The bread is ready",
            is_commercial=False,
            message_class="standard",
            due_at=now + timedelta(seconds=seconds) if seconds else None,
            replaces=None,
        ),
        now=now,
    )

    def is_quoted() -> bool:
        revision.refresh_from_db()
        return revision.state != RevisionState.QUOTING

    processes.wait_for(is_quoted, seconds=30, what="a worker has quoted the campaign")
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )


def outcome() -> None:
    """Print how many messages have which status."""
    from messaging.models import Message, Status  # noqa: PLC0415 (Django is set up first)

    found = Message.objects.values_list("status", flat=True)
    counted = Counter(Status(status or 0).name for status in found)
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsmanager.settings")
    django.setup()
    match sys.argv[1:]:
        case ["plan", recipients, seconds]:
            plan(int(recipients), int(seconds))
        case ["outcome"]:
            outcome()
