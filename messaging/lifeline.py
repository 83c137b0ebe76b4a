"""The life of one message, step by step, as far as it went.

Put together from what every step left behind: the revision, its ledger entry, the batch, the
hand-over and the message itself. Reads only; templates word the steps.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.models import CreditEntry, EntryKind, User
from messaging import history
from messaging.history import Line
from messaging.models import HandOver, HandOverState, Status
from senders import leases
from senders.models import SenderKind

# Messages that no number was used for.
NEVER_SENT = (Status.SKIPPED, Status.REFUSED, Status.CANCELLED, Status.NOT_SENT)


class Step(StrEnum):
    """What happened to a message, in the order of its life."""

    COMPOSED = "composed"
    CONFIRMED = "confirmed"
    DEBITED = "debited"
    DUE = "due"
    LEFT = "left"
    HANDED_OVER = "handed-over"
    ACCEPTED = "accepted"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step with its moment; `amount_hundredths` and `attempts` where they mean something."""

    step: Step
    at: datetime
    by: User | None = None
    amount_hundredths: int = 0
    attempts: int = 0


def of(*, line: Line) -> list[Event]:
    """Give the steps of a message so far, and the moment it is due if that is still to come."""
    revision, batch, message = line.batch.revision, line.batch, line.message
    events = [
        _event(Step.COMPOSED, revision.created_at, by=revision.created_by),
        _event(Step.CONFIRMED, revision.confirmed_at, by=revision.confirmed_by),
    ]
    debit = CreditEntry.objects.filter(
        account_id=revision.account_id, kind=EntryKind.CAMPAIGN, reference=revision.debit_reference
    ).first()
    if debit:
        events.append(_event(Step.DEBITED, debit.created_at, amount=-debit.amount_hundredths))
    events.append(_event(Step.DUE, batch.not_before))
    events.append(_event(Step.LEFT, batch.departed_at))
    events += _carried(history.hand_over_of(line=line))
    events.append(_event(Step.OUTCOME, message.status_at))
    return [event for event in events if event is not None]


def short_number_of(*, line: Line) -> str:
    """Give the short number that a message was sent from, "" if it was not.

    It is that of the lease which was open when the message was handed over.
    """
    revision, message = line.batch.revision, line.message
    hand_over = history.hand_over_of(line=line)
    if revision.sender.kind != SenderKind.SHORT or message.status in NEVER_SENT:
        return ""
    if hand_over is None or hand_over.claimed_at is None:
        return ""
    return leases.numbers_at(
        account_id=revision.account_id, phones=[message.recipient], at=hand_over.claimed_at
    ).get(message.recipient, "")


def _carried(hand_over: HandOver | None) -> list[Event | None]:
    if hand_over is None or hand_over.claimed_at is None:
        return []
    is_answered = hand_over.state == HandOverState.ANSWERED
    return [
        _event(Step.HANDED_OVER, hand_over.claimed_at, attempts=hand_over.attempt),
        _event(Step.ACCEPTED, hand_over.answered_at) if is_answered else None,
    ]


def _event(
    step: Step, at: datetime | None, *, by: User | None = None, amount: int = 0, attempts: int = 0
) -> Event | None:
    if at is None:
        return None
    return Event(step=step, at=at, by=by, amount_hundredths=amount, attempts=attempts)
