"""Replies: what people sent to our numbers, from the carrier's push to what became of it.

One row per SMS that came in: the inbox and the list of received SMS are the same table. It is
stored first, unique on the carrier's id, and judged later; `replies.inbound` moves the state, and
`replies.charging` opens what was locked:

    WAITING ──► OPEN       in time and charged: can be read
       ├──► LOCKED ──► OPEN     once there is credit for it
       ├──► STOPPED        a STOP: never charged
       └──► REFUSED        with its reason, for staff

A row has an account from the moment at which it belongs to a customer. One that waits or was
refused has none, so that nothing a customer may ask for can reach it. Rows tell codes; texts and
numbers are erased later, and `erased_at` says so.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import SmsAccount
from senders.models import Lease

EXCERPT_LENGTH = 60


class ReplyState(models.TextChoices):
    """Where a reply stands."""

    WAITING = "waiting", pgettext_lazy("reply", "Waiting")
    OPEN = "open", pgettext_lazy("reply", "Received")
    LOCKED = "locked", pgettext_lazy("reply", "Locked")
    STOPPED = "stopped", pgettext_lazy("reply", "STOP")
    REFUSED = "refused", pgettext_lazy("reply", "Refused")


class Refusal(models.TextChoices):
    """Why a reply was not taken into account."""

    LATE = "late", _("after the 48 hours")
    EARLY = "early", _("before the first message under the lease")
    UNCONFIRMED = "unconfirmed", _("the carrier never confirmed the message it answers")
    NOT_METROPOLITAN = "not_metropolitan", _("not from a mobile of metropolitan France")
    OTHER_PHONE = "other_phone", _("from another phone than the number is lent to")
    OTHER_NUMBER = "other_number", _("to another number than the phone was written from")
    UNKNOWN = "unknown", _("nobody wrote to this phone from this number")
    NO_STOP = "no_stop", _("to the STOP number, and no STOP")
    NO_SENDER = "no_sender", _("a STOP, and nobody sent the clause to this phone in 30 days")


class Reply(models.Model):
    """One SMS that came in."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    carrier = models.CharField(_("carrier"), max_length=20)
    carrier_id = models.CharField(_("id of the carrier"), max_length=64)
    phone = models.CharField(_("from"), max_length=16)
    number = models.CharField(_("to"), max_length=16)
    text = models.TextField(_("text"), blank=True)
    parts = models.PositiveSmallIntegerField(_("SMS"))
    # By the carrier's clock; it decides whether the reply is in time.
    received_at = models.DateTimeField(_("received"))
    stored_at = models.DateTimeField(_("stored at"))
    not_before = models.DateTimeField(_("not before"))
    state = models.CharField(
        _("status"), max_length=8, choices=ReplyState.choices, default=ReplyState.WAITING
    )
    refusal = models.CharField(
        _("reason"), max_length=16, choices=Refusal.choices, blank=True, default=""
    )
    decided_at = models.DateTimeField(_("judged at"), null=True, blank=True)
    account = models.ForeignKey(
        SmsAccount,
        verbose_name=_("SMS account"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replies",
        db_index=False,
    )
    lease = models.ForeignKey(
        Lease,
        verbose_name=_("lease"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replies",
        db_index=False,
    )
    # The message it answers, 0 if none is known; messaging owns the table.
    message_id = models.BigIntegerField(default=0)
    # What it costs, from the moment at which it is known to be in time.
    price_hundredths = models.BigIntegerField(_("price"), default=0)
    # When it was charged, and could be read.
    opened_at = models.DateTimeField(_("unlocked at"), null=True, blank=True)
    # The beginning of the text, to be listed and sorted by; empty as long as it is locked.
    excerpt = models.CharField(max_length=EXCERPT_LENGTH, blank=True, default="")
    # When somebody of the account who may answer it looked at it first.
    seen_at = models.DateTimeField(_("read at"), null=True, blank=True)
    # Number and text were erased.
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            models.UniqueConstraint(fields=["carrier", "carrier_id"], name="reply_once"),
            models.CheckConstraint(
                condition=Q(state="stopped")
                | Q(state__in=["waiting", "refused"], account__isnull=True)
                | Q(state__in=["open", "locked"], account__isnull=False, lease__isnull=False),
                name="reply_has_its_account",
            ),
            models.CheckConstraint(
                condition=Q(state="open", opened_at__isnull=False)
                | ~Q(state="open") & Q(opened_at__isnull=True),
                name="reply_open_is_charged",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "stopped"]) | Q(excerpt=""),
                name="reply_locked_shows_nothing",
            ),
            models.CheckConstraint(
                condition=Q(state="refused") & ~Q(refusal="") | ~Q(state="refused") & Q(refusal=""),
                name="reply_refused_for_a_reason",
            ),
        ]
        indexes = [
            # The inbox: the next to be judged.
            models.Index(
                fields=["not_before", "id"], condition=Q(state="waiting"), name="reply_waiting"
            ),
            # What can be opened once there is credit, oldest first.
            models.Index(
                fields=["account", "received_at", "id"],
                condition=Q(state="locked"),
                name="reply_locked",
            ),
            # How many of an account were not looked at.
            models.Index(
                fields=["account"],
                condition=Q(state__in=["open", "locked"], seen_at__isnull=True),
                name="reply_unseen",
            ),
            # The conversation under a lease.
            models.Index(fields=["lease", "received_at"], name="reply_conversation"),
            # The received SMS of an account, sorted by each column of the page. The second and the
            # third also serve its filter by number, newest first.
            *(
                models.Index(
                    fields=["account", *column, "received_at", "id"],
                    condition=Q(account__isnull=False),
                    name=f"reply_by_{name}",
                )
                for name, column in (
                    ("moment", ()),
                    ("phone", ("phone",)),
                    ("number", ("number",)),
                    ("text", ("excerpt",)),
                    ("message", ("message_id",)),
                    ("price", ("price_hundredths",)),
                    ("state", ("state",)),
                )
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def debit_reference(self) -> str:
        """The business event under which the ledger charges this reply once."""
        return f"reply:{self.uuid}"

    @property
    def is_locked(self) -> bool:
        """Whether credit is missing to read it."""
        return self.state == ReplyState.LOCKED
