"""The first rows of a database: the sample tariff, and the people and accounts of the demo.

Everything goes through the doors that people use, so that the demo's credits are in its ledger and
its senders in its trail. Seeding again changes nothing; a database that holds somebody else's rows
is refused. The demo's password is public: never seed it where strangers can come.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts import gifts
from accounts.credits import HUNDREDTHS
from accounts.models import Customer, Destination, Membership, Role, SmsAccount, User
from accounts.tariff_sample import PRICES
from senders import review, shortnumbers, virtualnumbers

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
    with transaction.atomic(durable=True):
        load_tariff()
        created = not User.objects.exists()
        if created:
            _make_all(now=now)
        elif not _is_the_demo():
            raise ForeignDatabase
    return SeedResult(created=created, logins=LOGINS, password=PASSWORD)


def _is_the_demo() -> bool:
    return (
        User.objects.filter(email=STAFF).exists()
        and SmsAccount.objects.filter(name__in=ACCOUNTS).count() == len(ACCOUNTS)
    )  # fmt: skip


def _make_all(*, now: datetime) -> None:
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

    for account, name, owner, approver in (
        (shop, "Martin", alice, sam),
        (shop, "FOURNIL", alice, sam),
        (shop, "MARTIN CLUB", alice, None),
        (rivals, "MalloryCo", mallory, sam),
    ):
        _make_sender(account, name, owner=owner, approver=approver, now=now)
    virtualnumbers.assign(
        account=shop, number="+33755512345", until=now + timedelta(days=365), by=sam, now=now
    )


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
) -> None:
    sender = review.request(account=account, name=name, description="", by=owner, now=now)
    if approver:
        review.enable(sender=sender, by=approver, now=now)
