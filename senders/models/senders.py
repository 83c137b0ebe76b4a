"""Senders, and the stretches of time in which each was valid.

    waiting ──► enabled ◄──► disabled (by the owner)
     ▲ └──► refused  ├────────────┼──► withdrawn (by staff)
     │         │     └────────────┴──► ended (the term of a virtual number is over)
     └─────────┘ asked again; a waiting, enabled, disabled or refused name may be removed by its
                 owner, and waits when it is asked for again

`senders.review` moves the state and keeps the intervals; a hand-over asks whether the sender was
valid at its moment, so an interval is closed, never removed. What each kind may do: `kinds`.
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
    REMOVED = "removed", _("Removed")


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
    # What the eye makes of a name (`senders.rules`), to find those that look like it.
    skeleton = models.CharField(max_length=16, blank=True, default="", editable=False)
    description = models.CharField(_("description"), max_length=40, blank=True, default="")
    state = models.CharField(
        _("status"), max_length=10, choices=SenderState.choices, default=SenderState.WAITING
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # Of a virtual number: until when its account has it.
    term_ends_at = models.DateTimeField(_("end of the term"), null=True, blank=True)
    # What a new message of the account bears unless somebody chooses another.
    is_default = models.BooleanField(_("default sender"), default=False)
    # When something last left under it, to the minute; messaging notes it.
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="sender_once_per_account"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_default=True), name="sender_one_default"
            ),
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
        indexes = [
            # The desk: names that look alike.
            models.Index(fields=["skeleton"], condition=~Q(skeleton=""), name="sender_by_skeleton"),
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
