"""Rows for tests, made through the real doors: credits by the ledger, senders by the review.

So a balance is the sum of its entries in every test, and an enabled sender has its interval.
"""

import itertools
import uuid
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Permission

from accounts import gifts
from accounts.credits import HUNDREDTHS
from accounts.models import Customer, Destination, Membership, Role, SmsAccount, User
from accounts.tariff_sample import PRICES
from senders import deciding, review, shortnumbers, virtualnumbers
from senders.models import (
    SHORT_NAME,
    Decision,
    Lease,
    LeaseKind,
    Outcome,
    ProtectedName,
    Sender,
    SenderRequest,
)

# A Wednesday, 10:00 in Paris: within the legal hours.
NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)

_numbers = itertools.count(1)


def make_user(name: str, *, is_staff: bool = False) -> User:
    """Make a user without a password, whose hash would cost every test its time.

    Tests sign in with `client.force_login`. Staff may do all in the admin site.
    """
    return User.objects.create_user(f"{name}@example.com", is_staff=is_staff, is_superuser=is_staff)


def make_clerk(*permissions: str) -> User:
    """Make a member of staff with these permissions alone, named without their app."""
    clerk = User.objects.create_user("clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return clerk


def make_customer(
    *, name: str = "Boulangerie Martin", country: str = "FR", owner: User | None = None
) -> Customer:
    """Make a customer, with an owner if one is given."""
    customer = Customer.objects.create(name=name, country=country)
    if owner:
        make_member(customer, owner, role=Role.OWNER)
    return customer


def make_member(customer: Customer, user: User, *, role: Role) -> Membership:
    """Let a user see the accounts of a customer."""
    return Membership.objects.create(customer=customer, user=user, role=role)


def make_account(customer: Customer, *, name: str = "", credits: int = 0) -> SmsAccount:  # noqa: A002 (the word of the trade)
    """Make an SMS account, with whole credits if some are given."""
    account = SmsAccount.objects.create(
        name=name or f"sms-test{next(_numbers)}-1", customer=customer
    )
    shortnumbers.offer(account=account, now=NOW)
    if credits:
        give(account, credits=credits)
    return account


def give(account: SmsAccount, *, credits: int) -> None:  # noqa: A002 (the word of the trade)
    """Give whole credits to an account; the instance knows its new balance."""
    gifts.give(
        account=account,
        amount_hundredths=credits * HUNDREDTHS,
        by=_staff(),
        reason="To test with",
        token=uuid.uuid4(),
        now=NOW,
    )
    account.refresh_from_db()


def make_sender(
    account: SmsAccount, *, name: str = "Martin", enabled: bool = True, now: datetime = NOW
) -> Sender:
    """Make a sender that staff enabled, or one that waits for validation."""
    by = _staff()
    sender = review.request(account=account, name=name, description="", by=by, now=now)
    if enabled:
        review.enable(sender=sender, by=by, now=now)
    return sender


def request_of(sender: Sender) -> SenderRequest:
    """Give the last round in which a sender was asked for."""
    return sender.requests.order_by("-round")[0]


def decide(
    sender: Sender, outcome: Outcome, *, by: User, text: str = "", now: datetime = NOW
) -> Decision:
    """Decide on the last round of a sender, with the first reason that fits; it knows its state."""
    decision = deciding.decide(
        request=request_of(sender),
        outcome=outcome,
        reason=deciding.REASONS[outcome][0],
        text=text,
        by=by,
        clock=lambda: now,
    )
    sender.refresh_from_db()
    return decision


def make_refused(account: SmsAccount, *, name: str, now: datetime = NOW) -> Sender:
    """Make a sender that staff turned down."""
    sender = make_sender(account, name=name, enabled=False, now=now)
    review.refuse(sender=sender, by=_staff(), reason="Send us the letter.", now=now)
    return sender


def short_sender(account: SmsAccount) -> Sender:
    """Give the short-number sender that an account in France has from the beginning."""
    return Sender.objects.get(account=account, name=SHORT_NAME)


def make_virtual(
    account: SmsAccount,
    *,
    number: str = "+33755512345",
    until: datetime = NOW + timedelta(days=365),
    now: datetime = NOW,
) -> Sender:
    """Assign a virtual number to an account."""
    return virtualnumbers.assign(account=account, number=number, until=until, by=_staff(), now=now)


def make_pool(count: int, *, now: datetime = NOW) -> tuple[str, ...]:
    """Let the carrier's pool have so many short numbers."""
    numbers = tuple(str(38_000 + n) for n in range(count))
    shortnumbers.set_pool(numbers=numbers, now=now)
    return numbers


def make_lease(account: SmsAccount, *, number: str, phone: str, now: datetime) -> Lease:
    """Hold a short number for a phone, under a lease that has closed."""
    return Lease.objects.create(
        account=account, kind=LeaseKind.SHORT, number=number, phone=phone, is_open=False,
        opened_at=now, expires_at=now, closed_at=now,
    )  # fmt: skip


def make_protected(name: str) -> ProtectedName:
    """Protect a name; it may be there already, from the sample of the migrations."""
    found, _made = ProtectedName.objects.get_or_create(name=name, defaults={"kind": "company"})
    return found


def make_tariff(**prices: int) -> None:
    """Open destinations at these prices in hundredths: the sample tariff if none are given."""
    Destination.objects.bulk_create(
        Destination(country=country, price_hundredths=price)
        for country, price in (prices or PRICES).items()
    )


def _staff() -> User:
    found = User.objects.filter(is_staff=True).first()
    return found or make_user("staff", is_staff=True)
