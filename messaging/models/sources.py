"""To whom: frozen sources of recipients, refused rows and opt-outs.

A source is written once, before its quote is loaded, and never changed: a loader that dies
resumes from it. Its rows lie in chunks, as JSON text of `[number as given, values or null]`,
because they are only ever read from front to back and a million small rows would double the work
of loading. The position of a row counts from 1 over all sources of the revision in their order.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import SmsAccount
from messaging.models.campaigns import Revision


class SourceKind(models.TextChoices):
    """Where recipients come from, in the order in which the first one wins."""

    TYPED = "typed", _("Typed numbers")
    # Its rows carry values by column, so its texts are personalised.
    LIST = "list", _("Recipient list")


class RecipientSource(models.Model):
    """One origin of recipients of a revision."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="sources")
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=SourceKind.choices)
    first_position = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("source of recipients")
        verbose_name_plural = _("sources of recipients")
        constraints = [
            models.UniqueConstraint(fields=["revision", "ordinal"], name="source_ordinal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id}/{self.ordinal}"


class SourceChunk(models.Model):
    """A stretch of rows of a source."""

    source = models.ForeignKey(RecipientSource, on_delete=models.CASCADE, related_name="chunks")
    first_position = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    content = models.TextField()

    class Meta:
        verbose_name = _("chunk of recipients")
        verbose_name_plural = _("chunks of recipients")
        constraints = [
            models.UniqueConstraint(fields=["source", "first_position"], name="chunk_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}@{self.first_position}"


class RefusedRow(models.Model):
    """A row that becomes no message, with its reason; the rest goes on."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="refused_rows")
    position = models.PositiveIntegerField()
    given = models.CharField(max_length=80)
    reason = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("refused row")
        verbose_name_plural = _("refused rows")
        constraints = [
            models.UniqueConstraint(fields=["revision", "position"], name="refused_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id}@{self.position} {self.reason}"


class OptOutCause(models.TextChoices):
    """How a number came to be opted out."""

    STOP = "stop", _("STOP received")
    MANUAL = "manual", _("Added by hand")


class OptOut(models.Model):
    """A stretch of time in which a phone must not get an account's messages; `until` empty = still.

    Closed, never removed: the audit asks what held at the moment of a hand-over.
    """

    account = models.ForeignKey(
        SmsAccount, verbose_name=_("SMS account"), on_delete=models.PROTECT, related_name="opt_outs"
    )
    phone = models.CharField(_("number"), max_length=16)
    cause = models.CharField(_("cause"), max_length=8, choices=OptOutCause.choices)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = [
            # Also the look-up at quote and at each hand-over.
            models.UniqueConstraint(
                fields=["account", "phone"], condition=Q(until__isnull=True), name="opt_out_once"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="opt_out_never_backwards",
            ),
        ]
        indexes = [
            # The list of an account, newest first.
            models.Index(
                fields=["account", "since", "id"],
                condition=Q(until__isnull=True),
                name="opt_out_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.pk}"
