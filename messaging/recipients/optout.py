"""Opt-outs: phones that must not get an account's messages.

They block commercial messages always, and all others unless the account lets those through. They
are looked at when a quote is made and again at each hand-over.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Max

from accounts import retrying
from accounts.models import SmsAccount
from messaging.models import OptOut, OptOutCause


@retrying.on_deadlock
def add(*, account: SmsAccount, phone: str, cause: OptOutCause, now: datetime) -> bool:
    """Opt a phone out; false when it was already."""
    try:
        with transaction.atomic():
            OptOut.objects.create(account=account, phone=phone, cause=cause, since=now)
    except IntegrityError:
        return False
    return True


def blocks(*, account: SmsAccount, is_commercial: bool) -> bool:
    """Tell whether opt-outs count for such a message of this account."""
    return is_commercial or not account.opted_out_get_transactional


def has_any(*, account_id: int) -> bool:
    """Tell whether anybody opted out of this account; most accounts have nobody."""
    return OptOut.objects.filter(account_id=account_id).exists()


def opted_out(*, account_id: int, phones: Sequence[str]) -> set[str]:
    """Give those of the phones that opted out of this account; up to 5,000 at once."""
    # Sending thousands of numbers along is what costs.
    if not has_any(account_id=account_id):
        return set()
    found = OptOut.objects.filter(account_id=account_id, phone__in=phones)
    return set(found.values_list("phone", flat=True))


def mark(*, account_id: int) -> str:
    """Give a short text that changes when somebody joins or leaves the account's opt-outs."""
    state = OptOut.objects.filter(account_id=account_id).aggregate(n=Count("id"), last=Max("id"))
    return f"{state['n']}:{state['last'] or 0}"
