"""What is planned: the next first, each once, page by page, with what it waits for."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts import suspension
from accounts.models import SmsAccount, User
from messaging import campaigns, claims, planned
from messaging.holds import Hold
from messaging.models import HandOver, Revision
from messaging.planned import Line
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

REUNION = "+262692123456"
DAY = timedelta(days=1)


def lines(account: SmsAccount, now: datetime) -> list[Line]:
    return planned.page(account=account, cursor="", now=now).lines


def walk(account: SmsAccount, now: datetime) -> list[list[int]]:
    """Read all pages towards the later ones and give the revisions of each."""
    read, cursor = [], ""
    while True:
        page = planned.page(account=account, cursor=cursor, now=now)
        read.append([line.revision.pk for line in page.lines])
        if not page.later:
            return read
        cursor = page.later


def test_the_next_to_leave_stands_first_with_what_it_waits_for(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    later = scenes.compose(account, alice, sender, now=now, due_at=now + 2 * DAY)
    sooner = scenes.confirmed(
        account, alice, sender, now=now, due_at=now + DAY, numbers=scenes.numbers(3)
    )
    first, second = lines(account, now)
    assert [first.revision, second.revision] == [sooner, later]
    assert (first.hold, first.until, first.phone) == (Hold.DEFERRED, now + DAY, "")
    assert (second.revision.messages, second.phone) == (1, scenes.PHONE)


def test_what_left_was_cancelled_or_is_only_quoted_is_not_listed(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, carrier: object
) -> None:
    sent = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(sent, carrier, now=now)  # type: ignore[arg-type]
    held_back = scenes.compose(account, alice, sender, now=now, due_at=now + DAY)
    campaigns.cancel(revision=held_back, by=alice, now=now)
    scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2), due_at=now + DAY)
    assert lines(account, now) == []


def test_what_was_replaced_gives_its_line_to_the_new_one(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    old = scenes.compose(account, alice, sender, now=now, due_at=now + DAY)
    new = scenes.compose(
        account, alice, sender, now=now, due_at=now + 2 * DAY, replaces=old.campaign, standing=1
    )
    assert [line.revision for line in lines(account, now)] == [new]


def test_parts_under_other_calendars_show_the_first_moment_and_how_many_follow(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    night = now + timedelta(hours=14)
    phones = (scenes.PHONE, REUNION, "+33612300001", "+12125550123")
    scenes.confirmed(
        account, alice, sender, now=now, numbers=phones, due_at=night, is_commercial=True
    )
    (line,) = lines(account, now)
    assert (line.hold, line.until, line.later) == (Hold.DEFERRED, night, 2)


@pytest.fixture
def leaving(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> HandOver:
    """The hand-over of an SMS that has begun to leave."""
    revision = scenes.compose(account, alice, sender, now=now)
    (hand_over,) = scenes.leave_all(revision, now=now)
    return hand_over


def test_what_is_being_handed_over_stays_until_it_is_answered(
    leaving: HandOver, account: SmsAccount, now: datetime
) -> None:
    (line,) = lines(account, now)
    assert (line.hold, line.until, line.at) == (Hold.HANDING_OVER, None, now)
    claims.claim(hand_over_id=leaving.pk, clock=scenes.at(now))
    assert lines(account, now)[0].hold == Hold.HANDING_OVER


def test_what_the_carrier_put_off_says_until_when(
    leaving: HandOver, account: SmsAccount, now: datetime
) -> None:
    later = now + timedelta(minutes=1)
    HandOver.objects.filter(pk=leaving.pk).update(trouble="throttled", not_before=later)
    (line,) = lines(account, now)
    assert (line.hold, line.until) == (Hold.PUT_OFF, later)


def test_a_suspended_account_is_said(
    leaving: HandOver, account: SmsAccount, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    page = planned.page(account=account, cursor="", now=now)
    assert (page.is_suspended, page.lines[0].hold) == (True, Hold.SUSPENDED)


def test_what_is_being_cancelled_stays_until_the_chunk_in_flight_is_answered(
    leaving: HandOver, account: SmsAccount, alice: User, now: datetime
) -> None:
    claims.claim(hand_over_id=leaving.pk, clock=scenes.at(now))
    campaigns.cancel(revision=lines(account, now)[0].revision, by=alice, now=now)
    assert [line.hold for line in lines(account, now)] == [Hold.CANCELLING]


@pytest.fixture
def many(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Revision]:
    """Eleven SMS, most of them for the same moment; a page holds four."""
    monkeypatch.setattr(planned, "PAGE", 4)
    days = (1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4)
    return [scenes.compose(account, alice, sender, now=now, due_at=now + d * DAY) for d in days]


def test_pages_show_each_once_also_among_equal_moments(
    many: list[Revision], account: SmsAccount, now: datetime
) -> None:
    read = walk(account, now)
    assert [len(page) for page in read] == [4, 4, 3]
    assert [pk for page in read for pk in page] == [revision.pk for revision in many]


def test_earlier_and_later_lead_through_the_same_pages(
    many: list[Revision], account: SmsAccount, now: datetime
) -> None:
    first = planned.page(account=account, cursor="", now=now)
    second = planned.page(account=account, cursor=first.later, now=now)
    third = planned.page(account=account, cursor=second.later, now=now)
    back = planned.page(account=account, cursor=third.earlier, now=now)
    start = planned.page(account=account, cursor=back.earlier, now=now)

    assert (first.earlier, third.later, start.earlier) == ("", "", "")
    assert [x.revision for x in back.lines] == [x.revision for x in second.lines]
    assert [x.revision for x in start.lines] == [x.revision for x in first.lines]


def test_a_page_costs_the_same_number_of_queries_however_many_there_are(
    many: list[Revision],
    account: SmsAccount,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(7):
        planned.page(account=account, cursor="", now=now)


def plan_of(sql: str) -> str:
    """Give the database's plan; PostgreSQL would rather sort eleven rows, so it may not."""
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN "
        if connection.vendor == "postgresql":
            explain = "EXPLAIN "
            for other in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute(explain + sql)
        return str(cursor.fetchall())


def test_a_page_is_read_from_the_index_that_is_made_for_it(
    many: list[Revision], account: SmsAccount, now: datetime
) -> None:
    cursor = planned.page(account=account, cursor="", now=now).later
    with CaptureQueriesContext(
        connection,
    ) as captured:
        planned.page(account=account, cursor=cursor, now=now)
    reads = [q["sql"] for q in captured if 'ORDER BY "messaging_revision"."leaves_at"' in q["sql"]]
    assert reads
    assert not [sql for sql in reads if "OFFSET" in sql]
    for sql in reads:
        assert "revision_planned" in plan_of(sql), sql


def test_counts_are_capped(
    many: list[Revision], account: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert planned.page(account=account, cursor="", now=now).count == planned.Count(
        shown=11, is_more=False
    )
    monkeypatch.setattr(planned, "MOST", 10)
    assert planned.page(account=account, cursor="", now=now).count == planned.Count(
        shown=10, is_more=True
    )


def test_the_mark_changes_with_what_is_shown_and_with_nothing_else(
    many: list[Revision], account: SmsAccount, alice: User, now: datetime
) -> None:
    def mark(at: datetime) -> str:
        return planned.page(account=account, cursor="", now=at).mark

    before = mark(now)
    assert mark(now + timedelta(minutes=1)) == before
    campaigns.cancel(revision=many[0], by=alice, now=now)
    after = mark(now)
    assert after != before
    scenes.leave_all(many[1], now=now + 2 * DAY)
    assert mark(now + 2 * DAY) != after


def test_the_few_that_come_soon_are_those_whose_moment_is_to_come(
    many: list[Revision], leaving: HandOver, account: SmsAccount, now: datetime
) -> None:
    soon = planned.soon(account_id=account.pk, now=now)
    assert (soon.count.shown, soon.first) == (11, many[:5])


def test_another_account_sees_nothing(
    many: list[Revision], account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    cursor = planned.page(account=account, cursor="", now=now).later
    assert planned.page(account=mallorys_account, cursor=cursor, now=now).lines == []
    assert lines(mallorys_account, now) == []


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "é:ü"])
def test_a_cursor_that_is_not_ours_starts_again(
    many: list[Revision], account: SmsAccount, now: datetime, cursor: str
) -> None:
    assert planned.page(account=account, cursor=cursor, now=now).lines[0].revision == many[0]
