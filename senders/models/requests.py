"""What staff are asked: requests with their documents, and what was decided.

Each time a sender is asked for is a round of its own. A request is open until somebody decides or
its owner takes it back, and a sender has one open request at most: the database sees to it. A
decision is written once. A document's row outlives its file: `senders.filing` erases files.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from senders.models.senders import Sender


class Origin(models.TextChoices):
    """Where a name comes from."""

    CUSTOM = "custom", _("Own choice")
    PERSONAL = "personal", _("Personal data")
    DOMAIN = "domain", _("Domain name")


class SenderRequest(models.Model):
    """One round of asking for a sender."""

    uuid = models.UUIDField(_("id"), default=uuid.uuid4, unique=True, editable=False)
    sender = models.ForeignKey(
        Sender, verbose_name=_("sender"), on_delete=models.PROTECT, related_name="requests"
    )
    round = models.PositiveSmallIntegerField(_("round"))
    origin = models.CharField(
        _("origin"), max_length=8, choices=Origin.choices, default=Origin.CUSTOM
    )
    description = models.CharField(_("description"), max_length=40, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=250, blank=True, default="")
    # In the words of whoever asks again: what is different from the round before.
    changes = models.CharField(_("what changed"), max_length=250, blank=True, default="")
    # Empty: the platform itself, for senders older than requests.
    asked_by = models.ForeignKey(
        User,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    requested_at = models.DateTimeField(_("requested"))
    # Empty: decided at once, or older than promises.
    promised_at = models.DateTimeField(_("promised"), null=True, blank=True)
    # Decided, or taken back by the owner: then there is no decision.
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        User,
        verbose_name=_("claimed by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    # When the desk reported that the promise was missed; once.
    missed_at = models.DateTimeField(_("reported as late"), null=True, blank=True)
    # When somebody who may ask for senders first saw what was decided (`senders.news`).
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)

    class Meta:
        verbose_name = _("request for a sender")
        verbose_name_plural = _("requests for senders")
        constraints = [
            models.UniqueConstraint(fields=["sender", "round"], name="request_round_once"),
            models.UniqueConstraint(
                fields=["sender"], condition=Q(closed_at__isnull=True), name="request_open_once"
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_at__isnull=True)
                | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="request_claim_whole",
            ),
        ]
        indexes = [
            # The desk: what waits, the first promised first.
            models.Index(
                fields=["promised_at", "id"],
                condition=Q(closed_at__isnull=True),
                name="request_waiting",
            ),
            # The desk: what is through, the last first.
            models.Index(
                fields=["closed_at", "id"],
                condition=Q(closed_at__isnull=False),
                name="request_closed",
            ),
            # The sweep: whose missed promise nobody reported yet.
            models.Index(
                fields=["promised_at"],
                condition=Q(closed_at__isnull=True, missed_at__isnull=True),
                name="request_not_reported",
            ),
            # The navigation of an account: what was decided that nobody looked at yet.
            models.Index(
                fields=["sender"],
                condition=Q(closed_at__isnull=False, seen_at__isnull=True),
                name="request_unseen",
            ),
            # What one person is working on.
            models.Index(
                fields=["claimed_by", "promised_at", "id"],
                condition=Q(closed_at__isnull=True),
                name="request_claimed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender.name} ({self.round})"


class Outcome(models.TextChoices):
    """How a request was decided; asked for more, a sender is refused until that has come."""

    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    MORE_NEEDED = "more", _("More is needed")


class DecisionReason(models.TextChoices):
    """Why, as a code; what staff add in words stands beside it."""

    VERIFIED = "verified", _("Verified before")
    RIGHT_PROVEN = "proven", _("The right to the name is proven")
    NO_RIGHT = "no_right", _("Nothing shows a right to this name")
    UNREADABLE = "unreadable", _("A document cannot be read")
    INCOMPLETE = "incomplete", _("A document is missing")
    RESEMBLES = "resembles", _("The name resembles that of somebody else")
    MISLEADING = "misleading", _("The name would mislead people")
    NOT_ALLOWED = "not_allowed", _("Such a use is not allowed")
    OTHER = "other", _("Another reason")


class Decision(models.Model):
    """What was decided about a request: append-only, one for each."""

    request = models.OneToOneField(
        SenderRequest, verbose_name=_("request"), on_delete=models.PROTECT, related_name="decision"
    )
    # Empty: the platform, for a name that staff had verified.
    by = models.ForeignKey(
        User,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    at = models.DateTimeField(_("date"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    reason = models.CharField(_("reason"), max_length=12, choices=DecisionReason.choices)
    # For the customer, in the words of whoever decided.
    text = models.CharField(_("message"), max_length=1000, blank=True, default="")
    # The working time of staff that it took, by `senders.promise`; of the platform's: 0.
    worked_seconds = models.PositiveIntegerField(_("working time in seconds"), default=0)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [
            # Statistics: what was decided in a stretch of time.
            models.Index(fields=["at"], name="decision_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.outcome}"


class ContentType(models.TextChoices):
    """What a document is, by its content."""

    PDF = "application/pdf", _("PDF")
    JPEG = "image/jpeg", _("JPEG")
    PNG = "image/png", _("PNG")


class SenderDocument(models.Model):
    """A file that shows a right to a name; private, for staff alone, erased after the decision."""

    uuid = models.UUIDField(_("id"), default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(
        SenderRequest,
        verbose_name=_("request"),
        on_delete=models.PROTECT,
        related_name="documents",
    )
    # Where it lies in the storage: generated, nothing of it comes from the customer.
    stored_as = models.CharField(_("name in the storage"), max_length=60, unique=True)
    # As it was called; shown as text, never used to open anything. Erased with the file.
    original_name = models.CharField(_("name"), max_length=120, blank=True)
    content_type = models.CharField(_("type"), max_length=20, choices=ContentType.choices)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    pages = models.PositiveSmallIntegerField(_("pages"), default=1)
    created_at = models.DateTimeField(_("created"))
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("supporting document")
        verbose_name_plural = _("supporting documents")
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=10_000_000, pages__gt=0),
                name="document_size_in_bounds",
            ),
        ]
        indexes = [
            # The sweep: what still has a file.
            models.Index(
                fields=["request"], condition=Q(erased_at__isnull=True), name="document_kept"
            ),
            # The desk: who else showed the same file.
            models.Index(fields=["sha256"], name="document_by_content"),
        ]

    def __str__(self) -> str:
        return self.original_name or str(self.uuid)
