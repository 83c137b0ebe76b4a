"""Moving something planned: two at once, and while its batches begin to leave."""

import random
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db.models import F

from accounts.models import SmsAccount, TrailEntry, User
from messaging import campaigns, delivery, moving, segments
from messaging.models import Batch, BatchState, HandOver, Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 40
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 3)


def plan(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Plan a campaign of two batches for an hour later."""
    return scenes.confirmed(
        account, by, sender, now=now, numbers=scenes.numbers(6), due_at=now + HOUR
    )


def move(revision: Revision, by: User, *, to: datetime, now: datetime) -> Revision:
    """Move as a request of its own does, from the moment that was planned."""
    found = Revision.objects.get(pk=revision.pk)
    return moving.move(revision=found, by=by, seen=revision.due_at, due_at=to, now=now)


def naive(revision: Revision, *, to: datetime) -> None:
    """Move what was found planned, without holding it."""
    for batch in Batch.objects.filter(revision=revision):
        if batch.state == BatchState.SCHEDULED:
            # Room for somebody else, as on a busy machine; who holds the row needs not care.
            time.sleep(0.01)
            Batch.objects.filter(pk=batch.pk).update(not_before=to)


def let_leave(revision: Revision, *, at: datetime) -> None:
    """Let every batch leave that may at this moment."""
    for pk in Batch.objects.filter(revision=revision).order_by("pk").values_list("pk", flat=True):
        delivery.leave(batch_id=pk, clock=scenes.at(at))


def early(revision: Revision) -> int:
    """Count the batches that left before the moment they now have."""
    return Batch.objects.filter(revision=revision, departed_at__lt=F("not_before")).count()


def test_naive_move_comes_after_the_batch_has_left(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    due = now + HOUR

    def leaves_too_early() -> bool:
        revision = plan(account, alice, sender, now=now)
        crowd.at_once(
            [
                partial(naive, revision, to=due + HOUR),
                partial(let_leave, revision, at=due),
            ]
        )
        return early(revision) > 0

    crowd.show(leaves_too_early)


def test_a_move_and_a_departure_end_in_one_of_them(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    chance, ends = random.Random(7), Counter[str]()
    due = now + HOUR
    for _round in range(ROUNDS):
        revision = plan(account, alice, sender, now=now)
        late_move = partial(move, revision, alice, to=due + HOUR, now=now)
        results = crowd.staggered(chance, late_move, partial(let_leave, revision, at=due))

        revision.refresh_from_db()
        refused = [e for e in crowd.errors(results) if isinstance(e, campaigns.NoLongerPlanned)]
        assert crowd.errors(results) == refused
        assert early(revision) == 0
        moved = revision.due_at == due + HOUR
        assert moved is not bool(refused)
        assert revision.state == (RevisionState.SCHEDULED if moved else RevisionState.LEAVING)
        left = HandOver.objects.filter(batch__revision=revision).count()
        assert left == (0 if moved else 2)
        ends["moved" if moved else "left"] += 1
    assert len(ends) == 2, f"every round ended alike: {ends}"
    proofs.money_adds_up(account)


def test_of_two_who_move_it_one_is_told_that_the_other_was_quicker(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for _round in range(ROUNDS // 4):
        revision = plan(account, alice, sender, now=now)
        wishes = [now + n * HOUR for n in (2, 3)]

        results = crowd.at_once([partial(move, revision, alice, to=w, now=now) for w in wishes])

        (lost,) = crowd.errors(results)
        assert isinstance(lost, moving.MovedMeanwhile)
        (won,) = [r for r in results if isinstance(r, Revision)]
        revision.refresh_from_db()
        assert revision.due_at == revision.leaves_at == won.due_at
        batches = Batch.objects.filter(revision=revision)
        assert set(batches.values_list("not_before", flat=True)) == {won.due_at}
    assert TrailEntry.objects.filter(event="campaign.moved").count() == ROUNDS // 4


def test_the_same_move_by_many_is_made_once(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = plan(account, alice, sender, now=now)
    results = crowd.times(8, partial(move, revision, alice, to=now + 2 * HOUR, now=now))
    assert not crowd.errors(results)
    assert TrailEntry.objects.filter(event="campaign.moved").count() == 1


def test_a_move_and_a_cancellation_end_in_the_cancellation(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for _round in range(ROUNDS // 4):
        revision = plan(account, alice, sender, now=now)
        cancel = partial(
            campaigns.cancel, revision=Revision.objects.get(pk=revision.pk), by=alice, now=now
        )
        results = crowd.at_once(
            [partial(move, revision, alice, to=now + 2 * HOUR, now=now), cancel]
        )
        assert all(isinstance(e, campaigns.NoLongerPlanned) for e in crowd.errors(results))
        proofs.cancelled_cleanly(revision, sent=0)
        assert revision.leaves_at is None
    proofs.money_adds_up(account)


def test_two_batches_held_back_at_once_are_listed_by_when_they_may_leave(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    evening = now + 11 * HOUR
    for _round in range(ROUNDS // 4):
        revision = scenes.confirmed(
            account, alice, sender, now=now, numbers=scenes.numbers(6), is_commercial=True
        )
        batches = list(Batch.objects.filter(revision=revision))
        clock = scenes.at(evening)
        results = crowd.at_once(
            [partial(delivery.leave, batch_id=b.pk, clock=clock) for b in batches]
        )
        assert not crowd.errors(results)
        revision.refresh_from_db()
        assert revision.leaves_at == now + 22 * HOUR
