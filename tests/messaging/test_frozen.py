"""What is frozen of batches, read once."""

from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import SmsAccount, User
from messaging import campaigns, segments
from messaging.frozen import READ_AT_ONCE, Frozen
from messaging.models import Batch, BatchState, Revision
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Revision:
    """A confirmed campaign of more batches than are read at once."""
    monkeypatch.setattr(segments, "BATCH_SIZE", 1)
    numbers = scenes.numbers(READ_AT_ONCE + 2)
    revision = scenes.compose(account, alice, sender, now=now, numbers=numbers)
    return campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )


def test_batches_that_leave_together_are_read_together(
    planned: Revision, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Batch.objects.update(state=BatchState.LEAVING)
    ids = list(planned.batches.order_by("pk").values_list("pk", flat=True))
    frozen = Frozen()
    # The batches, and their revision; later more of the batches.
    with django_assert_num_queries(2):
        assert [frozen.batch(pk).pk for pk in ids[:READ_AT_ONCE]] == ids[:READ_AT_ONCE]
        assert frozen.batch(ids[0]).revision.campaign == planned.campaign
    with django_assert_num_queries(1):
        assert [frozen.batch(pk).pk for pk in ids[READ_AT_ONCE:]] == ids[READ_AT_ONCE:]


def test_a_batch_that_may_still_change_is_read_when_it_is_asked_for(planned: Revision) -> None:
    one, other = planned.batches.order_by("pk")[:2]
    Batch.objects.filter(pk=one.pk).update(state=BatchState.LEAVING)
    frozen = Frozen()
    frozen.batch(one.pk)
    Batch.objects.filter(pk=other.pk).update(state=BatchState.LEAVING, calendar="FR")
    assert frozen.batch(other.pk).calendar == "FR"


def test_batches_of_other_revisions_are_left_alone(
    planned: Revision, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    later = scenes.confirmed(account, alice, sender, now=now)
    Batch.objects.update(state=BatchState.LEAVING)
    frozen = Frozen()
    last = planned.batches.order_by("pk").last()
    assert last is not None
    assert frozen.batch(last.pk).revision == planned
    assert frozen.batch(scenes.batch_of(later).pk).revision == later
