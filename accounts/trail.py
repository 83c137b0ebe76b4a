"""The audit trail: who did what to which thing, and when.

Entries are written once, in the transaction of what they tell about, and stay. They outlive the
erasure of numbers and texts, so they hold ids, codes, counts and masked values: a value that
reads like a phone number is refused.
"""

import re
from datetime import datetime

from accounts.models import SmsAccount, TrailEntry, User

# A plus and at least 7 digits anywhere, or at least 9 digits on their own. Ids keep their digits
# behind a colon or inside a UUID.
_NUMBER = re.compile(r"\+(?:[ .()/-]*[0-9]){7}|(?<![\w:-])[0-9](?:[ .()/-]*[0-9]){8,}(?![\w:-])")


class NumberInTrail(ValueError):
    """A value reads like a full phone number; the message names the detail, not the value."""


def record(
    *,
    event: str,
    subject: str,
    actor: User | None,
    account: SmsAccount | None,
    now: datetime,
    **details: str | int | bool | None,
) -> TrailEntry:
    """Write that `actor` (none: the platform) did `event` to `subject`. Raises NumberInTrail."""
    for name, value in {"subject": subject, **details}.items():
        if isinstance(value, str) and holds_number(value):
            raise NumberInTrail(name)
    return TrailEntry.objects.create(
        at=now, actor=actor, account=account, event=event, subject=subject, details=details
    )


def holds_number(text: str) -> bool:
    """Tell whether a text contains what reads like a full phone number."""
    return _NUMBER.search(text) is not None
