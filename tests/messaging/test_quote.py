"""The quote: loaded in batches, resumed where it stopped, never written twice."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.db.models import Sum

from accounts.models import SmsAccount, User
from messaging import bulk, quote, segments
from messaging.models import Batch, BatchCounter, Message, RefusedRow, Revision, RevisionState
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

# Fewer rows a batch make the same borders with fewer rows.
SMALL = 50


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the borders of batches every 50 rows, and quote nothing while the customer waits."""
    monkeypatch.setattr(segments, "BATCH_SIZE", SMALL)
    monkeypatch.setattr(quote, "AT_ONCE", 0)


@pytest.fixture
def waiting(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A revision of 180 rows: 20 are duplicates across batches and one is no number."""
    given = (*scenes.numbers(159), "nobody", *scenes.numbers(20))
    return scenes.compose(account, alice, sender, now=now, numbers=given)


def loader(revision: Revision) -> segments.Loader:
    fresh = Revision.objects.select_related("account").get(pk=revision.pk)
    return segments.Loader(fresh, reserve=segments.reserve_ids)


def facts(revision: Revision) -> tuple[object, ...]:
    revision.refresh_from_db()
    return (
        revision.state,
        revision.messages,
        revision.duplicates,
        revision.refused,
        revision.total_hundredths,
    )


EXPECTED = (RevisionState.QUOTED, 159, 20, 1, 15_900)


def positions(revision: Revision) -> list[int]:
    """Give the position of every message, from the batches."""
    found = []
    for batch in Batch.objects.filter(revision=revision):
        ids = Message.objects.filter(batch_id=batch.pk).values_list("pk", flat=True)
        found += [batch.first_position + i - batch.first_message_id for i in ids]
    return sorted(found)


def test_a_quote_is_loaded_batch_by_batch(waiting: Revision, now: datetime) -> None:
    assert waiting.state == RevisionState.QUOTING
    quote.load(revision=waiting, clock=scenes.at(now))
    assert facts(waiting) == EXPECTED
    assert [b.messages for b in Batch.objects.order_by("number")] == [50, 50, 50, 9]
    assert positions(waiting) == list(range(1, 160))


def test_batches_counters_and_messages_agree(waiting: Revision, now: datetime) -> None:
    quote.load(revision=waiting, clock=scenes.at(now))
    rows = Message.objects.aggregate(Sum("price_hundredths"), Sum("parts"))
    assert rows["price_hundredths__sum"] == waiting.total_hundredths
    counters = BatchCounter.objects.aggregate(Sum("messages"), Sum("price_hundredths"))
    assert counters == {"messages__sum": 159, "price_hundredths__sum": 15_900}
    assert Batch.objects.aggregate(n=Sum("price_hundredths"))["n"] == 15_900


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_loader_that_died_is_resumed_without_a_trace(
    waiting: Revision, now: datetime, steps: int
) -> None:
    dead = loader(waiting)
    for _step in range(steps):
        dead.step(now=now)
    quote.load_by_id(revision_id=waiting.pk, clock=scenes.at(now))
    assert facts(waiting) == EXPECTED
    assert positions(waiting) == list(range(1, 160))
    assert Message.objects.values("recipient").distinct().count() == 159


def test_of_two_loaders_one_is_overtaken(waiting: Revision, now: datetime) -> None:
    ours, theirs = (loader(waiting) for _loader in range(2))
    ours.step(now=now)
    with pytest.raises(segments.Overtaken):
        theirs.step(now=now)
    assert Batch.objects.count() == 1


def test_a_loader_stops_when_another_went_on_after_its_segment(
    waiting: Revision, now: datetime
) -> None:
    slow = loader(waiting)
    slow.step(now=now)
    loader(waiting).step(now=now)
    with pytest.raises(segments.Overtaken):
        slow.step(now=now)
    assert positions(waiting) == list(range(1, 2 * SMALL + 1))


def test_a_loader_that_dies_within_a_step_leaves_nothing_of_it(
    waiting: Revision, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(**_kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(bulk, "insert_rows", die)
        with pytest.raises(KeyboardInterrupt):
            quote.load_by_id(revision_id=waiting.pk, clock=scenes.at(now))
    assert not Batch.objects.exists()
    quote.load_by_id(revision_id=waiting.pk, clock=scenes.at(now))
    assert facts(waiting) == EXPECTED


def test_a_segment_whose_turn_never_comes_leaves_nothing(waiting: Revision, now: datetime) -> None:
    class Failed(Exception):
        """The segment before was not written."""

    def fail() -> None:
        assert Batch.objects.exists(), "written before it waits"
        raise Failed

    ours = loader(waiting)
    with pytest.raises(Failed):
        ours.write(ours.prepare(), now=now, turn=fail)
    assert not Batch.objects.exists()
    assert not Message.objects.exists()
    waiting.refresh_from_db()
    assert waiting.rows_loaded == 0


def test_an_id_that_is_taken_is_not_mistaken_for_another_loader(
    waiting: Revision, now: datetime
) -> None:
    loader(waiting).step(now=now)
    taken = Message.objects.values_list("pk", flat=True)[0]
    fresh = Revision.objects.select_related("account").get(pk=waiting.pk)
    with pytest.raises(IntegrityError):
        segments.Loader(fresh, reserve=lambda _count: taken).step(now=now)


def test_a_silent_loader_is_found(waiting: Revision, now: datetime) -> None:
    assert quote.silent_loaders(now=now + timedelta(seconds=5)) == []
    assert quote.silent_loaders(now=now + timedelta(seconds=16)) == [waiting.pk]


def test_recipients_of_different_calendars_come_into_different_batches(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    given = ("+33612345678", "+262692123456", "+33612345679", "+393123456789")
    revision = scenes.compose(account, alice, sender, now=now, numbers=given, is_commercial=True)
    quote.load(revision=revision, clock=scenes.at(now))
    found = Batch.objects.order_by("number").values_list("calendar", "messages")
    assert list(found) == [("FR", 2), ("RE", 1), ("IT", 1)]
    # Each has as many ids of those reserved as it has messages.
    firsts = list(Batch.objects.order_by("number").values_list("first_message_id", flat=True))
    assert [first - firsts[0] for first in firsts] == [0, 2, 3]
    assert positions(revision) == [1, 2, 3, 4]


def test_alsace_moselle_is_the_accounts_choice(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    SmsAccount.objects.filter(pk=account.pk).update(alsace_moselle=True)
    account.refresh_from_db()
    revision = scenes.compose(
        account, alice, sender, now=now, numbers=scenes.numbers(2), is_commercial=True
    )
    quote.load(revision=revision, clock=scenes.at(now))
    assert scenes.batch_of(revision).calendar == "FR-AM"


def test_refused_rows_keep_their_line_and_what_was_given(waiting: Revision, now: datetime) -> None:
    quote.load(revision=waiting, clock=scenes.at(now))
    row = RefusedRow.objects.get()
    assert (row.position, row.given, row.reason) == (160, "nobody", "BAD_CHARS")
