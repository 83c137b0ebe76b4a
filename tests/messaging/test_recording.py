"""What the carrier answered is recorded, with the next claim or without one."""

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import pytest

from accounts import suspension
from accounts.models import SmsAccount, User
from messaging import claims, closing, delivery, hand_overs, recording, segments
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.claims import Claim
from messaging.models import Batch, BatchState, HandOver, HandOverState, Revision
from messaging.recording import Recording
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

ANSWERED, CLAIMED, CLOSED, READY = (
    HandOverState.ANSWERED,
    HandOverState.CLAIMED,
    HandOverState.CLOSED,
    HandOverState.READY,
)


@pytest.fixture
def leaving(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Revision:
    """Give a campaign of two batches that leave, each of two hand-overs."""
    monkeypatch.setattr(segments, "BATCH_SIZE", 4)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 2)
    revision = scenes.confirmed(account, alice, sender, now=now, numbers=scenes.numbers(8))
    scenes.leave_all(revision, now=now)
    return revision


@pytest.fixture
def turn(leaving: Revision, now: datetime) -> claims.Turn:
    return claims.Turn(account_id=leaving.account_id, clock=scenes.at(now))


def answered(claim: Claim | None, carrier: InProcessCarrier, now: datetime) -> Recording:
    assert claim is not None
    return recording.of_answers(claim, carrier.submit(claim.chunk, deadline=1.0), now=now)


def states(revision: Revision) -> list[str]:
    found = HandOver.objects.filter(batch__revision=revision).order_by("pk")
    return list(found.values_list("state", flat=True))


def test_an_answer_is_recorded_with_the_next_claim(
    leaving: Revision, turn: claims.Turn, carrier: InProcessCarrier, now: datetime
) -> None:
    first = answered(turn.claim(), carrier, now)

    assert turn.claim(after=first.write) is not None

    assert states(leaving) == [ANSWERED, CLAIMED, READY, READY]


def test_what_undoes_the_claim_undoes_the_answer_with_it(
    leaving: Revision,
    turn: claims.Turn,
    carrier: InProcessCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = answered(turn.claim(), carrier, now)

    def fail(**_ids: int) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(hand_overs, "hold", fail)
    with pytest.raises(RuntimeError):
        turn.claim(after=first.write)

    assert states(leaving) == [CLAIMED, READY, READY, READY]


def test_an_answer_is_recorded_though_nothing_waits(
    leaving: Revision, turn: claims.Turn, carrier: InProcessCarrier, now: datetime
) -> None:
    first = answered(turn.claim(), carrier, now)
    HandOver.objects.filter(state=READY).delete()
    Batch.objects.filter(revision=leaving, number=1).update(messages=2)

    assert turn.claim(after=first.write) is None

    assert states(leaving) == [ANSWERED]


def cancel(revision: Revision, _by: User, _now: datetime) -> None:
    Batch.objects.filter(revision=revision, number=1).update(cancel_requested=True)


def suspend(revision: Revision, by: User, now: datetime) -> None:
    suspension.suspend(account=revision.account, by=by, reason="unpaid", clock=lambda: now)


@pytest.mark.parametrize(
    ("happens", "left"),
    [(cancel, [ANSWERED, CLOSED, CLAIMED, READY]), (suspend, [ANSWERED, READY, READY, READY])],
)
def test_an_answer_is_recorded_though_the_next_may_not_leave(
    leaving: Revision,
    turn: claims.Turn,
    carrier: InProcessCarrier,
    alice: User,
    now: datetime,
    happens: Callable[[Revision, User, datetime], None],
    left: list[str],
) -> None:
    first = answered(turn.claim(), carrier, now)
    happens(leaving, alice, now)

    turn.claim(after=first.write)

    assert states(leaving) == left


def test_a_batch_is_finished_before_the_next_claim(
    leaving: Revision, turn: claims.Turn, carrier: InProcessCarrier, now: datetime
) -> None:
    first = answered(turn.claim(), carrier, now)
    last = answered(turn.claim(after=first.write), carrier, now)

    assert turn.claim(after=last.write) is not None

    assert states(leaving) == [ANSWERED, ANSWERED, CLAIMED, READY]
    assert [b.state for b in leaving.batches.order_by("number")] == [
        BatchState.LEFT,
        BatchState.LEAVING,
    ]


def test_a_batch_is_looked_at_unless_another_of_it_is_ours(
    leaving: Revision,
    turn: claims.Turn,
    carrier: InProcessCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(closing, "finish_if_through", lambda *, batch_id: looked.append(batch_id))
    one, other = leaving.batches.order_by("number")
    first = answered(turn.claim(), carrier, now)
    same = turn.claim(after=first.write)
    first.look(followed_by=same)
    assert looked == []

    # Somebody else has the other one of the batch now.
    second = answered(same, carrier, now)
    HandOver.objects.filter(batch=one, state=ANSWERED).update(state=CLAIMED)
    claim = turn.claim(after=second.write)
    assert claim is not None
    assert claim.batch_id == other.pk
    second.look(followed_by=claim)
    assert looked == [one.pk]
    second.look()
    assert looked == [one.pk] * 2


def test_only_a_plain_answer_that_does_not_finish_lets_a_claim_follow(
    leaving: Revision, turn: claims.Turn, carrier: InProcessCarrier, now: datetime
) -> None:
    claim = turn.claim()
    assert claim is not None
    refused = recording.of_refusal(claim, base.ChunkRefused(base.Refusal.MALFORMED), now=now)
    assert not refused.is_plain
    assert not refused.write()

    last = answered(turn.claim(), carrier, now)
    assert last.is_plain
    assert not last.write()

    other = answered(turn.claim(), carrier, now)
    assert other.write()
    assert states(leaving) == [ANSWERED, ANSWERED, ANSWERED, READY]
