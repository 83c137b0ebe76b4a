"""How customers ask for names: in their own words with documents, or among names known as theirs.

A name of the customer, or a domain, that staff verified is enabled at once, unless it could be
taken for a protected name. Everything else goes to the desk: anybody can sign up as anybody.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import access, trail
from accounts.models import Customer, SmsAccount, User
from senders import filing, review, rules
from senders.filing import Paper
from senders.models import (
    DecisionReason,
    IdentityKind,
    Origin,
    ProtectedName,
    Sender,
    SenderRequest,
    SenderState,
    VerifiedIdentity,
)
from senders.rules import Told

ORIGINS = {IdentityKind.NAME: Origin.PERSONAL, IdentityKind.DOMAIN: Origin.DOMAIN}


class NotOffered(Exception):
    """The name is not, or no longer, among those known as the customer's."""


class OwnCustomer(Exception):
    """The person belongs to the customer: it would be a decision on their own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a customer says of a name; `changes` only when it is asked for again."""

    description: str
    reason: str
    changes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A name known as the customer's that the account does not have yet."""

    name: str
    origin: Origin
    is_at_once: bool


def ask(
    *,
    account: SmsAccount,
    name: str,
    words: Words,
    papers: Sequence[Paper],
    by: User,
    now: datetime,
) -> Sender:
    """Ask staff for a name. Raises what review.request raises; then nothing is kept."""
    with filing.stored(papers) as written, transaction.atomic(durable=True):
        sender = review.request(
            account=account,
            name=name,
            description=words.description,
            reason=words.reason,
            by=by,
            now=now,
        )
        opened = SenderRequest.objects.get(sender=sender, closed_at__isnull=True)
        _attach(opened, written, account=account, by=by, now=now)
    return sender


def ask_again(
    *, sender: Sender, words: Words, papers: Sequence[Paper], by: User, now: datetime
) -> SenderRequest:
    """Ask staff once more for a refused name. Raises what review.ask_again raises."""
    with filing.stored(papers) as written, transaction.atomic(durable=True):
        opened = review.ask_again(
            sender=sender,
            description=words.description,
            reason=words.reason,
            changes=words.changes,
            by=by,
            now=now,
        )
        _attach(opened, written, account=sender.account, by=by, now=now)
    return opened


def ask_for_own(
    *, account: SmsAccount, names: Iterable[str], by: User, now: datetime
) -> list[Sender]:
    """Ask for names known as the customer's, all or none; verified ones are enabled at once.

    Raises NotOffered, or what review.request raises.
    """
    with transaction.atomic(durable=True):
        offered = {offer.name: offer for offer in offers(account=account)}
        return [
            _take(offered.get(name), account=account, by=by, now=now)
            for name in dict.fromkeys(names)
        ]


def describe(*, sender: Sender, description: str) -> None:
    """Describe a sender anew. Raises review.WrongState while staff look at it, or once removed.

    What a request said of it stays as it was.
    """
    closed = [SenderState.WAITING, SenderState.REMOVED]
    changed = Sender.objects.filter(pk=sender.pk).exclude(state__in=closed)
    is_done = changed.update(description=description)
    sender.refresh_from_db()
    if not is_done:
        raise review.WrongState(state=SenderState(sender.state))


def offers(*, account: SmsAccount) -> list[Offer]:
    """Give the names known as the customer's that fit and that the account does not have."""
    taken, protected = names_of(account=account), protected_names()
    verified = {
        (_plain(value), ORIGINS[IdentityKind(kind)])
        for value, kind in VerifiedIdentity.objects.filter(
            customer=account.customer_id
        ).values_list("value", "kind")
    }
    known = {(_plain(account.customer.name), Origin.PERSONAL)} | verified
    found: dict[str, Offer] = {}
    for name, origin in sorted(known):
        told = rules.tell(name, taken=taken, protected=protected)
        is_at_once = (name, origin) in verified and not told.resembled
        if not told.problems and (name not in found or is_at_once):
            found[name] = Offer(name=name, origin=origin, is_at_once=is_at_once)
    return list(found.values())


def tell(*, account: SmsAccount, name: str) -> Told:
    """Say everything about a name that the account might ask for."""
    return rules.tell(name, taken=names_of(account=account), protected=protected_names())


def names_of(*, account: SmsAccount) -> set[str]:
    """Give the names that the account has, whatever their state; not those it removed."""
    mine = Sender.objects.filter(account=account).exclude(state=SenderState.REMOVED)
    return set(mine.values_list("name", flat=True))


def protected_names() -> list[str]:
    """Give the names that nobody else may resemble."""
    return list(ProtectedName.objects.values_list("name", flat=True))


def confirm_identity(
    *, customer: Customer, kind: str, value: str, by: User, now: datetime
) -> VerifiedIdentity:
    """Record that staff know a name or a domain to be a customer's. Raises OwnCustomer."""
    if access.is_member(customer_id=customer.pk, user=by):
        raise OwnCustomer
    with transaction.atomic():
        identity = VerifiedIdentity.objects.create(
            customer=customer, kind=kind, value=value, verified_by=by, verified_at=now
        )
        trail.record(
            event="identity.verified",
            subject=f"identity:{identity.pk}",
            actor=by,
            account=None,
            now=now,
            customer=customer.pk,
            kind=kind,
        )
        return identity


def take_back_identity(*, identity: VerifiedIdentity, by: User, now: datetime) -> None:
    """Forget that a name or a domain is a customer's; senders enabled because of it stay."""
    with transaction.atomic():
        trail.record(
            event="identity.taken_back",
            subject=f"identity:{identity.pk}",
            actor=by,
            account=None,
            now=now,
            customer=identity.customer_id,
            kind=identity.kind,
        )
        identity.delete()


def _take(offer: Offer | None, *, account: SmsAccount, by: User, now: datetime) -> Sender:
    if offer is None:
        raise NotOffered
    sender = review.request(
        account=account, name=offer.name, description="", by=by, now=now, origin=offer.origin
    )
    if offer.is_at_once:
        review.enable(sender=sender, by=None, now=now, reason=DecisionReason.VERIFIED)
    return sender


def _attach(
    request: SenderRequest,
    written: Sequence[tuple[Paper, str]],
    *,
    account: SmsAccount,
    by: User,
    now: datetime,
) -> None:
    for document in filing.attach(request=request, written=written, now=now):
        trail.record(
            event="document.added",
            subject=f"document:{document.uuid}",
            actor=by,
            account=account,
            now=now,
            request=str(request.uuid),
            sha256=document.sha256,
        )


def _plain(text: str) -> str:
    """Write a name without accents, as a sender may have it."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
