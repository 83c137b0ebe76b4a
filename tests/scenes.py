"""Scenes of messaging, set through the real doors: drafts, campaigns, hand-overs, receipts."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import SmsAccount, User
from messaging import audience, campaigns, composing, delivery, quote, receipts, revisions
from messaging.carrier import base
from messaging.carrier.simulator.outcomes import Ending
from messaging.composing import Draft
from messaging.models import Batch, BatchState, HandOver, HandOverState, Revision, SourceKind
from senders.models import Sender

PHONE = "+33612345678"


def phone_ending(ending: Ending) -> str:
    """Give a valid number for which the simulated carrier has this outcome in store."""
    return "+336" + "12345678"[: 8 - len(ending)] + ending


def at(moment: datetime) -> Callable[[], datetime]:
    """Give a clock that stands still."""
    return lambda: moment


def numbers(count: int) -> tuple[str, ...]:
    """Give different valid mobile numbers of metropolitan France."""
    return tuple(f"+336123{n:05d}" for n in range(count))


def make_draft(sender: Sender, **changes: Any) -> Draft:
    """Write a non-commercial draft to one phone; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "key": uuid.uuid4(),
        "sender": sender,
        "numbers": (PHONE,),
        "text": "Votre commande est prete.",
        "is_commercial": False,
        "message_class": "standard",
        "due_at": None,
        "replaces": None,
    }
    return Draft(**(fields | changes))


def compose(
    account: SmsAccount, by: User, sender: Sender, *, now: datetime, **changes: Any
) -> Revision:
    """Compose a draft and give its revision as it stands in the database."""
    revision = composing.compose(
        account=account, by=by, draft=make_draft(sender, **changes), now=now
    )
    revision.refresh_from_db()
    return revision


def confirmed(
    account: SmsAccount, by: User, sender: Sender, *, now: datetime, **changes: Any
) -> Revision:
    """Compose and confirm a draft, and give its revision as it stands in the database."""
    revision = compose(account, by, sender, now=now, **changes)
    campaigns.confirm(revision=revision, by=by, total_hundredths=revision.total_hundredths, now=now)
    revision.refresh_from_db()
    return revision


def compose_personalised(
    revision: Revision, rows: Sequence[tuple[str, dict[str, str]]], *, now: datetime
) -> Revision:
    """Quote the words of a revision again, to the rows of a list alone."""
    quote.drop(revision=revision)
    revision.sources.all().delete()
    revision.rows_total = 0
    revisions.reset_quote(revision, now=now)
    revision.save()
    audience.freeze(revision=revision, kind=SourceKind.LIST, rows=rows, chunk_size=40)
    quote.load_by_id(revision_id=revision.pk, clock=at(now))
    revision.refresh_from_db()
    return revision


def leave_all(revision: Revision, *, now: datetime) -> list[HandOver]:
    """Let every due batch of a revision leave and give its hand-overs."""
    due = revision.batches.filter(state=BatchState.SCHEDULED).values_list("pk", flat=True)
    for batch_id in list(due):
        delivery.leave(batch_id=batch_id, clock=at(now))
    return list(HandOver.objects.filter(batch__revision=revision).order_by("pk"))


def hand_over_all(revision: Revision, carrier: base.Carrier, *, now: datetime) -> None:
    """Let a revision leave and hand over what may be handed over at this moment."""
    leave_all(revision, now=now)
    waiting = HandOver.objects.filter(batch__revision=revision, state=HandOverState.READY)
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        delivery.hand_over(hand_over_id=pk, carrier=carrier, clock=at(now))


def receive(told: list[base.Receipt], *, now: datetime) -> None:
    """Put receipts into the inbox and apply all that waits."""
    receipts.store(carrier="simulated", receipts=told, now=now)
    while receipts.apply_group(now=now):
        pass


def receipt(revision: Revision, position: int, *, now: datetime, **changes: Any) -> base.Receipt:
    """Write the receipt of one message of a revision: delivered, unless `changes` say else."""
    fields: dict[str, Any] = {
        "carrier_id": f"{revision.pk}-{position}",
        "reference": f"{revision.campaign.uuid}:{revision.number}:{position}",
        "state": base.ReceiptState.DELIVERED,
        "code": base.Cause.NONE,
        "billed": True,
        "operator": "",
        "at": now + timedelta(seconds=1),
    }
    return base.Receipt(**(fields | changes))


def batch_of(revision: Revision) -> Batch:
    """Give the only batch of a revision."""
    return Batch.objects.get(revision=revision)
