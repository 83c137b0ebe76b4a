"""Two schedulers and their workers on the same rows."""

from collections import Counter
from datetime import datetime

import pytest

from accounts.models import SmsAccount, User
from messaging import campaigns, claims, delivery, doorbell, quote, sweep
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
    monkeypatch.setattr(quote, "BATCH_SIZE", 8)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 4)


def plan(account: SmsAccount, by: User, sender: Sender, *, now: datetime) -> Revision:
    """Confirm a campaign of three batches of two hand-overs each."""
    quoted = scenes.compose(account, by, sender, now=now, numbers=scenes.numbers(RECIPIENTS))
    return campaigns.confirm(
        revision=quoted, by=by, total_hundredths=quoted.total_hundredths, now=now
    )


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
                    delivery.leave(batch_id=pk, clock=scenes.at(now))
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
