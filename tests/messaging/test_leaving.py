"""The batches of a campaign leave one after the other, by whoever lets the first of them leave."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, User
from messaging import campaigns, delivery, segments, sweep
from messaging.models import BatchState, Revision
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Revision:
    """Give a campaign of three batches that are due."""
    monkeypatch.setattr(segments, "BATCH_SIZE", 2)
    return scenes.confirmed(account, alice, sender, now=now, numbers=scenes.numbers(6))


def states(revision: Revision) -> list[str]:
    return list(revision.batches.order_by("number").values_list("state", flat=True))


def first_of(revision: Revision) -> int:
    return revision.batches.get(number=1).pk


def test_one_worker_is_woken_for_all_of_a_campaign(
    due: Revision,
    now: datetime,
    rings: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        campaigns.wake(due, now=now)
    assert rings == [("leave", first_of(due))]

    rings.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        sweep.run(now=now)
    assert rings == [("leave", first_of(due))]


def test_what_is_due_of_a_campaign_leaves_together(due: Revision, now: datetime) -> None:
    last = due.batches.get(number=3)
    last.not_before = now + timedelta(minutes=1)
    last.save()

    delivery.leave_with_others(batch_id=first_of(due), clock=scenes.at(now))

    assert states(due) == [BatchState.LEAVING, BatchState.LEAVING, BatchState.SCHEDULED]


def test_the_others_are_left_to_who_let_the_first_leave(due: Revision, now: datetime) -> None:
    delivery.leave(batch_id=first_of(due), clock=scenes.at(now))

    delivery.leave_with_others(batch_id=first_of(due), clock=scenes.at(now))

    assert states(due) == [BatchState.LEAVING, BatchState.SCHEDULED, BatchState.SCHEDULED]


def test_a_campaign_queues_up_again_at_the_end_of_its_turn(
    due: Revision,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    rings: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    monkeypatch.setattr(delivery, "TURN", -1.0)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        delivery.leave_with_others(batch_id=first_of(due), clock=scenes.at(now))

    assert states(due) == [BatchState.LEAVING, BatchState.SCHEDULED, BatchState.SCHEDULED]
    assert ("leave", due.batches.get(number=2).pk) in rings
