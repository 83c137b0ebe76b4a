"""E-mails that staff and customers are owed: a row for each receiver, until it was sent."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from senders.models.requests import Decision
from senders.models.senders import Sender


class NoticeKind(models.TextChoices):
    """What an e-mail tells."""

    DECIDED = "decided", _("A request was decided")
    WITHDRAWN = "withdrawn", _("A sender was withdrawn")
    LOST = "lost", _("A sender is lost to what was planned")
    LATE = "late", _("Promises were missed")


class SenderNotice(models.Model):
    """An e-mail to one person; worded when it is sent, in that person's language.

    Sent at least once: the e-mail's id is that of the row, so that a repetition can be told.
    """

    uuid = models.UUIDField(_("id"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=NoticeKind.choices)
    to = models.ForeignKey(User, verbose_name=_("to"), on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey(
        Sender,
        verbose_name=_("sender"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    decision = models.ForeignKey(
        Decision,
        verbose_name=_("decision"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    # Of a withdrawal: the reason, as staff typed it.
    text = models.CharField(_("message"), max_length=250, blank=True, default="")
    # Of missed promises, or of what was planned under a lost sender: how many.
    count = models.PositiveIntegerField(_("count"), default=0)
    created_at = models.DateTimeField(_("created"))
    # Doubles as a claim: whoever sends it moves this on first.
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice by e-mail")
        verbose_name_plural = _("notices by e-mail")
        indexes = [
            # The sweep: what is owed.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(sent_at__isnull=True),
                name="notice_owed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"
