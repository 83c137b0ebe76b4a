"""The first rows of a database: the sample tariff, and the people and accounts of the demo.

Everything goes through the doors that people use, so that the demo's credits are in its ledger and
its senders in its trail. Seeding again changes nothing; a database that holds somebody else's rows
is refused. The demo's password is public: never seed it where strangers can come.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image, ImageDraw

from accounts import gifts
from accounts.credits import HUNDREDTHS
from accounts.models import Customer, Destination, Membership, Role, SmsAccount, User
from accounts.tariff_sample import PRICES
from senders import asking, filing, news, review, shortnumbers, virtualnumbers
from senders.filing import Paper
from senders.models import DecisionReason, IdentityKind, Outcome, Sender, SenderRequest

PASSWORD = "demo-password-2027"  # noqa: S105 (public: it protects nothing but a demo)
STAFF = "sam@example.com"
LOGINS: dict[str, str] = {
    "alice@example.com": "owner at Boulangerie Martin",
    "bob@example.com": "reader at Boulangerie Martin",
    "mallory@example.com": "owner at Mallory & Co",
    STAFF: "staff, with the admin site",
}
ACCOUNTS: dict[str, str] = {
    "sms-am12345-1": "Alice's bakery",
    "sms-am12345-2": "Alice's second account, without credits",
    "sms-mc54321-1": "Mallory's",
}
# Documents of the demo, by the sender they are for.
SPECIMENS = {"letter-club.pdf": "MARTIN CLUB", "letter-pain.pdf": "Le Pain"}
LETTER = "Boulangerie Martin\n\nSpecimen of a letter that authorises a sender name"
GIFT_HUNDREDTHS = 1_000 * HUNDREDTHS
# The demo's gifts are always the same events.
_TOKENS = uuid.UUID("6f5f3b8e-6c1c-4f0e-9d0b-3f5c7a1e2d40")


class ForeignDatabase(Exception):
    """The database holds users, and they are not the demo's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedResult:
    """Who can sign in, with which password, and whether this run made them."""

    created: bool
    logins: dict[str, str]
    password: str


def load_tariff() -> int:
    """Add the destinations that are missing and give their number; prices that are there stay."""
    missing = set(PRICES) - set(Destination.objects.values_list("country", flat=True))
    rows = [Destination(country=c, price_hundredths=PRICES[c]) for c in sorted(missing)]
    return len(Destination.objects.bulk_create(rows, ignore_conflicts=True))


def seed_demo(*, now: datetime) -> SeedResult:
    """Make the demo's people, accounts, credits and senders once. Raises ForeignDatabase."""
    papers = [] if User.objects.exists() else [_specimen(name) for name in SPECIMENS]
    with filing.stored(papers) as written, transaction.atomic(durable=True):
        load_tariff()
        created = not User.objects.exists()
        if created:
            _make_all(now=now, documents=dict(zip(SPECIMENS.values(), written, strict=True)))
        elif not _is_the_demo():
            raise ForeignDatabase
    return SeedResult(created=created, logins=LOGINS, password=PASSWORD)


def _is_the_demo() -> bool:
    return (
        User.objects.filter(email=STAFF).exists()
        and SmsAccount.objects.filter(name__in=ACCOUNTS).count() == len(ACCOUNTS)
    )  # fmt: skip


def _make_all(*, now: datetime, documents: Mapping[str, tuple[Paper, str]]) -> None:
    sam = _make_user(STAFF, is_staff=True, is_superuser=True)
    alice, bob, mallory = (
        _make_user(f"{name}@example.com") for name in ("alice", "bob", "mallory")
    )
    bakery = Customer.objects.create(name="Boulangerie Martin", country="FR")
    Membership.objects.create(user=alice, customer=bakery, role=Role.OWNER)
    Membership.objects.create(user=bob, customer=bakery, role=Role.READER)
    rival = Customer.objects.create(name="Mallory & Co", country="IT")
    Membership.objects.create(user=mallory, customer=rival, role=Role.OWNER)

    shop = _make_account("sms-am12345-1", bakery, "Shop", now=now, giver=sam)
    _make_account("sms-am12345-2", bakery, "Staff planning", now=now, giver=None)
    rivals = _make_account("sms-mc54321-1", rival, "", now=now, giver=sam)

    _make_sender(rivals, "MalloryCo", owner=mallory, approver=sam, now=now)
    _make_senders(shop, owner=alice, staff=sam, documents=documents, now=now)
    for number, days in (("+33755512345", 365), ("+33755512346", 20)):
        until = now + timedelta(days=days)
        virtualnumbers.assign(account=shop, number=number, until=until, by=sam, now=now)


def _make_senders(
    shop: SmsAccount,
    *,
    owner: User,
    staff: User,
    documents: Mapping[str, tuple[Paper, str]],
    now: datetime,
) -> None:
    """Give the shop a sender in each state, and names that staff know as its own."""
    made = {
        name: _make_sender(shop, name, owner=owner, approver=approver, now=now)
        for name, approver in (
            ("Martin", staff),
            ("FOURNIL", staff),
            ("MARTIN CLUB", None),
            ("Le Pain", None),
            ("Martin 24h", staff),
            ("PROMO", staff),
        )
    }
    for name, document in documents.items():
        request = SenderRequest.objects.get(sender=made[name])
        filing.attach(request=request, written=[document], now=now)
    # What was approved is known; what needs more waits to be looked at.
    news.see(account_id=shop.pk, now=now)
    review.refuse(
        sender=made["Le Pain"],
        by=staff,
        reason="Please send the letter with stamp and signature.",
        now=now,
        outcome=Outcome.MORE_NEEDED,
        code=DecisionReason.INCOMPLETE,
    )
    review.disable(sender=made["Martin 24h"], by=owner, clock=lambda: now)
    review.withdraw(sender=made["PROMO"], by=staff, reason="People complained.", clock=lambda: now)
    for kind, value in ((IdentityKind.NAME, "Martin&Fils"), (IdentityKind.DOMAIN, "fournil.fr")):
        asking.confirm_identity(customer=shop.customer, kind=kind, value=value, by=staff, now=now)


def _make_user(email: str, **flags: bool) -> User:
    user = User.objects.create_user(email, PASSWORD, **flags)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _make_account(
    name: str, customer: Customer, description: str, *, now: datetime, giver: User | None
) -> SmsAccount:
    account = SmsAccount.objects.create(name=name, customer=customer, description=description)
    shortnumbers.offer(account=account, now=now)
    if giver:
        gifts.give(
            account=account,
            amount_hundredths=GIFT_HUNDREDTHS,
            by=giver,
            reason="Welcome to the demo",
            token=uuid.uuid5(_TOKENS, name),
            now=now,
        )
    return account


def _make_sender(
    account: SmsAccount, name: str, *, owner: User, approver: User | None, now: datetime
) -> Sender:
    sender = review.request(
        account=account,
        name=name,
        description="",
        reason="Orders that are ready, news of the shop",
        by=owner,
        now=now,
    )
    if approver:
        review.enable(sender=sender, by=approver, now=now)
    return sender


def _specimen(name: str) -> Paper:
    """Draw a letter of the demo, as a customer would send it."""
    page = Image.new("RGB", (620, 877), "white")
    ImageDraw.Draw(page).multiline_text((60, 80), LETTER, fill="black", spacing=12)
    drawn = BytesIO()
    page.save(drawn, "PDF")
    return filing.judged(file=ContentFile(drawn.getvalue()), name=name)
