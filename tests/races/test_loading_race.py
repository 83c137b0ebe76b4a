"""Several loaders of one campaign."""

import threading
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import Sum

from accounts.models import SmsAccount, User
from messaging import bulk, doorbell, quote, segments
from messaging.models import Batch, BatchCounter, Campaign, Message, Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.races import crowd

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 10
RECIPIENTS = 60
BATCH = 7


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing is loaded when composed; everything later, by several.
    monkeypatch.setattr(quote, "AT_ONCE", 0)
    monkeypatch.setattr(segments, "BATCH_SIZE", BATCH)
    monkeypatch.setattr(doorbell, "_publish", lambda task, ids, queue, seconds: None)


def test_naive_numbering_gives_a_number_twice(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    def twice() -> bool:
        numbered: list[int] = []

        def naive() -> None:
            number = Campaign.objects.filter(account=account).count()
            Campaign.objects.create(account=account, created_by=alice, created_at=now)
            numbered.append(number)

        crowd.times(3, naive)
        return len(set(numbered)) < len(numbered)

    crowd.show(twice)


def test_several_loaders_load_every_recipient_once(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    # The same number in every third segment; segments of nothing but bad numbers and repetitions.
    good = scenes.numbers(RECIPIENTS)
    given = (*good[:21], *good[:7], *(["+33000"] * 7), *good[21:], *good[::5])
    for _round in range(ROUNDS):
        revision = scenes.compose(account, alice, sender, now=now, numbers=given)
        assert revision.state == RevisionState.QUOTING

        results = crowd.times(
            3,
            partial(quote.load_by_id, revision_id=revision.pk, clock=scenes.at(now)),
        )
        # The sweep finds a quote whose loaders all died; none may have.
        revision.refresh_from_db()

        assert not crowd.errors(results), crowd.errors(results)
        assert revision.state == RevisionState.QUOTED
        whole_and_once(revision, expected=good, given=len(given))


class Watched:
    """Stands before the messages of each segment; the first ones wait for the second."""

    def __init__(self) -> None:
        self._insert = bulk.insert_rows
        self._second_is_there = threading.Event()
        self._lock = threading.Lock()
        self.began: list[int] = []
        self.fails_first = False

    def __call__(self, **given: Any) -> None:
        if given["model"] is not Message:
            return self._insert(**given)
        with self._lock:
            self.began.append(given["same"]["batch_id"])
            number = len(self.began)
        if number == 1:
            assert self._second_is_there.wait(10), "nothing is written beside the first"
            if self.fails_first:
                raise Broken
        self._insert(**given)
        if number == 2:
            self._second_is_there.set()
        return None


class Broken(Exception):
    """What a database that is gone would raise."""


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    found = Watched()
    monkeypatch.setattr(bulk, "insert_rows", found)
    return found


def test_two_segments_are_written_at_once_and_counted_in_their_order(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, watched: Watched
) -> None:
    good = scenes.numbers(RECIPIENTS)
    revision = scenes.compose(account, alice, sender, now=now, numbers=good)

    quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))

    revision.refresh_from_db()
    assert revision.state == RevisionState.QUOTED
    assert len(watched.began) == -(-RECIPIENTS // BATCH)
    whole_and_once(revision, expected=good, given=RECIPIENTS)


def test_a_segment_is_undone_with_the_one_before(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, watched: Watched
) -> None:
    good = scenes.numbers(RECIPIENTS)
    revision = scenes.compose(account, alice, sender, now=now, numbers=good)
    watched.fails_first = True

    with pytest.raises(Broken):
        quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))

    revision.refresh_from_db()
    assert revision.rows_loaded == 0
    assert not Batch.objects.filter(revision=revision).exists()
    assert not Message.objects.exists()
    # Whoever comes next finds nothing in the way.
    quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))
    revision.refresh_from_db()
    whole_and_once(revision, expected=good, given=RECIPIENTS)


def whole_and_once(revision: Revision, *, expected: tuple[str, ...], given: int) -> None:
    """Check recipients, positions, numbers and totals of a loaded revision."""
    batches = list(Batch.objects.filter(revision=revision).order_by("number"))
    messages = Message.objects.filter(batch__in=[b.pk for b in batches])
    assert sorted(messages.values_list("recipient", flat=True)) == sorted(expected)
    assert [b.number for b in batches] == list(range(1, len(batches) + 1))
    assert batches[0].first_position == 1
    for one, other in pairwise(batches):
        assert other.first_position == one.first_position + one.messages
    for batch in batches:
        ids = messages.filter(batch=batch).order_by("pk").values_list("pk", flat=True)
        assert list(ids) == [batch.first_message_id + n for n in range(batch.messages)]
    assert revision.messages == len(expected) == sum(b.messages for b in batches)
    assert revision.total_hundredths == sum(b.price_hundredths for b in batches)
    assert revision.rows_loaded == given == revision.rows_total
    assert revision.messages + revision.refused + revision.duplicates == given
    counted = BatchCounter.objects.filter(batch__in=batches).aggregate(n=Sum("messages"))
    assert counted["n"] == len(expected)
