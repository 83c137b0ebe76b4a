"""The carrier's short numbers, and the numbers lent to phones.

A lease lends a number to one phone of one account, so that what this phone sends to the number is
known to be an answer. `senders.leases` takes and closes leases; none is removed, because a late
answer still has to find the one it belongs to.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import SmsAccount


class ShortNumber(models.Model):
    """A short number of the carrier's pool, as the carrier named it last.

    One that left the pool is drawn no more; the leases that name it stay.
    """

    number = models.CharField(_("number"), max_length=5, unique=True)
    is_active = models.BooleanField(_("in the pool"), default=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("short number")
        verbose_name_plural = _("short numbers")

    def __str__(self) -> str:
        return self.number


class LeaseKind(models.TextChoices):
    """What kind of number is lent."""

    SHORT = "short", _("Short number")
    VIRTUAL = "virtual", _("Virtual number")


class Lease(models.Model):
    """A number lent to one phone of one account.

    Open, messages of the account to the phone bear the number. A short one closes 48 hours after
    the last message, and the pair is held for 30 days more: nobody else gets it meanwhile.
    Expiry is a change of columns, because no index can ask for the time.
    """

    # Not checked by the database for each of thousands of rows of one account; `audit` does.
    account = models.ForeignKey(
        SmsAccount,
        verbose_name=_("SMS account"),
        on_delete=models.PROTECT,
        related_name="leases",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(_("kind"), max_length=8, choices=LeaseKind.choices)
    number = models.CharField(_("number"), max_length=16)
    phone = models.CharField(_("recipient"), max_length=16)
    is_open = models.BooleanField(_("open"), default=True)
    is_held = models.BooleanField(_("held"), default=True)
    opened_at = models.DateTimeField(_("since"))
    # May be closed from this moment on; moved by each message.
    expires_at = models.DateTimeField(_("until"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # By the carrier's clock: when it accepted the first and the last message under this lease.
    # Empty: none yet, or the answer is not recorded yet.
    first_accepted_at = models.DateTimeField(
        _("first accepted by the carrier at"), null=True, blank=True
    )
    accepted_at = models.DateTimeField(_("last accepted by the carrier at"), null=True, blank=True)
    # The last message under this lease; messaging owns the table.
    message_id = models.BigIntegerField(_("id of the last message"), null=True, blank=True)
    last_reply_at = models.DateTimeField(_("last reply at"), null=True, blank=True)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")
        constraints = [
            # Whose is an answer from this phone to this number: one lease, also when it is late.
            models.UniqueConstraint(
                fields=["number", "phone"], condition=Q(is_held=True), name="lease_held_once"
            ),
            # The number that an account uses for a phone; also the look-up at each hand-over.
            models.UniqueConstraint(
                fields=["phone", "account"],
                condition=Q(is_open=True, kind=LeaseKind.SHORT),
                name="lease_open_once",
            ),
            models.CheckConstraint(
                condition=Q(is_held=True) | Q(is_open=False), name="lease_open_is_held"
            ),
        ]
        indexes = [
            # The sweep: what may be closed.
            models.Index(fields=["expires_at"], condition=Q(is_open=True), name="lease_expiring"),
            # The sweep: what need no longer be held.
            models.Index(
                fields=["closed_at"],
                condition=Q(is_held=True, is_open=False),
                name="lease_to_release",
            ),
            # What is held for a phone beside open ones; which number a message bore long ago.
            models.Index(
                fields=["phone", "account"], condition=Q(is_open=False), name="lease_closed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
