"""What the desk can see by itself in a request: for staff to weigh, nothing is decided here.

Names are compared by what the eye makes of them (`senders.rules`), files by their content.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from senders import rules
from senders.models import (
    Decision,
    IdentityKind,
    Origin,
    Outcome,
    ProtectedName,
    Sender,
    SenderDocument,
    SenderRequest,
    SenderState,
    VerifiedIdentity,
)

# Named in a line; who wants more looks into the admin site.
NAMED = 5


class Check(models.TextChoices):
    """What was found."""

    PROTECTED = "protected", _("Resembles a protected name")
    SAME_ELSEWHERE = "same", _("Looks like a sender of another customer")
    SAME_DOCUMENT = "document", _("Another customer sent the same document")
    REFUSED_HERE = "refused-here", _("Was refused to this customer before")
    REFUSED_ELSEWHERE = "refused-elsewhere", _("Was refused to another customer")
    WITHDRAWN = "withdrawn", _("Such a name was withdrawn before")
    NO_DOCUMENT = "no-document", _("No document")
    NOT_VERIFIED = "not-verified", _("No verified name or domain of this customer matches")
    VERIFIED = "verified", _("Matches a verified name or domain of this customer")


TONES = {
    Check.PROTECTED: "bad",
    Check.SAME_ELSEWHERE: "bad",
    Check.SAME_DOCUMENT: "bad",
    Check.REFUSED_HERE: "wait",
    Check.REFUSED_ELSEWHERE: "wait",
    Check.WITHDRAWN: "bad",
    Check.NO_DOCUMENT: "wait",
    Check.NOT_VERIFIED: "quiet",
    Check.VERIFIED: "good",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, and what it was found in."""

    check: Check
    named: tuple[str, ...]

    @property
    def tone(self) -> str:
        """How its badge looks."""
        return TONES[self.check]


def findings(request: SenderRequest) -> list[Finding]:
    """Look at a request from every side; what weighs most stands first."""
    found = {
        Check.PROTECTED: _protected(request.sender),
        Check.SAME_ELSEWHERE: _same_elsewhere(request.sender),
        Check.SAME_DOCUMENT: _same_document(request),
        Check.WITHDRAWN: _withdrawn(request.sender),
        Check.REFUSED_HERE: _refused(request, here=True),
        Check.REFUSED_ELSEWHERE: _refused(request, here=False),
        Check.VERIFIED: _verified(request.sender),
    }
    said = [Finding(check=check, named=named) for check, named in found.items() if named]
    if request.origin == Origin.CUSTOM and not request.documents.exists():
        said.append(Finding(check=Check.NO_DOCUMENT, named=()))
    if not found[Check.VERIFIED]:
        said.append(Finding(check=Check.NOT_VERIFIED, named=()))
    return said


def matches(name: str, identity: VerifiedIdentity) -> bool:
    """Tell whether a name is that of an identity: the whole, a word of it, or a domain's label."""
    value = identity.value
    if identity.kind == IdentityKind.DOMAIN:
        value = value.rpartition(".")[0]
    seen = rules.skeleton(name)
    words = value.replace(".", " ").replace("-", " ").split()
    return seen in {rules.skeleton(value), *map(rules.skeleton, words)}


def _protected(sender: Sender) -> tuple[str, ...]:
    names = ProtectedName.objects.values_list("name", flat=True)
    return rules.resembled(sender.name, protected=names)[:NAMED]


def _alike(sender: Sender) -> "models.QuerySet[Sender]":
    return Sender.objects.filter(skeleton=sender.skeleton).exclude(skeleton="")


def _same_elsewhere(sender: Sender) -> tuple[str, ...]:
    mine = sender.account.customer_id
    others = _alike(sender).filter(state=SenderState.ENABLED).exclude(account__customer=mine)
    rows = others.select_related("account__customer").order_by("pk")[:NAMED]
    return tuple(f"{other.name} ({other.account.customer.name})" for other in rows)


def _withdrawn(sender: Sender) -> tuple[str, ...]:
    rows = _alike(sender).filter(state=SenderState.WITHDRAWN).select_related("account__customer")
    return tuple(f"{other.name} ({other.account.customer.name})" for other in rows[:NAMED])


def _same_document(request: SenderRequest) -> tuple[str, ...]:
    mine = request.documents.values_list("sha256", flat=True)
    customer = request.sender.account.customer_id
    others = SenderDocument.objects.filter(sha256__in=list(mine)).exclude(
        request__sender__account__customer=customer
    )
    names = others.values_list("request__sender__account__customer__name", flat=True)
    return tuple(names.order_by("request__sender__account__customer__name").distinct()[:NAMED])


def _refused(request: SenderRequest, *, here: bool) -> tuple[str, ...]:
    """Name the refusals of such a name; not being asked for more."""
    sender = request.sender
    refused = Decision.objects.filter(
        outcome=Outcome.REFUSED, request__sender__in=_alike(sender)
    ).select_related("request__sender__account__customer")
    mine = models.Q(request__sender__account__customer=sender.account.customer_id)
    rows = refused.filter(mine if here else ~mine).order_by("-at")[:NAMED]
    return tuple(
        f"{d.request.sender.name} ({d.request.sender.account.customer.name}): "
        f"{d.get_reason_display()}"
        for d in rows
    )


def _verified(sender: Sender) -> tuple[str, ...]:
    known = VerifiedIdentity.objects.filter(customer=sender.account.customer_id)
    return tuple(i.value for i in known.order_by("pk") if matches(sender.name, i))[:NAMED]
