"""Credits that staff give to an account, with a reason that its owner can read.

The token of the form names the gift in the ledger: posted twice, it is booked once.
"""

import uuid
from datetime import datetime

from django.db import transaction

from accounts import ledger, retrying, trail
from accounts.credits import HUNDREDTHS
from accounts.models import CreditEntry, EntryKind, SmsAccount, User

# Beyond this a slip of the finger is likelier than generosity.
LARGEST_HUNDREDTHS = 10_000_000 * HUNDREDTHS


class ReasonMissing(Exception):
    """A gift needs a reason."""


class AmountOutOfRange(Exception):
    """The gift is nothing, or more than may be given at once."""


@retrying.on_deadlock
def give(
    *,
    account: SmsAccount,
    amount_hundredths: int,
    by: User,
    reason: str,
    token: uuid.UUID,
    now: datetime,
) -> CreditEntry:
    """Book a gift. Raises ReasonMissing, AmountOutOfRange or ledger.AlreadyBooked."""
    _check(amount_hundredths=amount_hundredths, reason=reason)
    with transaction.atomic():
        entry = ledger.credit(
            account_id=account.pk,
            amount_hundredths=amount_hundredths,
            kind=EntryKind.GIFT,
            reference=f"gift:{token}",
            actor=by,
            now=now,
            reason=reason.strip(),
        )
        trail.record(
            event="credits.given",
            subject=f"account:{account.name}",
            actor=by,
            account=account,
            now=now,
            entry=entry.pk,
            amount_hundredths=amount_hundredths,
        )
        return entry


def _check(*, amount_hundredths: int, reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing
    if not 0 < amount_hundredths <= LARGEST_HUNDREDTHS:
        raise AmountOutOfRange
