"""Senders, the stretches of time in which each was valid, and the numbers lent to phones.

    waiting ──► enabled ◄──► disabled (by the owner)
       └──► refused  ├────────────┼──► withdrawn (by staff)
                     └────────────┴──► ended (the term of a virtual number is over)

`senders.review` moves the state and keeps the intervals; a hand-over asks whether the sender was
valid at its moment, so an interval is closed, never removed. What each kind may do: `kinds`.

A lease lends a number to one phone of one account, so that what this phone sends to the number is
known to be an answer. `senders.leases` takes and closes leases; none is removed, because a late
answer still has to find the one it belongs to.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import phones
from accounts.models import SmsAccount


class SenderKind(models.TextChoices):
    """What a recipient sees as the origin of a message."""

    ALPHANUMERIC = "alpha", _("Alphanumeric sender")
    SHORT = "short", _("Short number")
    VIRTUAL = "virtual", _("Virtual number")


class SenderState(models.TextChoices):
    """Where a sender stands; only an enabled one may be chosen."""

    WAITING = "waiting", _("Waiting for validation")
    ENABLED = "enabled", _("Enabled")
    REFUSED = "refused", _("Refused")
    DISABLED = "disabled", _("Disabled")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED = "ended", _("Ended")


SHORT_NAME = "#short"


class Sender(models.Model):
    """What an account sends under: a name, its virtual number, or short numbers of the carrier."""

    account = models.ForeignKey(
        SmsAccount, verbose_name=_("SMS account"), on_delete=models.PROTECT, related_name="senders"
    )
    kind = models.CharField(
        _("kind"), max_length=8, choices=SenderKind.choices, default=SenderKind.ALPHANUMERIC
    )
    # A name; the virtual number in E.164; SHORT_NAME, which no name may be, for the short number.
    name = models.CharField(_("name"), max_length=16)
    description = models.CharField(_("description"), max_length=40, blank=True, default="")
    state = models.CharField(
        _("status"), max_length=10, choices=SenderState.choices, default=SenderState.WAITING
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # Of a virtual number: until when its account has it.
    term_ends_at = models.DateTimeField(_("end of the term"), null=True, blank=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="sender_once_per_account"),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(
                    kind=SenderKind.VIRTUAL, state__in=[SenderState.ENABLED, SenderState.DISABLED]
                ),
                name="virtual_number_of_one_account",
            ),
            models.CheckConstraint(
                condition=Q(kind=SenderKind.VIRTUAL, term_ends_at__isnull=False)
                | ~Q(kind=SenderKind.VIRTUAL) & Q(term_ends_at__isnull=True),
                name="sender_term_of_virtual_numbers",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people read as the sender, in their language; `name` is for programs."""
        if self.kind == SenderKind.SHORT:
            return gettext("Short number (allows a reply)")
        if self.kind == SenderKind.VIRTUAL:
            number = phones.display(self.name)
            return gettext("%(number)s (virtual number, allows replies)") % {"number": number}
        return self.name

    @property
    def short_label(self) -> str:
        """What people read in a column of a list, where there is room for a name."""
        if self.kind == SenderKind.SHORT:
            return gettext("Short number")
        return phones.display(self.name) if self.kind == SenderKind.VIRTUAL else self.name


class VirtualNumber(Sender):
    """A sender of that kind, as staff see it in the admin site."""

    class Meta:
        proxy = True
        verbose_name = _("virtual number")
        verbose_name_plural = _("virtual numbers")


class SenderValidity(models.Model):
    """A stretch of time in which a sender was enabled; `until` empty = still."""

    sender = models.ForeignKey(
        Sender, verbose_name=_("sender"), on_delete=models.PROTECT, related_name="validities"
    )
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
