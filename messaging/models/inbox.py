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
    """Receipts that came together, read but not applied yet: JSON of `carrier.base.Receipt`."""

    # A hash of the content: the carrier repeats what it got no answer for.
    digest = models.CharField(max_length=64, unique=True)
    content = models.TextField()
    receipts = models.PositiveIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("push of receipts")
        verbose_name_plural = _("pushes of receipts")

    def __str__(self) -> str:
        return f"{self.pk} ({self.receipts})"


class Receipt(models.Model):
    """One statement of a carrier about a message that we do not know, or not yet."""

    carrier = models.CharField(max_length=20)
    carrier_id = models.CharField(max_length=64)
    reference = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    code = models.CharField(max_length=32, blank=True, default="")
    billed = models.BooleanField(default=True)
    operator = models.CharField(max_length=40, blank=True, default="")
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    not_before = models.DateTimeField()
    outcome = models.CharField(
        max_length=10, choices=ReceiptOutcome.choices, default=ReceiptOutcome.WAITING
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
