"""What is measured: a new account with credits, and a personalised campaign of made-up rows.

Numbers are valid, different, spread over the ranges and never among those for which the simulated
carrier keeps a special ending. What was sent is erased afterwards the way the product forgets:
messages and sources go, ledger, revision and counters stay, and so does the account, which is
closed. An audit finds nothing wrong before or after.
"""

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import gifts, tariff
from accounts.models import Customer, Membership, Role, SmsAccount, User
from messaging import audience, revisions
from messaging.models import (
    Batch,
    Campaign,
    Message,
    RecipientSource,
    RefusedRow,
    Revision,
    SourceChunk,
    SourceKind,
)
from messaging.models.delivery import BATCH_SIZE
from replies.models import Reply
from senders import review, shortnumbers
from senders.models import Lease, Sender, SenderKind
from smsmanager import seed

# Of the last four digits, the 15 highest are endings of the simulated carrier.
ORDINARY = 9_985
MOST_ROWS = ORDINARY * 1_000
_STRIDE = 7_654_321

TEXT = "Bonjour #name#, votre commande #order# vous attend a #town# jusqu'a samedi. A bientot !"
NAMES = ("Ada", "Bruno", "Chloé", "Dominique", "Élodie", "François", "Inès", "Jean-Baptiste")
TOWNS = ("Lyon", "Paris 11e", "Saint-Étienne", "Lille", "Nantes", "Aix-en-Provence", "Metz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who sends."""

    account: SmsAccount
    user: User
    sender: Sender


def make(*, now: datetime, is_short: bool = False) -> Scene:
    """Make an account that can pay for every row, with an enabled name or the short number."""
    token = secrets.token_hex(4)
    if "FR" not in tariff.prices():
        seed.load_tariff()
    with transaction.atomic():
        user = User.objects.create_user(f"benchmark-{token}@example.com")
        customer = Customer.objects.create(name=f"Benchmark {token}", country="FR")
        Membership.objects.create(customer=customer, user=user, role=Role.OWNER)
        account = SmsAccount.objects.create(name=f"sms-bench{token}-1", customer=customer)
        shortnumbers.offer(account=account, now=now)
        gifts.give(
            account=account,
            amount_hundredths=gifts.LARGEST_HUNDREDTHS,
            by=user,
            reason="Benchmark",
            token=uuid.uuid4(),
            now=now,
        )
        if is_short:
            sender = Sender.objects.get(account=account, kind=SenderKind.SHORT)
        else:
            sender = review.request(
                account=account, name="Benchmark", description="", by=user, now=now
            )
            review.enable(sender=sender, by=user, now=now)
    account.refresh_from_db()
    return Scene(account=account, user=user, sender=sender)


def rows(count: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the rows of a list: national numbers, and values for each column of TEXT."""
    for n in range(count):
        place = n * _STRIDE % MOST_ROWS
        number = place // ORDINARY * 10_000 + place % ORDINARY
        values = {
            "name": NAMES[n % len(NAMES)],
            "order": f"{n:08d}",
            "town": TOWNS[n % len(TOWNS)],
        }
        yield f"061{number:07d}", values


def compose(*, scene: Scene, count: int, now: datetime) -> Revision:
    """Freeze a campaign to that many rows; it is quoted by whoever loads it."""
    with transaction.atomic():
        campaign = Campaign.objects.create(
            account=scene.account, created_by=scene.user, created_at=now
        )
        revision = Revision(
            campaign=campaign,
            account=scene.account,
            key=uuid.uuid4(),
            fingerprint=secrets.token_hex(32),
            created_by=scene.user,
            created_at=now,
            sender=scene.sender,
            text=TEXT,
            is_commercial=False,
            declared_by=scene.user,
            declared_at=now,
        )
        revisions.reset_quote(revision, now=now)
        revision.save(force_insert=True)
        audience.freeze(
            revision=revision, kind=SourceKind.LIST, rows=rows(count), chunk_size=BATCH_SIZE
        )
    return revision


def erase(*, scene: Scene, now: datetime) -> None:
    """Forget what was sent, batch by batch, and close the account."""
    sources = RecipientSource.objects.filter(revision__account=scene.account)
    SourceChunk.objects.filter(source__in=sources).delete()
    RefusedRow.objects.filter(revision__account=scene.account).delete()
    batches = Batch.objects.filter(account=scene.account, erased_at=None).order_by("pk")
    for pk, first, count in batches.values_list("pk", "first_message_id", "messages"):
        with transaction.atomic():
            Message.objects.filter(pk__gte=first, pk__lt=first + count).delete()
            Batch.objects.filter(pk=pk).update(erased_at=now)
    # One that was answered stays: its reply is what the ledger was charged for.
    answered = Reply.objects.filter(account=scene.account, lease__isnull=False)
    leases = Lease.objects.filter(account=scene.account)
    leases.exclude(pk__in=answered.values("lease")).delete()
    User.objects.filter(pk=scene.user.pk).update(is_active=False)
