"""Moving: another moment for what is planned, the legal calendars deciding again."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts import ledger
from accounts.models import SmsAccount, TrailEntry, User
from messaging import campaigns, delivery, moving
from messaging.models import Batch, Revision, RevisionState
from senders.models import Sender
from tests import factories, scenes

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
REUNION = "+262692123456"


@pytest.fixture
def tomorrow(now: datetime) -> datetime:
    return now + timedelta(days=1)


@pytest.fixture
def planned(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, tomorrow: datetime
) -> Revision:
    """Two phones under one calendar, tomorrow."""
    return scenes.confirmed(
        account, alice, sender, now=now, numbers=scenes.numbers(2), due_at=tomorrow,
        is_commercial=True,
    )  # fmt: skip


def move(
    revision: Revision, by: User, *, to: datetime | None, now: datetime, seen: datetime | None
) -> Revision:
    moving.move(revision=revision, by=by, seen=seen, due_at=to, now=now)
    return Revision.objects.get(pk=revision.pk)


def moments(revision: Revision) -> list[datetime | None]:
    batches = Batch.objects.filter(revision=revision).order_by("not_before")
    return list(batches.values_list("not_before", flat=True))


def test_another_moment_is_an_update_of_the_batches_and_costs_nothing(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime
) -> None:
    before = ledger.balance(account_id=planned.account_id)
    later = tomorrow + timedelta(hours=2)

    moved = move(planned, alice, to=later, now=now, seen=tomorrow)

    assert (moved.due_at, moved.leaves_at, moments(planned)) == (later, later, [later])
    assert (moved.state, moved.number) == (RevisionState.SCHEDULED, 1)
    assert ledger.balance(account_id=planned.account_id) == before
    entry = TrailEntry.objects.get(event="campaign.moved")
    assert (entry.actor, entry.subject) == (alice, f"campaign:{planned.campaign.uuid}:1")
    assert entry.details == {
        "before": "2027-03-11T09:00:00+00:00",
        "after": "2027-03-11T11:00:00+00:00",
    }


def test_it_leaves_at_its_new_moment_and_not_at_the_old_one(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime
) -> None:
    later = tomorrow + timedelta(hours=2)
    move(planned, alice, to=later, now=now, seen=tomorrow)
    assert scenes.leave_all(planned, now=tomorrow + timedelta(minutes=1)) == []
    assert len(scenes.leave_all(planned, now=later)) == 1


def test_the_legal_calendars_decide_again_for_each_part(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, tomorrow: datetime
) -> None:
    revision = scenes.confirmed(
        account, alice, sender, now=now, numbers=(scenes.PHONE, REUNION), due_at=tomorrow,
        is_commercial=True,
    )  # fmt: skip
    night = datetime(2027, 3, 12, 22, tzinfo=PARIS)
    shown = campaigns.leaves_at(codes={"FR", "RE"}, due_at=night, now=now)

    moved = move(revision, alice, to=night, now=now, seen=tomorrow)

    assert moments(revision) == [
        datetime(2027, 3, 13, 5, tzinfo=PARIS),
        datetime(2027, 3, 13, 8, tzinfo=PARIS),
    ]
    assert moved.leaves_at == shown == datetime(2027, 3, 13, 5, tzinfo=PARIS)


def test_now_means_as_soon_as_it_may(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime, rings: list[tuple[str, int]]
) -> None:
    moved = move(planned, alice, to=None, now=now, seen=tomorrow)
    assert (moved.due_at, moments(planned)) == (None, [now])
    assert len(scenes.leave_all(planned, now=now)) == 1


def test_now_waits_for_legal_hours(
    account: SmsAccount, alice: User, sender: Sender, tomorrow: datetime
) -> None:
    night = datetime(2027, 3, 10, 23, tzinfo=PARIS)
    revision = scenes.confirmed(
        account, alice, sender, now=night, due_at=tomorrow + timedelta(days=1), is_commercial=True
    )
    moved = move(revision, alice, to=None, now=night, seen=revision.due_at)
    assert moved.leaves_at == datetime(2027, 3, 11, 8, tzinfo=PARIS)


def test_a_worker_is_woken_for_what_may_leave_now(
    planned: Revision,
    alice: User,
    now: datetime,
    tomorrow: datetime,
    rings: list[tuple[str, int]],
    django_capture_on_commit_callbacks: object,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        move(planned, alice, to=None, now=now, seen=tomorrow)
    assert rings == [("leave", scenes.batch_of(planned).pk)]


def test_moving_again_to_the_same_moment_changes_nothing(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime
) -> None:
    later = tomorrow + timedelta(hours=2)
    for _time in range(3):
        move(planned, alice, to=later, now=now, seen=tomorrow)
    assert TrailEntry.objects.filter(event="campaign.moved").count() == 1


def test_who_decided_upon_an_older_moment_is_refused(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime
) -> None:
    first, second = tomorrow + timedelta(hours=1), tomorrow + timedelta(hours=2)
    move(planned, alice, to=first, now=now, seen=tomorrow)
    with pytest.raises(moving.MovedMeanwhile) as refusal:
        move(planned, alice, to=second, now=now, seen=tomorrow)
    assert refusal.value.revision.due_at == first
    assert moments(planned) == [first]


@pytest.mark.parametrize(
    ("after", "refusal"),
    [
        (timedelta(seconds=-1), campaigns.PastMoment),
        (timedelta(days=367), campaigns.TooFarAhead),
    ],
    ids=["past", "too far ahead"],
)
def test_a_moment_that_nobody_can_choose_is_refused(
    planned: Revision,
    alice: User,
    now: datetime,
    tomorrow: datetime,
    after: timedelta,
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        move(planned, alice, to=now + after, now=now, seen=tomorrow)
    assert moments(planned) == [tomorrow]


def leave(revision: Revision, by: User, now: datetime) -> None:
    scenes.leave_all(revision, now=now)


def cancel(revision: Revision, by: User, now: datetime) -> None:
    campaigns.cancel(revision=revision, by=by, now=now)


@pytest.mark.parametrize("happens", [leave, cancel])
def test_what_left_or_was_cancelled_is_not_moved(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime, happens: object
) -> None:
    happens(planned, alice, tomorrow)  # type: ignore[operator]
    with pytest.raises(campaigns.NoLongerPlanned):
        move(planned, alice, to=tomorrow + timedelta(hours=1), now=tomorrow, seen=tomorrow)
    assert moments(planned) == [tomorrow]


def test_one_part_that_left_keeps_the_others_where_they_are(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    dawn = datetime(2027, 3, 11, 5, 30, tzinfo=PARIS)
    revision = scenes.confirmed(
        account, alice, sender, now=now, numbers=(scenes.PHONE, REUNION), due_at=dawn,
        is_commercial=True,
    )  # fmt: skip
    scenes.leave_all(revision, now=dawn)
    assert Revision.objects.get(pk=revision.pk).state == RevisionState.LEAVING
    with pytest.raises(campaigns.NoLongerPlanned):
        move(revision, alice, to=None, now=dawn, seen=dawn)


def test_what_is_held_until_legal_hours_is_listed_by_when_they_begin(
    planned: Revision, alice: User, now: datetime, tomorrow: datetime
) -> None:
    evening = datetime(2027, 3, 11, 21, tzinfo=PARIS)
    delivery.leave(batch_id=scenes.batch_of(planned).pk, clock=scenes.at(evening))
    planned.refresh_from_db()
    assert planned.leaves_at == datetime(2027, 3, 12, 8, tzinfo=PARIS)
    assert moments(planned) == [planned.leaves_at]
    assert planned.due_at == tomorrow


def test_beyond_the_term_of_its_number_it_is_not_moved(
    account: SmsAccount, alice: User, now: datetime, tomorrow: datetime
) -> None:
    ends = tomorrow + timedelta(days=1)
    sender = factories.make_virtual(account, until=ends, now=now)
    revision = scenes.confirmed(account, alice, sender, now=now, due_at=tomorrow)
    with pytest.raises(campaigns.SenderEnds):
        move(revision, alice, to=ends + timedelta(hours=1), now=now, seen=tomorrow)
    assert moments(revision) == [tomorrow]
