"""Why something planned waits, and until when: worked out from its batches and hand-overs.

Pure: rows are given, no clock is read. The words are here, so that each reader gets them in their
language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models import HandOverState, RevisionState


class Hold(models.TextChoices):
    """What a campaign that is on its way waits for."""

    DEFERRED = "deferred", _("Deferred")
    LEGAL_HOURS = "legal-hours", _("Waits for legal hours")
    SUSPENDED = "suspended", _("Account suspended")
    HANDING_OVER = "handing-over", _("Being handed over")
    PUT_OFF = "put-off", _("Put off by the carrier")
    CANCELLING = "cancelling", _("Cancelling")
    SENDER = "sender", _("Sender not enabled")


# How its badge looks: tone and icon.
LOOKS: dict[Hold, tuple[str, str]] = {
    Hold.DEFERRED: ("quiet", "calendar-clock"),
    Hold.LEGAL_HOURS: ("wait", "hourglass"),
    Hold.SUSPENDED: ("bad", "pause"),
    Hold.HANDING_OVER: ("busy", "loader"),
    Hold.PUT_OFF: ("wait", "timer"),
    Hold.CANCELLING: ("busy", "loader"),
    Hold.SENDER: ("bad", "user-x"),
}

# What the trouble of a hand-over makes it wait for; any other is the carrier's.
_OF_TROUBLE = {"legal_hours": Hold.LEGAL_HOURS, "suspended": Hold.SUSPENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Hand-overs of a revision in one open state with one trouble; `at` is the first moment."""

    state: HandOverState
    trouble: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What it waits for, and the moment at which it goes on; None: when what is under way ends."""

    hold: Hold
    until: datetime | None


def of(
    *,
    state: RevisionState,
    due_at: datetime | None,
    planned: Sequence[datetime],
    waiting: Sequence[Waiting],
    is_suspended: bool,
    is_sender_enabled: bool,
    now: datetime,
) -> Held:
    """Tell what a revision waits for.

    `planned` are the moments of the batches that have not left, `waiting` its open hand-overs. What
    bears a sender that is not enabled is skipped and given back when its moment comes.
    """
    if state is RevisionState.CANCELLING:
        return Held(hold=Hold.CANCELLING, until=None)
    if not is_sender_enabled:
        moments = [m for m in (*planned, *(w.at for w in waiting)) if m > now]
        return Held(hold=Hold.SENDER, until=min(moments, default=None))
    if waiting:
        return _of_hand_overs(waiting, is_suspended=is_suspended)
    first = min(planned, default=now)
    if first <= now:
        return Held(hold=Hold.HANDING_OVER, until=None)
    is_deferred = due_at is not None and first <= due_at
    return Held(hold=Hold.DEFERRED if is_deferred else Hold.LEGAL_HOURS, until=first)


def _of_hand_overs(waiting: Sequence[Waiting], *, is_suspended: bool) -> Held:
    in_trouble = [w for w in waiting if w.trouble]
    if any(w.state is HandOverState.CLAIMED for w in waiting) or not (in_trouble or is_suspended):
        return Held(hold=Hold.HANDING_OVER, until=None)
    if is_suspended:
        return Held(hold=Hold.SUSPENDED, until=None)
    first = min(in_trouble, key=lambda w: w.at)
    return Held(hold=_OF_TROUBLE.get(first.trouble, Hold.PUT_OFF), until=first.at)
