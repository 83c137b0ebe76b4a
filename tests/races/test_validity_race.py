"""A sender withdrawn and an account suspended while hand-overs are claimed."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts import suspension
from accounts.models import SmsAccount, Suspension, User
from messaging import campaigns, delivery, segments
from messaging.models import HandOver, HandOverState, Revision
from senders import review
from senders.models import Sender, SenderValidity
from tests import factories, scenes
from tests.races import crowd
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 6


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 4)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 1)


def latest_claim(revision: Revision) -> datetime | None:
    """Give the moment of the last claim of a revision that became a hand-over."""
    return (
        HandOver.objects.filter(batch__revision=revision, claimed_at__isnull=False)
        .order_by("-claimed_at")
        .values_list("claimed_at", flat=True)
        .first()
    )


def race(
    account: SmsAccount,
    by: User,
    sender: Sender,
    carrier: NotingCarrier,
    *,
    stop: Callable[[], object],
) -> Revision:
    """Claim by two and stop it after some claims; give the revision."""
    now = timezone.now()
    revision = scenes.compose(account, by, sender, now=now, numbers=scenes.numbers(12))
    campaigns.confirm(revision=revision, by=by, total_hundredths=revision.total_hundredths, now=now)
    hand_overs = scenes.leave_all(revision, now=timezone.now())
    some = threading.Event()

    def claim_all(mine: list[HandOver]) -> None:
        for n, hand_over in enumerate(mine):
            delivery.hand_over(hand_over_id=hand_over.pk, carrier=carrier, clock=timezone.now)
            if n == 2:
                some.set()

    def stop_then() -> None:
        assert some.wait(crowd.PATIENCE)
        stop()

    results = crowd.at_once(
        [lambda: claim_all(hand_overs[::2]), lambda: claim_all(hand_overs[1::2]), stop_then]
    )
    assert not crowd.errors(results), crowd.errors(results)
    return revision


def test_nothing_is_claimed_once_its_sender_was_withdrawn(
    account: SmsAccount, alice: User, sam: User, carrier: NotingCarrier
) -> None:
    lateness = []
    for n in range(ROUNDS):
        sender = factories.make_sender(account, name=f"Martin{n}", now=timezone.now())
        revision = race(
            account, alice, sender, carrier,
            stop=partial(
                review.withdraw, sender=sender, by=sam, reason="fraud", clock=timezone.now
            ),
        )  # fmt: skip
        until = SenderValidity.objects.get(sender=sender).until
        last = latest_claim(revision)
        assert until is not None
        assert last is not None
        lateness.append(last - until)
    assert max(lateness) <= timedelta(0)


def test_nothing_is_claimed_once_its_account_was_suspended(
    account: SmsAccount, alice: User, sam: User, carrier: NotingCarrier
) -> None:
    lateness = []
    sender = factories.make_sender(account, name="Fournil", now=timezone.now())
    for _round in range(ROUNDS):
        revision = race(
            account, alice, sender, carrier,
            stop=lambda: suspension.suspend(
                account=account, by=sam, reason="unpaid", clock=timezone.now
            ),
        )  # fmt: skip
        since = Suspension.objects.get(account=account, until__isnull=True).since
        last = latest_claim(revision)
        assert last is not None
        lateness.append(last - since)
        suspension.resume(account=account, by=sam, now=timezone.now())
        HandOver.objects.filter(state=HandOverState.READY).update(state=HandOverState.CLOSED)
    assert max(lateness) <= timedelta(0)
