"""Campaigns and their revisions: what was written, for when, at what price.

A single SMS is a campaign of one. A campaign is the identity that lasts; each revision freezes a
text, a sender, recipients and a quote. `messaging.campaigns` and `messaging.quote` move the state,
always by a conditional update on the expected old one. At most one revision of a campaign stands,
which is: was confirmed and not replaced.

    QUOTING ──► QUOTED ──► SCHEDULED ──► LEAVING ──► LEFT
                  └─► STALE    ├─► REPLACED  └─► CANCELLING ──► CANCELLED
                               └──────────────────────────────────┘
"""

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import SmsAccount, User
from senders.models import Sender


class MessageClass(models.TextChoices):
    """Where the handset keeps the message (3GPP TS 23.038 clause 4)."""

    STANDARD = "standard", pgettext_lazy("message class", "Standard")
    FLASH = "flash", pgettext_lazy("message class", "Flash")
    SIM = "sim", pgettext_lazy("message class", "SIM")


class RevisionState(models.TextChoices):
    """Where a revision stands."""

    QUOTING = "quoting", _("Being priced")
    QUOTED = "quoted", _("To be confirmed")
    STALE = "stale", _("Out of date")
    SCHEDULED = "scheduled", _("Planned")
    LEAVING = "leaving", _("Leaving")
    LEFT = "left", _("Sent")
    CANCELLING = "cancelling", _("Cancelling")
    CANCELLED = "cancelled", _("Cancelled")
    REPLACED = "replaced", _("Replaced")


class Campaign(models.Model):
    """The identity of what a customer sends: one SMS or a million."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(SmsAccount, on_delete=models.PROTECT, related_name="campaigns")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")

    def __str__(self) -> str:
        return str(self.uuid)


class Revision(models.Model):
    """One frozen form of a campaign, with its quote.

    `key` is the idempotency key of the form that made it and `fingerprint` the hash of what that
    form said: the same key with the same words is the same revision, however often it is posted.
    """

    campaign = models.ForeignKey(
        Campaign, verbose_name=_("campaign"), on_delete=models.PROTECT, related_name="revisions"
    )
    account = models.ForeignKey(
        SmsAccount,
        verbose_name=_("SMS account"),
        on_delete=models.PROTECT,
        related_name="revisions",
    )
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    key = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(
        _("status"), max_length=12, choices=RevisionState.choices, default=RevisionState.QUOTING
    )
    created_by = models.ForeignKey(
        User, verbose_name=_("created by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"))

    # What is sent. The text is as typed (LF, NFC); the clause is what is appended to it.
    sender = models.ForeignKey(
        Sender, verbose_name=_("sender"), on_delete=models.PROTECT, related_name="revisions"
    )
    text = models.TextField()
    clause = models.CharField(_("STOP clause"), max_length=20, blank=True, default="")
    message_class = models.CharField(
        _("class"), max_length=8, choices=MessageClass.choices, default=MessageClass.STANDARD
    )
    is_commercial = models.BooleanField(_("commercial"), default=True)
    # Who declared "not commercial", and when: kept as evidence.
    declared_by = models.ForeignKey(
        User,
        verbose_name=_("declared not commercial by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    declared_at = models.DateTimeField(_("declared not commercial at"), null=True, blank=True)
    # Empty: as soon as confirmed.
    due_at = models.DateTimeField(_("planned for"), null=True, blank=True)
    # When its first batch leaves, or left; empty unless something of it is on its way.
    leaves_at = models.DateTimeField(_("leaves at"), null=True, blank=True)

    # The quote. Marks are the states of tariff and opt-outs it rests on.
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_loaded = models.PositiveIntegerField(_("rows loaded"), default=0)
    loaded_at = models.DateTimeField(_("last loaded at"), null=True, blank=True)
    messages = models.PositiveIntegerField(_("messages"), default=0)
    parts = models.PositiveBigIntegerField(_("parts"), default=0)
    total_hundredths = models.BigIntegerField(_("cost, in hundredths of a credit"), default=0)
    refused = models.PositiveIntegerField(_("refused rows"), default=0)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    opted_out = models.PositiveIntegerField(_("opted out"), default=0)
    tariff_mark = models.CharField(_("state of the tariff"), max_length=60, blank=True, default="")
    opt_out_mark = models.CharField(
        _("state of the opt-outs"), max_length=60, blank=True, default=""
    )
    quoted_at = models.DateTimeField(_("priced at"), null=True, blank=True)

    confirmed_by = models.ForeignKey(
        User,
        verbose_name=_("confirmed by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="revision_number_once"),
            models.UniqueConstraint(fields=["account", "key"], name="revision_once_per_form"),
            models.CheckConstraint(
                condition=Q(is_commercial=True) | Q(declared_by__isnull=False),
                name="revision_declaration_has_its_author",
            ),
            # Whoever confirms a change takes the place of what stood, or is refused.
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(state__in=["scheduled", "leaving", "left", "cancelling", "cancelled"]),
                name="revision_stands_alone",
            ),
        ]
        indexes = [
            # The sweep: quotes whose loader died, revisions that are leaving or cancelling.
            models.Index(
                fields=["state", "loaded_at"],
                condition=Q(state__in=["quoting", "quoted", "leaving", "cancelling"]),
                name="revision_unfinished",
            ),
            # What is planned on an account, next first; the id tells equal moments apart.
            models.Index(
                fields=["account", "leaves_at", "id"],
                condition=Q(leaves_at__isnull=False),
                name="revision_planned",
            ),
            # What was confirmed lately to more than one: whether a new quote says it again.
            models.Index(
                fields=["account", "confirmed_at"],
                condition=Q(rows_total__gt=1, confirmed_at__isnull=False),
                name="revision_repeatable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.number}"

    def get_absolute_url(self) -> str:
        """Give the address of its page: that of its message if it has only one."""
        account, campaign = self.account.name, self.campaign.uuid
        if self.messages == 1:
            return reverse("messaging:message-detail", args=[account, campaign, self.number, 1])
        return reverse("messaging:campaign-detail", args=[account, campaign])

    @property
    def is_changeable(self) -> bool:
        """Whether it is planned and nothing of it has left yet."""
        return self.state == RevisionState.SCHEDULED

    @property
    def is_cancellable(self) -> bool:
        """Whether something of it may still be held back."""
        return self.state in (RevisionState.SCHEDULED, RevisionState.LEAVING)

    @property
    def mark(self) -> str:
        """A short text that changes when something else may be done with the campaign."""
        return f"{self.number}-{self.state}"

    @property
    def debit_reference(self) -> str:
        """The business event under which the ledger charges this revision once."""
        return f"campaign:{self.campaign.uuid}:{self.number}"
