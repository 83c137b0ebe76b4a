"""Virtual numbers: mobile numbers that one account has for a term, and sends from.

Staff assign them. A sender of this kind is valid until its term ends, its leases are open as long,
and the number goes to another account only when nothing of it is held for anybody any more.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import retrying, trail
from accounts.models import SmsAccount, User
from accounts.phones import InvalidNumber, parse
from senders import bulk, kinds
from senders.models import (
    Lease,
    LeaseKind,
    Sender,
    SenderKind,
    SenderState,
    SenderValidity,
)

RUNNING = (SenderState.ENABLED, SenderState.DISABLED)


class NotAssignable(Exception):
    """A virtual number cannot be assigned like this; each subclass is one fact."""


class NotInFrance(NotAssignable):
    """The customer is not established in France."""


class NotMetropolitan(NotAssignable):
    """The number is no mobile number of metropolitan France."""


class TermOver(NotAssignable):
    """The end of the term has passed."""


class NumberTaken(NotAssignable):
    """An account has this number, perhaps the same one."""


class NumberHeld(NotAssignable):
    """Answers to the account that had the number may still come."""


class NotRunning(NotAssignable):
    """The term is over, or staff withdrew the number: it can only be assigned anew."""


def check(*, account: SmsAccount, number: str, until: datetime, now: datetime) -> None:
    """Tell, by raising a NotAssignable, why a number cannot be assigned like this."""
    if SenderKind.VIRTUAL not in kinds.offered_to(account.customer):
        raise NotInFrance
    try:
        phone = parse(number)
    except InvalidNumber as exc:
        raise NotMetropolitan from exc
    if phone.e164 != number or not phone.is_metropolitan_mobile:
        raise NotMetropolitan
    if until <= now:
        raise TermOver
    if _running(name=number, term_ends_at__gt=now).exists():
        raise NumberTaken
    if Lease.objects.filter(number=number, is_held=True).exclude(account=account).exists():
        raise NumberHeld


@retrying.on_deadlock
def assign(*, account: SmsAccount, number: str, until: datetime, by: User, now: datetime) -> Sender:
    """Give a number, in E.164, to an account until a moment. Raises a NotAssignable."""
    check(account=account, number=number, until=until, now=now)
    end_terms(now=now)
    try:
        with transaction.atomic():
            sender = _take_up(account=account, number=number, until=until)
            SenderValidity.objects.create(sender=sender, since=now, until=until)
            _record("sender.assigned", sender=sender, by=by, now=now, until=until)
            return sender
    except IntegrityError as exc:
        raise NumberTaken from exc


@retrying.on_deadlock
def move_end(*, sender: Sender, until: datetime, by: User, now: datetime) -> None:
    """Let the term of a number end at another moment to come. Raises TermOver, NotRunning."""
    if until <= now:
        raise TermOver
    with transaction.atomic():
        found = _running(pk=sender.pk, term_ends_at__gt=now).select_for_update(no_key=True).first()
        if found is None:
            raise NotRunning
        SenderValidity.objects.filter(sender=sender, until=found.term_ends_at).update(until=until)
        Sender.objects.filter(pk=sender.pk).update(term_ends_at=until)
        end_leases(sender=found, at=until)
        _record("sender.prolonged", sender=found, by=by, now=now, until=until)
    sender.refresh_from_db()


def end_leases(*, sender: Sender, at: datetime) -> None:
    """Let the open leases of a number be over at a moment. Part of the caller's transaction."""
    Lease.objects.filter(
        number=sender.name, account=sender.account_id, is_held=True, is_open=True
    ).update(expires_at=at)


def end_terms(*, now: datetime) -> None:
    """Mark the numbers whose term is over; their validity ended by itself."""
    for pk in list(_running(term_ends_at__lte=now).values_list("pk", flat=True)):
        with transaction.atomic():
            if _running(pk=pk, term_ends_at__lte=now).update(state=SenderState.ENDED):
                sender = Sender.objects.select_related("account").get(pk=pk)
                _record("sender.ended", sender=sender, by=None, now=now, until=None)


def lend(*, sender: Sender, phones: Collection[str], now: datetime) -> dict[str, str]:
    """Lend the number to each phone, outside of any transaction; harmless to repeat.

    A phone that is not in the result cannot have it: an answer from there is still awaited by the
    account that had the number before.
    """
    wanted = sorted(set(phones))
    # Asked anew: staff may have moved it.
    until = Sender.objects.values_list("term_ends_at", flat=True).get(pk=sender.pk) or now
    opened = bulk.reopen(
        account_id=sender.account_id, number=sender.name, phones=wanted, until=until
    )
    taken = bulk.take(
        account_id=sender.account_id,
        kind=LeaseKind.VIRTUAL,
        drawn={phone: sender.name for phone in wanted if phone not in opened},
        opened_at=now,
        expires_at=until,
    )
    return dict.fromkeys(opened, sender.name) | taken


def _take_up(*, account: SmsAccount, number: str, until: datetime) -> Sender:
    """Make the sender, or let the one of an earlier term of the account begin again."""
    mine = Sender.objects.filter(account=account, name=number, kind=SenderKind.VIRTUAL)
    if mine.exclude(state__in=RUNNING).update(state=SenderState.ENABLED, term_ends_at=until):
        return mine.get()
    return Sender.objects.create(
        account=account,
        kind=SenderKind.VIRTUAL,
        name=number,
        state=SenderState.ENABLED,
        term_ends_at=until,
    )


def _running(**more: Any) -> QuerySet[Sender]:
    return Sender.objects.filter(kind=SenderKind.VIRTUAL, state__in=RUNNING, **more)


def _record(
    event: str, *, sender: Sender, by: User | None, now: datetime, until: datetime | None
) -> None:
    trail.record(
        event=event,
        subject=f"sender:{sender.pk}",
        actor=by,
        account=sender.account,
        now=now,
        **({"until": until.isoformat()} if until else {}),
    )
