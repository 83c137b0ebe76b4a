"""A sender withdrawn while a campaign starts: how many messages reach the carrier afterwards."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts import intervals
from accounts.intervals import Interval
from accounts.models import SmsAccount, User
from messaging import delivery, segments
from messaging.carrier import base
from messaging.models import HandOver, HandOverState, Message, Revision, Status
from senders import review
from senders.models import SenderValidity
from tests import factories, scenes
from tests.races import crowd
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 12
MESSAGES = 24
CHUNK = 2
WORKERS = 2
# Seconds of a call to the carrier: what was claimed is in flight when the sender is withdrawn.
CALL = 0.05


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 12)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", CHUNK)


class Counting(NotingCarrier):
    """Counts what it is given after the withdrawal was answered."""

    def __init__(self, *, books: str, now: datetime) -> None:
        """Open the books; nothing was withdrawn yet."""
        super().__init__(books=books, now=now)
        self.started = threading.Event()
        self.withdrawn = threading.Event()
        self.late = 0

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        """Take as long as a carrier does, count the messages, then accept them."""
        threading.Event().wait(CALL)
        if self.withdrawn.is_set():
            self.late += len(chunk.recipients)
        if len(self.references) >= 2 * CHUNK:
            self.started.set()
        return super().submit(chunk, deadline=deadline)


def start_and_withdraw(
    account: SmsAccount, by: User, staff: User, *, name: str
) -> tuple[Revision, Counting]:
    """Let a campaign leave by two workers, and withdraw its sender once it has begun."""
    now = timezone.now()
    sender = factories.make_sender(account, name=name, now=now)
    revision = scenes.confirmed(account, by, sender, now=now, numbers=scenes.numbers(MESSAGES))
    carrier = Counting(books=":memory:", now=now + timedelta(seconds=1))

    def work(batches: Sequence[int]) -> None:
        for batch_id in batches:
            delivery.leave(batch_id=batch_id, clock=timezone.now)
        waiting = HandOver.objects.filter(batch__in=batches, state=HandOverState.READY)
        for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
            delivery.hand_over(hand_over_id=pk, carrier=carrier, clock=timezone.now)

    def withdraw() -> None:
        assert carrier.started.wait(crowd.PATIENCE)
        review.withdraw(sender=sender, by=staff, reason="fraud", clock=timezone.now)
        carrier.withdrawn.set()

    batches = list(revision.batches.order_by("pk").values_list("pk", flat=True))
    results = crowd.at_once([lambda: work(batches[:1]), lambda: work(batches[1:]), withdraw])
    assert not crowd.errors(results), crowd.errors(results)
    return revision, carrier


def proved(revision: Revision, carrier: Counting) -> int:
    """Prove that all left once or was skipped; give how many were skipped."""
    ids = [b.first_message_id for b in revision.batches.all()]
    rows = Message.objects.filter(pk__gte=min(ids), pk__lt=min(ids) + MESSAGES)
    skipped = rows.filter(status=Status.SKIPPED, reason="sender").count()
    assert len(carrier.references) == len(set(carrier.references))
    assert len(carrier.references) + skipped == MESSAGES
    return skipped


def test_control_a_claim_that_asked_for_the_sender_before_hands_over_afterwards(
    account: SmsAccount, alice: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if validity had been read once, when the campaign began.
    def valid(asked: list[Interval], *, at: datetime) -> list[bool]:
        return [each.model is SenderValidity for each in asked]

    monkeypatch.setattr(intervals, "cover", valid)
    name = (f"Naive{n}" for n in range(crowd.TRIES))

    def race() -> bool:
        _revision, carrier = start_and_withdraw(account, alice, sam, name=next(name))
        return carrier.late > WORKERS * CHUNK

    crowd.show(race)


def test_after_a_withdrawal_only_what_was_claimed_before_reaches_the_carrier(
    account: SmsAccount, alice: User, sam: User
) -> None:
    late, skipped = [], []
    for n in range(ROUNDS):
        revision, carrier = start_and_withdraw(account, alice, sam, name=f"Ours{n}")
        late.append(carrier.late)
        skipped.append(proved(revision, carrier))
    # Each worker may have one chunk in flight when the withdrawal is answered.
    assert max(late) <= WORKERS * CHUNK
    assert all(skipped), "a withdrawal that comes too late proves nothing"
    print(f"after the withdrawal: {late}, skipped: {skipped}")  # noqa: T201 (the figure of the proof)
