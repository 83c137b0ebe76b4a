"""The verdict on a reply: in time, a STOP, refused for a reason, or not to be told yet.

Nothing is changed here. What is sent to the number of the STOP clause concerns every account that
sent the clause to the phone lately; anything else the lease of number and phone, held or open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts import phones
from messaging.recipients import optout
from replies import stopwords, window
from replies.models import Refusal, Reply
from replies.stopwords import Reading, Word
from senders.models import Lease, LeaseKind, Sender

# So long a STOP to the clause's number finds those who sent the clause.
MEMORY = timedelta(days=30)
# A reply whose message was not confirmed yet is looked at again after a pause that grows with its
# age, and kept so long in all.
PAUSE = timedelta(seconds=2)
PATIENCE = timedelta(hours=72)
# One that looks late waits so long for a further message that may be with the carrier.
PATIENCE_WHEN_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class InTime:
    """To be charged and shown."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The phone opts out of these accounts; under a lease, it is shown to the lease's."""

    lease: Lease | None
    accounts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing follows."""

    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The carrier's answer is not recorded yet: to be judged again later."""

    until: datetime


Verdict = InTime | Stopped | Refused | Wait


def judge(*, reply: Reply, lease: Lease | None, now: datetime) -> Verdict:
    """Judge a reply; the lease is the one held for its number and phone."""
    reading = stopwords.read(reply.text)
    if reply.number == settings.STOP_NUMBER:
        return _judge_at_stop_number(reply, reading)
    if lease is not None and _is_stop(reading, lease):
        return Stopped(lease=lease, accounts=(lease.account_id,))
    if not _is_metropolitan(reply.phone):
        return Refused(refusal=Refusal.NOT_METROPOLITAN)
    if lease is None:
        return Refused(refusal=_why_unknown(reply))
    return _judge_moment(reply, lease, now=now)


def closes_at(lease: Lease) -> datetime | None:
    """Tell until when replies under a lease are in time; None: nothing was accepted yet."""
    if lease.accepted_at is None:
        return None
    if lease.kind == LeaseKind.VIRTUAL:
        return lease.expires_at
    return window.closes_at(accepted_at=lease.accepted_at)


def _judge_at_stop_number(reply: Reply, reading: Reading) -> Verdict:
    """Nothing but STOP has anything to do here; a name that nobody bears means everybody."""
    if reading.word not in (Word.STOP, Word.STOP_OF):
        return Refused(refusal=Refusal.NO_STOP)
    senders = optout.clause_senders(phone=reply.phone, since=reply.received_at - MEMORY)
    named = {account for account, name in senders if reading.means(name)}
    accounts = named or {account for account, _name in senders}
    if not accounts:
        return Refused(refusal=Refusal.NO_SENDER)
    return Stopped(lease=None, accounts=tuple(sorted(accounts)))


def _is_stop(reading: Reading, lease: Lease) -> bool:
    if reading.word is not Word.STOP_OF:
        return reading.word is Word.STOP
    names = Sender.objects.filter(account_id=lease.account_id).values_list("name", flat=True)
    return stopwords.is_stop(reading, targets=[lease.number, settings.STOP_NUMBER, *names])


def _judge_moment(reply: Reply, lease: Lease, *, now: datetime) -> Verdict:
    first, end = lease.first_accepted_at, closes_at(lease)
    if first is None or end is None:
        return _wait(reply, patience=PATIENCE, otherwise=Refusal.UNCONFIRMED, now=now)
    if window.is_open(first_accepted_at=first, closes_at=end, received_at=reply.received_at):
        return InTime(lease=lease)
    if reply.received_at < first:
        return Refused(refusal=Refusal.EARLY)
    if lease.is_open and lease.expires_at >= reply.received_at:
        # Moved by a message that is handed over just now: its acceptance moves the end.
        return _wait(reply, patience=PATIENCE_WHEN_LATE, otherwise=Refusal.LATE, now=now)
    return Refused(refusal=Refusal.LATE)


def _wait(reply: Reply, *, patience: timedelta, otherwise: Refusal, now: datetime) -> Verdict:
    age = now - reply.stored_at
    if age > patience:
        return Refused(refusal=otherwise)
    return Wait(until=now + max(PAUSE, age / 10))


def _is_metropolitan(phone: str) -> bool:
    try:
        return phones.parse(phone).is_metropolitan_mobile
    except phones.InvalidNumber:
        return False


def _why_unknown(reply: Reply) -> Refusal:
    held = Lease.objects.filter(is_held=True)
    if held.filter(number=reply.number).exists():
        return Refusal.OTHER_PHONE
    # One query for each of the indexes that begin with the phone.
    of_phone = Lease.objects.filter(phone=reply.phone)
    if (
        of_phone.filter(is_open=True, kind=LeaseKind.SHORT).exists()
        or of_phone.filter(is_open=False, is_held=True).exists()
    ):
        return Refusal.OTHER_NUMBER
    return Refusal.UNKNOWN
