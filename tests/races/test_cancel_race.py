"""Cancelling while batches leave, are claimed and are handed over."""

import random
import time
from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.models import SmsAccount, User
from messaging import campaigns, claims, closing, delivery, segments
from messaging.models import (
    Batch,
    HandOver,
    HandOverState,
    Message,
    Revision,
    RevisionState,
    Status,
)
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 104


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 4)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 2)


def plan(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Confirm a campaign of two batches, of two hand-overs and of one."""
    quoted = scenes.compose(account, by, sender, now=now, numbers=scenes.numbers(6))
    return campaigns.confirm(
        revision=quoted, by=by, total_hundredths=quoted.total_hundredths, now=now
    )


def let_leave(revision: Revision, *, now: datetime) -> None:
    """Let the batches leave, one after the other."""
    for pk in Batch.objects.filter(revision=revision).order_by("pk").values_list("pk", flat=True):
        delivery.leave(batch_id=pk, clock=scenes.at(now))


def hand_over(revision: Revision, carrier: NotingCarrier, *, now: datetime) -> None:
    """Hand over what waits, whatever becomes of it meanwhile."""
    waiting = HandOver.objects.filter(batch__revision=revision, state=HandOverState.READY)
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        delivery.hand_over(hand_over_id=pk, carrier=carrier, clock=scenes.at(now))


def undisturbed(
    account: SmsAccount, by: User, sender: Sender, carrier: NotingCarrier, *, now: datetime
) -> float:
    """Give the seconds that leaving and handing over take when nobody cancels."""
    revision = plan(account, by, sender, now=now)
    begun = time.monotonic()
    let_leave(revision, now=now)
    hand_over(revision, carrier, now=now)
    return time.monotonic() - begun


def cancel_after(seconds: float, revision: Revision, by: User, *, now: datetime) -> None:
    """Cancel a little later; that all has left by then is fine."""
    # The offset is what the race is about, not a wait for something.
    time.sleep(seconds)
    try:
        campaigns.cancel(revision=Revision.objects.get(pk=revision.pk), by=by, now=now)
    except campaigns.NotCancellable:
        return


def test_naive_hand_over_goes_out_after_the_cancellation(
    account: SmsAccount, alice: User, sender: Sender, carrier: NotingCarrier, now: datetime
) -> None:
    def naive(revision: Revision) -> None:
        waiting = HandOver.objects.filter(
            batch__revision=revision, batch__cancel_requested=False, state=HandOverState.READY
        )
        for found in list(waiting):
            claimed = claims.as_it_stands(hand_over_id=found.pk)
            carrier.submit(claimed.chunk, deadline=1.0)
            waiting.filter(pk=found.pk).update(state=HandOverState.ANSWERED)

    def goes_out_late() -> bool:
        revision = plan(account, alice, sender, now=now)
        scenes.leave_all(revision, now=now)
        carrier.references.clear()
        crowd.at_once(
            [lambda: naive(revision), lambda: cancel_after(0.0, revision, alice, now=now)]
        )
        closing.settle_cancelled(revision_id=revision.pk, now=now)
        given_back = Message.objects.filter(
            batch__revision=revision, status=Status.CANCELLED
        ).count()
        return len(carrier.references) + given_back > revision.messages

    crowd.show(goes_out_late)


@pytest.mark.parametrize("has_left", [False, True], ids=["before it leaves", "once it left"])
def test_a_cancellation_pays_for_what_was_sent_and_no_more(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: NotingCarrier,
    now: datetime,
    has_left: bool,
) -> None:
    chance, ends = random.Random(7), []
    longest = undisturbed(account, alice, sender, carrier, now=now)
    for _round in range(ROUNDS // 2):
        revision = plan(account, alice, sender, now=now)
        if has_left:
            let_leave(revision, now=now)
        carrier.references.clear()

        def work(planned: Revision = revision) -> None:
            let_leave(planned, now=now)
            hand_over(planned, carrier, now=now)

        cancel = partial(cancel_after, chance.uniform(0, longest), revision, alice, now=now)
        results = crowd.at_once([work, work, cancel])
        # What a worker left for later, as the sweep would find it.
        hand_over(revision, carrier, now=now + timedelta(seconds=1))
        closing.settle_cancelled(revision_id=revision.pk, now=now)

        assert not crowd.errors(results)
        assert len(set(carrier.references)) == len(carrier.references)
        proofs.cancelled_cleanly(revision, sent=len(carrier.references))
        ends.append(len(carrier.references))
    assert not {RevisionState.CANCELLED, RevisionState.LEFT} & set(carrier.states)
    assert len(set(ends)) > 1, f"every round ended alike ({ends[0]} sent): nothing raced"
    proofs.money_adds_up(account)
