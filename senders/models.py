"""Sender names and the stretches of time in which each was valid.

    waiting ──► enabled ◄──► disabled (by the owner)
       └──► refused  └────────────┴──► withdrawn (by staff)

`senders.review` moves the state and keeps the intervals; a hand-over asks whether the sender was
valid at its moment, so an interval is closed, never removed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import SmsAccount


class SenderKind(models.TextChoices):
    """What a recipient sees as the origin of a message."""

    ALPHANUMERIC = "alpha", _("Alphanumeric sender")


class SenderState(models.TextChoices):
    """Where a sender stands; only an enabled one may be chosen."""

    WAITING = "waiting", _("Waiting for validation")
    ENABLED = "enabled", _("Enabled")
    REFUSED = "refused", _("Refused")
    DISABLED = "disabled", _("Disabled")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Sender(models.Model):
    """A name under which an account sends."""

    account = models.ForeignKey(SmsAccount, on_delete=models.PROTECT, related_name="senders")
    kind = models.CharField(
        _("kind"), max_length=8, choices=SenderKind.choices, default=SenderKind.ALPHANUMERIC
    )
    name = models.CharField(_("name"), max_length=11)
    description = models.CharField(_("description"), max_length=40, blank=True, default="")
    state = models.CharField(
        _("status"), max_length=10, choices=SenderState.choices, default=SenderState.WAITING
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="sender_once_per_account"),
        ]

    def __str__(self) -> str:
        return self.name


class SenderValidity(models.Model):
    """A stretch of time in which a sender was enabled; `until` empty = still."""

    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, related_name="validities")
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("validity of a sender")
        verbose_name_plural = _("validities of senders")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="validity_never_backwards",
            ),
            models.UniqueConstraint(
                fields=["sender"], condition=Q(until__isnull=True), name="validity_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.since}"
