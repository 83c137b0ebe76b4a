"""Opt-outs: phones that must not get an account's messages.

They block commercial messages always, and all others unless the account lets those through. They
are looked at when a quote is made and again at each hand-over. Each is an interval, closed when
somebody with the right removes it; the trail says who, with the number masked.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet
from django.db.models.functions import Greatest

from accounts import intervals, phones, retrying, trail
from accounts.intervals import Interval
from accounts.models import SmsAccount, User
from messaging.models import HandOver, Message, OptOut, OptOutCause, Status


class NotOptedOut(Exception):
    """The phone is not on the list, or no longer."""


@retrying.on_deadlock
def add(
    *,
    account: SmsAccount,
    phone: str,
    cause: OptOutCause,
    now: datetime,
    by: User | None = None,
) -> bool:
    """Opt a phone out, by a person or else by the platform; false when it was already."""
    try:
        with transaction.atomic():
            opt_out = OptOut.objects.create(account=account, phone=phone, cause=cause, since=now)
            _record("opt_out.added", opt_out, by=by, now=now)
    except IntegrityError:
        return False
    return True


@retrying.on_deadlock
def remove(*, account: SmsAccount, phone: str, by: User, now: datetime) -> None:
    """Let a phone get the account's messages again. Raises NotOptedOut."""
    with transaction.atomic():
        found = listed(account_id=account.pk, phone=phone).first()
        # Another machine's clock may be behind: an interval never ends before it began.
        if found is None or not OptOut.objects.filter(pk=found.pk, until__isnull=True).update(
            until=Greatest(F("since"), now)
        ):
            raise NotOptedOut
        _record("opt_out.removed", found, by=by, now=now)


def listed(*, account_id: int, phone: str | None) -> QuerySet[OptOut]:
    """Give the opt-outs of an account that hold now: all, or that of one phone."""
    found = OptOut.objects.filter(account_id=account_id, until__isnull=True)
    return found if phone is None else found.filter(phone=phone)


def blocks(*, account: SmsAccount, is_commercial: bool) -> bool:
    """Tell whether opt-outs count for such a message of this account."""
    return is_commercial or not account.opted_out_get_transactional


def opted_out(*, account_id: int, phones: Sequence[str]) -> set[str]:
    """Give those of the phones that opted out of this account; up to 5,000 at once."""
    # Sending thousands of numbers along is what costs, and most accounts have nobody.
    if not intervals.is_open(Interval(OptOut, "account_id", account_id)):
        return set()
    found = listed(account_id=account_id, phone=None).filter(phone__in=phones)
    return set(found.values_list("phone", flat=True))


def mark(*, account_id: int) -> str:
    """Give a short text that changes when somebody joins or leaves the account's opt-outs."""
    ours = listed(account_id=account_id, phone=None)
    state = ours.aggregate(n=Count("id"), last=Max("id"))
    return f"{state['n']}:{state['last'] or 0}"


def clause_senders(*, phone: str, since: datetime) -> list[tuple[int, str]]:
    """Give account and sender's name of each message with the STOP clause handed to a phone since.

    Through the index of recipients: a phone has as many rows as it got messages.
    """
    claims = HandOver.objects.filter(
        batch=OuterRef("batch_id"),
        first_message_id__lte=OuterRef("pk"),
        last_message_id__gte=OuterRef("pk"),
        claimed_at__gte=since,
    )
    sent = (
        Message.objects.filter(Exists(claims), recipient=phone)
        .exclude(status__gte=Status.SKIPPED)
        .exclude(batch__revision__clause="")
    )
    names = sent.values_list("batch__account_id", "batch__revision__sender__name")
    return sorted(set(names))


def _record(event: str, opt_out: OptOut, *, by: User | None, now: datetime) -> None:
    trail.record(
        event=event,
        subject=f"opt-out:{opt_out.pk}",
        actor=by,
        account=opt_out.account,
        now=now,
        number=phones.mask(opt_out.phone),
        cause=opt_out.cause,
    )
