"""Suspensions: while one lasts, an account hands nothing over.

Kept as intervals, so that the audit can ask for any past moment. An interval holds its beginning
and not its end, and is closed, never removed. At most one is open per account.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from accounts import intervals, retrying, trail
from accounts.intervals import Interval
from accounts.models import SmsAccount, Suspension, User


class AlreadySuspended(Exception):
    """A suspension of the account is open."""


class NotSuspended(Exception):
    """No suspension of the account is open."""


@retrying.on_deadlock
def suspend(
    *, account: SmsAccount, by: User, reason: str, clock: Callable[[], datetime]
) -> Suspension:
    """Let the account hand nothing over from now on. Raises AlreadySuspended.

    Hand-overs being claimed are waited for; the suspension begins after the last of them.
    """
    try:
        with transaction.atomic():
            SmsAccount.objects.select_for_update().get(pk=account.pk)
            now = clock()
            suspension = Suspension.objects.create(account=account, since=now, reason=reason)
            _record("account.suspended", account=account, by=by, now=now)
            return suspension
    except IntegrityError as exc:
        raise AlreadySuspended(account.name) from exc


def resume(*, account: SmsAccount, by: User, now: datetime) -> None:
    """End the open suspension. Raises NotSuspended."""
    with transaction.atomic():
        # Another machine's clock may be behind: an interval never ends before it began.
        if not Suspension.objects.filter(account=account, until__isnull=True).update(
            until=Greatest(F("since"), now)
        ):
            raise NotSuspended(account.name)
        _record("account.resumed", account=account, by=by, now=now)


def is_suspended(*, account_id: int, now: datetime) -> bool:
    """Tell whether the account hands nothing over at this moment."""
    [holds] = intervals.cover([interval(account_id=account_id)], at=now)
    return holds


def interval(*, account_id: int) -> Interval:
    """Give what holds while the account is suspended."""
    return Interval(Suspension, "account_id", account_id)


def _record(event: str, *, account: SmsAccount, by: User, now: datetime) -> None:
    trail.record(event=event, subject=f"account:{account.name}", actor=by, account=account, now=now)
