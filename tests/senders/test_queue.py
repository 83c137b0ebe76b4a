"""The queue of the desk: the first promised first, filtered, read from an index."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import SmsAccount, User
from senders import deciding, queue, review
from senders.models import Origin, Outcome, Sender, SenderRequest
from senders.queue import Filter, Show
from tests import factories

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def wanted(show: Show = Show.WAITING, *, origin: str = "", text: str = "") -> Filter:
    return Filter(show=show, origin=origin, text=text)


def make(account: SmsAccount, name: str, *, asked_at: datetime) -> Sender:
    return factories.make_sender(account, name=name, enabled=False, now=asked_at)


@pytest.fixture
def three(account: SmsAccount, mallorys_account: SmsAccount, now: datetime) -> list[Sender]:
    """Ask for three senders, the last first."""
    return [
        make(account, "Third", asked_at=now),
        make(mallorys_account, "First", asked_at=now - 5 * DAY),
        make(account, "Second", asked_at=now - HOUR),
    ]


@pytest.fixture
def names(sam: User, now: datetime) -> Callable[[Filter], list[str]]:
    """Give what tells the names that are listed."""

    def listed(filter_: Filter) -> list[str]:
        page = queue.page(wanted=filter_, by=sam, cursor="", now=now)
        return [line.request.sender.name for line in page.lines]

    return listed


def test_the_first_promised_stands_first_and_what_is_late_says_so(
    three: list[Sender], sam: User, now: datetime
) -> None:
    lines = queue.page(wanted=wanted(), by=sam, cursor="", now=now).lines
    assert [line.request.sender.name for line in lines] == ["First", "Second", "Third"]
    assert [line.is_late for line in lines] == [True, False, False]
    # Friday 10:00 was promised until Tuesday 10:00; it is Wednesday 10:00.
    assert [line.left for line in lines] == [-12 * HOUR, 23 * HOUR, 24 * HOUR]


def test_less_than_half_a_working_day_is_soon(account: SmsAccount, sam: User) -> None:
    asked = factories.request_of(make(account, "Soon", asked_at=factories.NOW))
    assert asked.promised_at is not None
    hours = {h: queue.line(asked, now=asked.promised_at - h * HOUR) for h in (1, 5, 20)}
    assert {h: line.is_due_soon for h, line in hours.items()} == {1: True, 5: True, 20: False}


def test_late_in_a_night_is_late(account: SmsAccount) -> None:
    asked = factories.request_of(
        make(account, "Night", asked_at=datetime.fromisoformat("2027-03-06T12:00+01:00"))
    )
    assert asked.promised_at == datetime.fromisoformat("2027-03-09T20:00+01:00")
    assert queue.line(asked, now=asked.promised_at + HOUR).is_late
    assert not queue.line(asked, now=asked.promised_at).is_late


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (wanted(Show.LATE), ["First"]),
        (wanted(Show.MINE), ["Second"]),
        (wanted(Show.DECIDED), []),
        (wanted(origin=Origin.DOMAIN), ["Third"]),
        (wanted(text="mallory"), ["First"]),
        (wanted(text="sms-am12345-1"), ["Second", "Third"]),
        (wanted(text="THIRD"), ["Third"]),
        (wanted(text="nobody"), []),
        (wanted(Show.LATE, text="boulangerie"), []),
    ],
    ids=str,
)
def test_the_queue_is_filtered(
    three: list[Sender],
    sam: User,
    now: datetime,
    names: Callable[[Filter], list[str]],
    filter_: Filter,
    expected: list[str],
) -> None:
    third, _first, second = map(factories.request_of, three)
    SenderRequest.objects.filter(pk=third.pk).update(origin=Origin.DOMAIN)
    deciding.claim(request=second, by=sam, now=now)
    assert names(filter_) == expected


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (Show.WAITING, []),
        (Show.DECIDED, ["More", "Refused", "Approved"]),
        (Show.APPROVED, ["Approved"]),
        (Show.REFUSED, ["Refused"]),
        (Show.MORE_NEEDED, ["More"]),
        (Show.TAKEN_BACK, ["Back"]),
    ],
)
def test_what_is_through_is_listed_by_its_outcome_the_last_first(
    account: SmsAccount,
    alice: User,
    sam: User,
    now: datetime,
    names: Callable[[Filter], list[str]],
    show: Show,
    expected: list[str],
) -> None:
    outcomes = {
        "Approved": Outcome.APPROVED, "Refused": Outcome.REFUSED, "More": Outcome.MORE_NEEDED
    }  # fmt: skip
    for n, (name, outcome) in enumerate(outcomes.items()):
        sender = make(account, name, asked_at=now)
        factories.decide(sender, outcome, by=sam, text="A stamp", now=now + n * HOUR)
    back = make(account, "Back", asked_at=now)
    review.remove(sender=back, by=alice, clock=lambda: now)
    assert names(wanted(show)) == expected


def test_a_claim_that_ended_is_nobody_s(three: list[Sender], sam: User, now: datetime) -> None:
    deciding.claim(request=factories.request_of(three[0]), by=sam, now=now)
    assert queue.counts(by=sam, now=now).mine == 1
    assert queue.counts(by=sam, now=now + deciding.CLAIM).mine == 0


def test_what_waits_is_counted(three: list[Sender], sam: User, now: datetime) -> None:
    counts = queue.counts(by=sam, now=now)
    assert (counts.waiting, counts.late, counts.mine) == (3, 1, 0)


def test_the_next_one_is_what_nobody_else_works_on(
    three: list[Sender], sam: User, now: datetime
) -> None:
    third, first, second = map(factories.request_of, three)
    kim = factories.make_user("kim", is_staff=True)
    assert queue.following(first, by=sam, now=now) == second
    deciding.claim(request=second, by=kim, now=now)
    assert queue.following(first, by=sam, now=now) == third
    assert queue.following(first, by=kim, now=now) == second
    assert queue.following(first, by=sam, now=now + deciding.CLAIM) == second
    assert queue.following(third, by=sam, now=now) is None


def test_what_was_promised_for_one_moment_is_gone_through_once(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    made = [factories.request_of(make(account, f"Shop{n}", asked_at=now)) for n in range(3)]
    after = [queue.following(asked, by=sam, now=now) for asked in made]
    assert after == [made[1], made[2], None]


def test_every_request_is_on_one_page(
    account: SmsAccount, sam: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 3)
    for n in range(8):
        make(account, f"Shop{n}", asked_at=now + n // 3 * HOUR)
    read, cursor = [], ""
    while True:
        page = queue.page(wanted=wanted(), by=sam, cursor=cursor, now=now)
        read.append({line.request.sender.name for line in page.lines})
        if not (cursor := page.after):
            break
    assert [len(names) for names in read] == [3, 3, 2]
    assert set().union(*read) == {f"Shop{n}" for n in range(8)}


def plan_of(filter_: Filter, *, by: User, cursor: str, now: datetime) -> str:
    """Give the plan of the statement that reads a page's rows."""
    with CaptureQueriesContext(connection) as captured:
        queue.page(wanted=filter_, by=by, cursor=cursor, now=now)
    sql = next(q["sql"] for q in reversed(captured.captured_queries) if "LIMIT 51" in q["sql"])
    with connection.cursor() as cursor_:
        if connection.vendor == "postgresql":
            # On a few rows anything is cheap: what matters is whether the index would do.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor_.execute(f"SET LOCAL enable_{way} = off")
            cursor_.execute(f"EXPLAIN {sql}")
        else:
            cursor_.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(str(row) for row in cursor_.fetchall())


@pytest.mark.parametrize(
    ("show", "index"),
    [
        (Show.WAITING, "request_waiting"),
        (Show.LATE, "request_waiting"),
        (Show.DECIDED, "request_closed"),
        (Show.TAKEN_BACK, "request_closed"),
    ],
)
def test_a_page_is_read_in_the_order_of_its_index(
    account: SmsAccount, sam: User, now: datetime, show: Show, index: str
) -> None:
    # Otherwise the planner likes this one as well, on a few rows.
    with connection.cursor() as cursor_:
        cursor_.execute("DROP INDEX request_not_reported")
    senders = [make(account, f"Shop{n:02}", asked_at=now - 9 * DAY) for n in range(15)]
    if show not in queue.OPEN:
        for sender in senders:
            factories.decide(sender, Outcome.REFUSED, by=sam, now=now)
    plan = plan_of(wanted(show), by=sam, cursor="", now=now)
    assert index in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan
