"""A platform in the middle of its day, for the audit: one of everything, through the real doors.

Each campaign stands at another point of its life, so that every check has rows to look at.
`lifted` lets a test plant what the database itself would refuse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import SmsAccount, User
from messaging import campaigns, claims, delivery, receipts, revisions
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Ending, Terms
from messaging.models import OptOutCause, Revision
from messaging.recipients import optout
from replies.models import Reply
from senders import filing, review
from senders.models import Sender, SenderRequest
from tests import answers, factories, papers, scenes

BELGIAN = "+32470123456"
OPTED_OUT = "+33612300001"
REPLYING = tuple(f"+3361239990{n}" for n in range(5))
TABLES = (
    "accounts_smsaccount",
    "accounts_creditentry",
    "accounts_trailentry",
    "messaging_revision",
    "messaging_batchcounter",
    "replies_reply",
    "senders_decision",
    "senders_sender",
    "senders_senderdocument",
)
INDEXES = ("lease_held_once", "lease_open_once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The campaigns of an account, by what became of them; `rival` is another tenant's.

    And what was replied to it; the locked one to an account without credit.
    """

    now: datetime
    sent: Revision
    held_back: Revision
    stopped: Revision
    leaving: Revision
    planned: Revision
    changed: Revision
    quoted: Revision
    outdated: Revision
    short: Revision
    virtual: Revision
    rival: Revision
    answered: Reply
    locked: Reply
    stop: Reply
    late: Reply
    early: Reply
    waiting: Sender
    refused: Sender


def day(*, now: datetime) -> Day:
    """Let a day go by on two accounts of a new database."""
    factories.make_tariff()
    by = factories.make_user("alice")
    account, rival = (
        factories.make_account(factories.make_customer(name=name), credits=1_000)
        for name in ("Boulangerie Martin", "Mallory & Co")
    )
    terms = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)
    carrier = InProcessCarrier(
        books=":memory:", terms=terms, honours_references=True, clock=lambda: now
    )
    sender = factories.make_sender(account, now=now)
    abroad = (*scenes.numbers(1), BELGIAN)
    made = Day(
        now=now,
        sent=_sent(account, by, sender, carrier, now=now),
        held_back=_held_back(account, by, sender, now=now),
        stopped=_stopped(account, by, sender, carrier, now=now),
        leaving=_leaving(account, by, sender, now=now),
        planned=_planned(account, by, sender, now=now),
        changed=_changed(account, by, sender, now=now),
        quoted=scenes.compose(
            account, by, sender, now=now, numbers=(*abroad, *abroad, "12", OPTED_OUT)
        ),
        outdated=scenes.compose(account, by, sender, now=now, numbers=abroad),
        short=_short(account, by, carrier, now=now),
        virtual=_virtual(account, by, carrier, now=now),
        rival=scenes.confirmed(
            rival, by, factories.make_sender(rival, now=now), now=now, is_commercial=True
        ),
        **_replies(account, now=now),
        **_senders(account, by, now=now),
    )
    revisions.renew(revision=made.outdated, by=by, now=now)
    scenes.hand_over_all(made.rival, carrier, now=now)
    stranger = scenes.receipt(made.sent, 99, now=now)
    scenes.receive([*carrier.take_receipts(), stranger], now=now)
    receipts.store(carrier="simulated", receipts=[stranger], now=now)
    carrier.close()
    return made


def _sent(
    account: SmsAccount, by: User, sender: Sender, carrier: InProcessCarrier, *, now: datetime
) -> Revision:
    """Two batches; one message skipped, one refused, one not billed."""
    endings = (Ending.REFUSED, Ending.REJECTED_NOT_BILLED)
    phones = (scenes.PHONE, OPTED_OUT, *map(scenes.phone_ending, endings), BELGIAN)
    made = scenes.confirmed(account, by, sender, now=now, numbers=phones, is_commercial=True)
    optout.add(account=account, phone=OPTED_OUT, cause=OptOutCause.STOP, now=now)
    scenes.hand_over_all(made, carrier, now=now)
    return made


def _short(account: SmsAccount, by: User, carrier: InProcessCarrier, *, now: datetime) -> Revision:
    """From short numbers; none was free for one of the phones."""
    first, second, third = scenes.numbers(5)[2:]
    made = scenes.confirmed(
        account, by, factories.short_sender(account), now=now, numbers=(first, second, third)
    )
    (number,) = factories.make_pool(1, now=now)
    factories.make_lease(account, number=number, phone=third, now=now)
    scenes.hand_over_all(made, carrier, now=now)
    return made


def _virtual(
    account: SmsAccount, by: User, carrier: InProcessCarrier, *, now: datetime
) -> Revision:
    """From a virtual number that another account had before."""
    before = now - timedelta(days=90)
    neighbour = factories.make_account(factories.make_customer(name="Boucherie Durand"))
    factories.make_virtual(neighbour, until=before + timedelta(days=1), now=before)
    sender = factories.make_virtual(account, now=now)
    made = scenes.confirmed(account, by, sender, now=now, numbers=scenes.numbers(5)[2:])
    scenes.hand_over_all(made, carrier, now=now)
    return made


def _held_back(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Cancelled before it left."""
    later = now + timedelta(hours=1)
    made = scenes.confirmed(account, by, sender, now=now, numbers=scenes.numbers(1), due_at=later)
    return campaigns.cancel(revision=made, by=by, now=now)


def _stopped(
    account: SmsAccount, by: User, sender: Sender, carrier: InProcessCarrier, *, now: datetime
) -> Revision:
    """Cancelled when one of two hand-overs had gone."""
    phones = (scenes.PHONE, BELGIAN)
    made = scenes.confirmed(account, by, sender, now=now, numbers=phones, is_commercial=True)
    first, _second = scenes.leave_all(made, now=now)
    delivery.hand_over(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(now))
    return campaigns.cancel(revision=made, by=by, now=now + timedelta(seconds=5))


def _leaving(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """One hand-over with the carrier, one that waits."""
    phones = (scenes.PHONE, BELGIAN)
    made = scenes.confirmed(account, by, sender, now=now, numbers=phones, is_commercial=True)
    first, _second = scenes.leave_all(made, now=now)
    assert claims.claim(hand_over_id=first.pk, clock=scenes.at(now))
    return made


def _planned(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Two batches that wait for tomorrow."""
    phones, tomorrow = (*scenes.numbers(1), BELGIAN), now + timedelta(days=1)
    return scenes.confirmed(
        account, by, sender, now=now, numbers=phones, is_commercial=True, due_at=tomorrow
    )


def _replies(account: SmsAccount, *, now: datetime) -> dict[str, Any]:
    """One of each: read, locked, a STOP, one that came too late, one that waits."""
    poor = factories.make_account(factories.make_customer(name="Sans le sou"))
    before = now - timedelta(hours=60)
    leases = {
        name: answers.lend(owner, at=opened, phone=phone, accepted_at=accepted_at)
        for name, owner, phone, opened, accepted_at in (
            ("answered", account, REPLYING[0], before, now),
            ("locked", poor, REPLYING[1], before, now),
            ("stop", account, REPLYING[2], before, now),
            ("late", account, REPLYING[3], before, before),
            ("early", account, REPLYING[4], now, None),
        )
    }
    answers.close(leases["late"], at=now - timedelta(hours=12))
    told = [
        answers.reply(at=now, phone=lease.phone, text="STOP" if name == "stop" else "x" * 161)
        for name, lease in leases.items()
    ]
    return dict(zip(leases, answers.receive(told, now=now), strict=True))


def _senders(account: SmsAccount, by: User, *, now: datetime) -> dict[str, Any]:
    """One that waits and one that was refused, with documents; one taken back, one removed."""
    waiting, refused, taken_back = (
        review.request(account=account, name=name, description="", by=by, now=now)
        for name in ("FOURNIL", "Le Pain", "Ancien")
    )
    for sender in (waiting, refused):
        request = SenderRequest.objects.get(sender=sender)
        with filing.stored([papers.paper()]) as written:
            filing.attach(request=request, written=written, now=now)
    review.refuse(sender=refused, by=by, reason="A letter is missing.", now=now)
    for sender in (taken_back, factories.make_sender(account, name="Vieux", now=now)):
        review.remove(sender=sender, by=by, clock=lambda: now)
    return {"waiting": waiting, "refused": refused}


def _changed(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Replaced before it left; gives the new revision."""
    later = now + timedelta(hours=2)
    old = scenes.confirmed(account, by, sender, now=now, numbers=scenes.numbers(1), due_at=later)
    return scenes.compose(
        account, by, sender, now=now, due_at=later, replaces=old.campaign, standing=old.number
    )


@contextmanager
def lifted() -> Iterator[None]:
    """Let the database accept what it is there to refuse; the transaction puts all back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What waits for the end of the transaction would keep the tables from being altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for index in INDEXES:
            cursor.execute(f"DROP INDEX {index}")
        if connection.vendor != "postgresql":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            try:
                yield
            finally:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")
            return
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        yield
