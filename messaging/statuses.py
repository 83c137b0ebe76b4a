"""The status a person is shown for a message, in words, with its reason.

Shown is the message's own status, else its hand-over's, else its batch's. Rows store codes; the
words are here, so that each reader gets them in their language.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.models import Batch, BatchState, HandOver, HandOverState, Message, Status


class Shown(models.TextChoices):
    """What a message may be said to be; also the choices of the history's filter."""

    PLANNED = "planned", pgettext_lazy("message", "Planned")
    WAITING = "waiting", pgettext_lazy("message", "Waiting")
    SENT = "sent", pgettext_lazy("message", "Sent")
    DELIVERED = "delivered", pgettext_lazy("message", "Delivered")
    FAILED = "failed", pgettext_lazy("message", "Not delivered")
    EXPIRED = "expired", pgettext_lazy("message", "Expired")
    REJECTED = "rejected", pgettext_lazy("message", "Rejected")
    SKIPPED = "skipped", pgettext_lazy("message", "Skipped")
    REFUSED = "refused", pgettext_lazy("message", "Refused")
    CANCELLED = "cancelled", pgettext_lazy("message", "Cancelled")
    NOT_SENT = "not-sent", pgettext_lazy("message", "Never left")
    UNKNOWN = "unknown", pgettext_lazy("message", "Unknown")


class Tone(StrEnum):
    """How a badge looks: what it means is always said in words as well."""

    GOOD = "good"
    BUSY = "busy"
    BAD = "bad"
    QUIET = "quiet"


OF_STATUS = {
    Status.ACCEPTED: Shown.SENT,
    Status.UNKNOWN: Shown.UNKNOWN,
    Status.DELIVERED: Shown.DELIVERED,
    Status.FAILED: Shown.FAILED,
    Status.EXPIRED: Shown.EXPIRED,
    Status.REJECTED: Shown.REJECTED,
    Status.NOT_BILLED: Shown.REJECTED,
    Status.SKIPPED: Shown.SKIPPED,
    Status.REFUSED: Shown.REFUSED,
    Status.CANCELLED: Shown.CANCELLED,
    Status.NOT_SENT: Shown.NOT_SENT,
}

TONES = {
    Shown.DELIVERED: Tone.GOOD,
    Shown.PLANNED: Tone.BUSY,
    Shown.WAITING: Tone.BUSY,
    Shown.SENT: Tone.BUSY,
    Shown.FAILED: Tone.BAD,
    Shown.EXPIRED: Tone.BAD,
    Shown.REJECTED: Tone.BAD,
    Shown.REFUSED: Tone.BAD,
    Shown.SKIPPED: Tone.QUIET,
    Shown.CANCELLED: Tone.QUIET,
    Shown.NOT_SENT: Tone.BAD,
    Shown.UNKNOWN: Tone.QUIET,
}

# Reasons of messages: of the carrier's receipts and refusals, and our own.
REASONS: dict[str, Promise] = {
    "absent": _("The phone is switched off or out of reach."),
    "full": _("The memory of the phone is full."),
    "barred": _("The line does not accept SMS."),
    "blocked": _("The recipient's operator blocked it."),
    "invalid_number": _("The number is not in use; do not write to it again."),
    "incapable": _("The phone cannot receive SMS."),
    "no_credit": _("The recipient's line is out of credit."),
    "spam": _("The operator took it for spam."),
    "content": _("The operator does not allow this text."),
    "network": _("The network failed for a while."),
    "other": _("The operator gives no details."),
    "number": _("The carrier does not serve this number."),
    "sender": _("The sender is no longer enabled."),
    "destination": _("The carrier does not serve this destination."),
    "text": _("The carrier does not take this text."),
    "too_long": _("The text is too long for the carrier."),
    "no_number": _("No number that allows a reply was free for this recipient."),
    "validity": _("It could not leave within 48 hours."),
    "malformed": _("The carrier did not understand our request."),
    "too_large": _("The carrier did not understand our request."),
    "opted_out": _("The recipient opted out (STOP)."),
    "unanswered": _("The carrier did not say what became of it."),
    "silence": _("No news from the operator for 72 hours."),
}

# Why a hand-over waits.
TROUBLES: dict[str, Promise] = {
    "legal_hours": _("It waits for legal hours."),
    "suspended": _("The account is suspended."),
    "throttled": _("The carrier asked us to slow down."),
    "unavailable": _("The carrier cannot be reached for the moment."),
    "misconfigured": _("The carrier cannot be reached for the moment."),
    "unanswered": _("We are asking the carrier what became of it."),
    "no_pool": _("The carrier has not named its short numbers yet."),
    "partial": _("It is being handed over again."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStatus:
    """A status with its reason ("" if none) and since when it holds."""

    shown: Shown
    reason: Promise | str
    since: datetime | None
    is_refunded: bool

    @property
    def tone(self) -> Tone:
        """How its badge looks."""
        return TONES[self.shown]

    @property
    def is_moving(self) -> bool:
        """Whether it is worth looking again soon."""
        return self.shown in (Shown.PLANNED, Shown.WAITING, Shown.SENT)


def of(*, message: Message, hand_over: HandOver | None, batch: Batch) -> ShownStatus:
    """Give what to show for a message; `hand_over` is the one that holds it, once it left."""
    if message.status is not None:
        status = Status(message.status)
        return ShownStatus(
            shown=OF_STATUS[status],
            reason=REASONS.get(message.reason or "", ""),
            since=message.status_at,
            is_refunded=status.is_refunded,
        )
    if hand_over is not None:
        is_answered = hand_over.state == HandOverState.ANSWERED
        return ShownStatus(
            shown=Shown.SENT if is_answered else Shown.WAITING,
            reason="" if is_answered else TROUBLES.get(hand_over.trouble, ""),
            since=hand_over.answered_at if is_answered else batch.departed_at,
            is_refunded=False,
        )
    is_cancelled = batch.state == BatchState.CANCELLED
    return ShownStatus(
        shown=Shown.CANCELLED if is_cancelled else Shown.PLANNED,
        reason="",
        since=None,
        is_refunded=is_cancelled,
    )
