"""Two schedulers and their workers on the same rows."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import SmsAccount, User
from messaging import campaigns, claims, closing, delivery, doorbell, hand_overs, segments, sweep
from messaging.models import Batch, BatchState, HandOver, HandOverState, Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
RECIPIENTS = 24


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 8)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 4)


def plan(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Confirm a campaign of three batches of two hand-overs each."""
    quoted = scenes.compose(account, by, sender, now=now, numbers=scenes.numbers(RECIPIENTS))
    return campaigns.confirm(
        revision=quoted, by=by, total_hundredths=quoted.total_hundredths, now=now
    )


def hand_over_the_halves(
    account: SmsAccount,
    by: User,
    sender: Sender,
    carrier: NotingCarrier,
    monkeypatch: pytest.MonkeyPatch,
    *,
    now: datetime,
) -> Batch:
    """Have two workers answer both hand-overs of a batch; both do before either commits."""
    claimed, marked = threading.Barrier(2), threading.Barrier(2)
    mark: Callable[..., hand_overs.Others | None] = hand_overs.mark_answered

    def together(**what: object) -> hand_overs.Others | None:
        claimed.wait(crowd.PATIENCE)
        others = mark(**what)
        marked.wait(crowd.PATIENCE)
        assert others is hand_overs.Others.ARE_WITH_THE_CARRIER
        return others

    quoted = scenes.compose(account, by, sender, now=now, numbers=scenes.numbers(8))
    revision = campaigns.confirm(
        revision=quoted, by=by, total_hundredths=quoted.total_hundredths, now=now
    )
    halves = [half.pk for half in scenes.leave_all(revision, now=now)]
    answer = partial(delivery.hand_over, carrier=carrier, clock=scenes.at(now))
    with monkeypatch.context() as patched:
        patched.setattr(hand_overs, "mark_answered", together)
        results = crowd.at_once([partial(answer, hand_over_id=pk) for pk in halves])
    assert not crowd.errors(results), crowd.errors(results)
    return scenes.batch_of(revision)


def test_naive_claim_hands_over_twice(
    account: SmsAccount, alice: User, sender: Sender, carrier: NotingCarrier, now: datetime
) -> None:
    def naive(revision: Revision) -> None:
        for pk in HandOver.objects.filter(batch__revision=revision).values_list("pk", flat=True):
            found = HandOver.objects.get(pk=pk)
            if found.state == HandOverState.READY:
                HandOver.objects.filter(pk=pk).update(state=HandOverState.CLAIMED)
                claimed = claims.as_it_stands(hand_over_id=found.pk)
            carrier.submit(claimed.chunk, deadline=1.0)

    def twice() -> bool:
        revision = plan(account, alice, sender, now=now)
        scenes.leave_all(revision, now=now)
        carrier.references.clear()
        crowd.times(2, lambda: naive(revision))
        return len(carrier.references) > RECIPIENTS

    crowd.show(twice)


def test_two_schedulers_hand_everything_over_once(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: NotingCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr(
        doorbell, "_publish", lambda task, ids, queue, seconds: rung.extend((task, i) for i in ids)
    )

    def schedule_and_work() -> None:
        for _beat in range(3):
            sweep.run(now=now)
            for task, pk in sorted(set(rung), key=lambda ring: ring[1]):
                if task == "leave":
                    delivery.leave_with_others(batch_id=pk, clock=scenes.at(now))
                elif task == "deliver":
                    delivery.deliver(account_id=pk, carrier=carrier, clock=scenes.at(now))

    for _round in range(ROUNDS):
        revision = plan(account, alice, sender, now=now)
        carrier.references.clear()
        rung.clear()

        results = crowd.times(4, schedule_and_work)

        assert not crowd.errors(results), crowd.errors(results)
        assert len(set(carrier.references)) == len(carrier.references) == RECIPIENTS
        hand_overs = HandOver.objects.filter(batch__revision=revision)
        found = Counter(hand_overs.values_list("state", "attempt"))
        assert found == {(HandOverState.ANSWERED, 1): RECIPIENTS // 4}
        assert set(Batch.objects.filter(revision=revision).values_list("state", flat=True)) == {
            BatchState.LEFT
        }
        revision.refresh_from_db()
        assert revision.state == RevisionState.LEFT
        proofs.counters_are_rows(revision)
    given = [receipt.reference for receipt in carrier.take_receipts()]
    assert len(given) == len(set(given))


def test_of_two_that_answer_the_last_at_once_neither_knows_from_its_answer(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: NotingCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(closing, "finish_if_through", lambda *, batch_id: None)
        batch = hand_over_the_halves(account, alice, sender, carrier, monkeypatch, now=now)
    assert batch.state == BatchState.LEAVING

    closing.finish_forgotten(most=10)
    batch.refresh_from_db()
    assert batch.state == BatchState.LEFT


def test_two_that_answer_the_last_hand_overs_at_once_finish_the_batch(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: NotingCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _round in range(ROUNDS):
        batch = hand_over_the_halves(account, alice, sender, carrier, monkeypatch, now=now)
        assert batch.state == BatchState.LEFT
        assert batch.revision.state == RevisionState.LEFT


def test_claims_of_a_batch_do_not_wait_for_each_other_but_a_cancellation_does(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    batch = Batch.objects.filter(revision=plan(account, alice, sender, now=now))[0]
    is_held, is_over = threading.Event(), threading.Event()

    def hold(then: Callable[[], object] = bool) -> bool:
        with transaction.atomic():
            was_cancelled = hand_overs.hold(
                batch_id=batch.pk, sender_id=sender.pk, account_id=account.pk
            )
            then()
        return was_cancelled

    def hold_on() -> None:
        is_held.set()
        is_over.wait(crowd.PATIENCE)

    def claim_then_cancel() -> bool:
        is_held.wait(crowd.PATIENCE)
        try:
            was_cancelled = hold()
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                with pytest.raises(OperationalError, match="lock timeout"):
                    closing.lock_batches(revision_id=batch.revision_id)
        finally:
            is_over.set()
        campaigns.cancel(revision=batch.revision, by=alice, now=now)
        return was_cancelled

    results = crowd.at_once([lambda: hold(hold_on), claim_then_cancel])
    assert results == [False, False]
