"""The inbox of receipts: what the carrier told us, before anything acts on it.

A push is stored whole and applied in a group later; then it is deleted. What matched no message
stays as a row of its own that names why: none with that reference yet (parked), none in 72 hours
(unmatched). The same push, or the same parked receipt, is kept once.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReceiptOutcome(models.TextChoices):
    """What became of a receipt that is still here."""

    WAITING = "waiting", _("Waiting")
    UNMATCHED = "unmatched", _("No such message")


class ReceiptPush(models.Model):
    """Receipts that came together, read but not applied yet: JSON of `messaging.inbox.Told`."""

    # A hash of the content: the carrier repeats what it got no answer for.
    digest = models.CharField(_("fingerprint"), max_length=64, unique=True)
    content = models.TextField()
    receipts = models.PositiveIntegerField(_("receipts"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("push of receipts")
        verbose_name_plural = _("pushes of receipts")

    def __str__(self) -> str:
        return f"{self.pk} ({self.receipts})"


class Receipt(models.Model):
    """One statement of a carrier about a message that we do not know, or not yet."""

    carrier = models.CharField(_("carrier"), max_length=20)
    carrier_id = models.CharField(_("id of the carrier"), max_length=64)
    reference = models.CharField(_("reference"), max_length=64)
    state = models.CharField(_("status"), max_length=12)
    code = models.CharField(_("code"), max_length=32, blank=True, default="")
    billed = models.BooleanField(_("billed"), default=True)
    operator = models.CharField(_("operator"), max_length=40, blank=True, default="")
    at = models.DateTimeField(_("moment"))
    received_at = models.DateTimeField(_("received at"))
    not_before = models.DateTimeField(_("not before"))
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=ReceiptOutcome.choices, default=ReceiptOutcome.WAITING
    )

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "carrier_id", "state", "at"], name="receipt_once"
            ),
        ]
        indexes = [
            # The next group to apply.
            models.Index(
                fields=["not_before", "id"],
                condition=Q(outcome="waiting"),
                name="receipt_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.carrier_id} {self.state}"
