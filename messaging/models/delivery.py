"""Batches, hand-overs, messages and their counters.

A batch (up to 5,000 messages with contiguous ids, one legal calendar) is the unit of loading,
holding and counting; a hand-over (up to 500 of a batch) is the unit of claim, throttling, doubt
and recovery; a message is one recipient, written once and updated once. The status shown is the
message's own, else its hand-over's, else its batch's.

    Batch     LOADED ──► SCHEDULED ──► LEAVING ──► LEFT      (CANCELLED from the first three)
    HandOver  READY ◄──► CLAIMED ──► ANSWERED                (READY ──► CLOSED)
    Message   null ──► ACCEPTED, UNKNOWN (provisional) ──► a final status; the first final wins

No index holds a column that changes: updates of messages then stay on their page.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import SmsAccount
from messaging.models.campaigns import Revision

BATCH_SIZE = 5_000
HAND_OVER_SIZE = 500


class BatchState(models.TextChoices):
    """Where a batch stands."""

    LOADED = "loaded", _("To be confirmed")
    SCHEDULED = "scheduled", _("Planned")
    LEAVING = "leaving", _("Leaving")
    LEFT = "left", _("Sent")
    CANCELLED = "cancelled", _("Cancelled")


class HandOverState(models.TextChoices):
    """Where a hand-over stands."""

    READY = "ready", _("Waiting")
    CLAIMED = "claimed", _("Being handed over")
    ANSWERED = "answered", _("Sent")
    # Nothing of it was left to hand over; each of its messages says why.
    CLOSED = "closed", _("Closed")


class Status(models.IntegerChoices):
    """What is known of one message beyond its hand-over and batch.

    OPEN stands for "null in the row" in counters only. From DELIVERED on a status is final, from
    SKIPPED on its price was given back.
    """

    OPEN = 0, _("Waiting")
    ACCEPTED = 1, _("Sent")
    UNKNOWN = 2, _("Unknown")
    DELIVERED = 10, _("Delivered")
    FAILED = 11, _("Failed")
    EXPIRED = 12, _("Expired")
    REJECTED = 13, _("Rejected")
    SKIPPED = 20, _("Skipped")
    REFUSED = 21, _("Refused")
    CANCELLED = 22, pgettext_lazy("message", "Cancelled")
    NOT_SENT = 23, _("Never left")
    NOT_BILLED = 24, _("Rejected, not billed")

    @property
    def is_final(self) -> bool:
        """Whether no later receipt may change it."""
        return self >= Status.DELIVERED

    @property
    def is_refunded(self) -> bool:
        """Whether the price of the message was given back when it got this status."""
        return self >= Status.SKIPPED


class IdBlock(models.Model):
    """The next free id of a table whose ids are reserved in blocks (bulk.reserve_ids)."""

    name = models.CharField(max_length=20, primary_key=True)
    next = models.BigIntegerField(default=1)

    class Meta:
        verbose_name = _("block of ids")
        verbose_name_plural = _("blocks of ids")

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Up to 5,000 messages of a revision that leave under the same legal calendar."""

    account = models.ForeignKey(
        SmsAccount, verbose_name=_("SMS account"), on_delete=models.PROTECT, related_name="batches"
    )
    revision = models.ForeignKey(
        Revision, verbose_name=_("revision"), on_delete=models.PROTECT, related_name="batches"
    )
    number = models.PositiveIntegerField(_("number"))
    # Message `first_position + n` of the revision has the id `first_message_id + n`.
    first_message_id = models.BigIntegerField(_("id of the first message"))
    first_position = models.PositiveIntegerField(_("position of the first message"))
    messages = models.PositiveIntegerField(_("messages"))
    # The rows of the sources up to this position are loaded once this batch is there.
    source_position = models.PositiveIntegerField(_("rows read up to"))
    parts = models.PositiveBigIntegerField(_("parts"))
    price_hundredths = models.BigIntegerField(_("price, in hundredths of a credit"))
    # A key of messaging.calendar; empty: at any time.
    calendar = models.CharField(_("legal calendar"), max_length=64, blank=True, default="")
    state = models.CharField(
        _("status"), max_length=10, choices=BatchState.choices, default=BatchState.LOADED
    )
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    departed_at = models.DateTimeField(_("left at"), null=True, blank=True)
    # Set under the row's lock; a claim reads it under the same lock.
    cancel_requested = models.BooleanField(_("to be cancelled"), default=False)
    # Numbers the refunds of this batch: batch:<id>:<n>.
    refunds = models.PositiveIntegerField(_("refunds"), default=0)
    # Nothing more is expected from the carrier.
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # Numbers and texts were erased; counters speak for them.
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.UniqueConstraint(fields=["revision", "number"], name="batch_number_once"),
        ]
        indexes = [
            # The history of an account, newest first.
            models.Index(
                fields=["account", "-departed_at", "-id"],
                condition=Q(departed_at__isnull=False),
                name="batch_history",
            ),
            # The sweep: what is due.
            models.Index(fields=["not_before"], condition=Q(state="scheduled"), name="batch_due"),
            # The sweep: what is still leaving, and what the carrier keeps silent about.
            models.Index(
                fields=["departed_at"],
                condition=Q(state__in=["leaving", "left"], closed_at__isnull=True),
                name="batch_open",
            ),
            # Which batch holds the message with this position.
            models.Index(fields=["revision", "first_position"], name="batch_positions"),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id}/{self.number}"


class BatchCounter(models.Model):
    """How many messages of a batch have one status, by country and operator."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="counters")
    status = models.SmallIntegerField(choices=Status.choices)
    country = models.CharField(max_length=2)
    operator = models.CharField(max_length=40, blank=True, default="")
    messages = models.IntegerField()
    parts = models.BigIntegerField()
    price_hundredths = models.BigIntegerField()

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "status", "country", "operator"], name="counter_once"
            ),
            models.CheckConstraint(condition=Q(messages__gte=0), name="counter_never_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.status} {self.country} {self.operator}"


class HandOver(models.Model):
    """Up to 500 messages of a batch, given to the carrier in one call.

    `attempt` is the fencing token: whatever is recorded names the attempt it belongs to.
    """

    account = models.ForeignKey(
        SmsAccount, verbose_name=_("SMS account"), on_delete=models.PROTECT, related_name="+"
    )
    batch = models.ForeignKey(
        Batch, verbose_name=_("batch"), on_delete=models.PROTECT, related_name="hand_overs"
    )
    first_message_id = models.BigIntegerField(_("id of the first message"))
    last_message_id = models.BigIntegerField(_("id of the last message"))
    state = models.CharField(
        _("status"), max_length=10, choices=HandOverState.choices, default=HandOverState.READY
    )
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    # How often the carrier put it off; decides the next delay.
    put_off = models.PositiveIntegerField(_("times put off"), default=0)
    not_before = models.DateTimeField(_("not before"))
    # After this moment nothing of it is handed over any more.
    valid_until = models.DateTimeField(_("valid until"))
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=32, blank=True, default="")

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            models.UniqueConstraint(fields=["batch", "first_message_id"], name="hand_over_once"),
        ]
        indexes = [
            # A claim: what of an account waits longest. The sweep: whose hand-overs wait.
            models.Index(
                fields=["account", "not_before", "id"],
                condition=Q(state="ready"),
                name="hand_over_ready",
            ),
            # Recovery: claims whose lease ended.
            models.Index(
                fields=["lease_until"], condition=Q(state="claimed"), name="hand_over_claimed"
            ),
            # Fairness: how many hand-overs of an account are with the carrier.
            models.Index(
                fields=["account"], condition=Q(state="claimed"), name="hand_over_in_flight"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}@{self.first_message_id}"


class Message(models.Model):
    """One SMS to one recipient. Ids come from reserved blocks, so an insert names its id.

    The row is addressed by campaign UUID, revision number and position; the position follows from
    the batch. There is no foreign key in the database: it would be checked a million times for a
    batch written in the same transaction; `audit` checks it instead.
    """

    id = models.BigIntegerField(primary_key=True)
    batch = models.ForeignKey(
        Batch, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    recipient = models.CharField(_("recipient"), max_length=16)
    country = models.CharField(_("country"), max_length=2)
    # The holder of the number range; numbers move, so it is a guess.
    operator = models.CharField(_("operator"), max_length=40)
    parts = models.SmallIntegerField(_("parts"))
    price_hundredths = models.IntegerField(_("price"))
    # Only where it differs from the revision's text.
    text = models.TextField(_("text"), null=True)  # noqa: DJ001 (null = the revision's text)
    status = models.SmallIntegerField(_("status"), choices=Status.choices, null=True)
    reason = models.CharField(_("reason"), max_length=32, null=True)  # noqa: DJ001 (null = none)
    status_at = models.DateTimeField(_("since"), null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            # The exact number filter of the history.
            models.Index(fields=["recipient", "id"], name="message_recipient"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
