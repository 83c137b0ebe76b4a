"""Each way to sort the received SMS is an index read in order: nothing is sorted by itself."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import SmsAccount
from replies import received
from replies.models import Reply
from tests import answers

EVERYTHING = received.Filter(phone=None, number=None)
INDEXES = {
    "received": "reply_by_moment",
    "from": "reply_by_phone",
    "to": "reply_by_number",
    "text": "reply_by_text",
    "answers": "reply_by_message",
    "credits": "reply_by_price",
    "status": "reply_by_state",
}


@pytest.fixture
def some(account: SmsAccount, now: datetime) -> list[Reply]:
    answers.lend(account, at=now)
    told = [answers.reply(at=now + timedelta(seconds=n)) for n in range(60)]
    return answers.receive(told, now=now + timedelta(hours=1))


def plan_of(account: SmsAccount, *, wanted: received.Filter, sort: str, cursor: str) -> str:
    """Give the plan of the statement that reads a page's rows."""
    with CaptureQueriesContext(connection) as captured:
        received.page(account_id=account.pk, wanted=wanted, sort=sort, cursor=cursor)
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


@pytest.mark.parametrize("sign", ["", "-"], ids=["up", "down"])
@pytest.mark.parametrize("column", received.COLUMNS)
def test_a_page_sorted_by_a_column_is_read_in_the_order_of_its_index(
    account: SmsAccount, some: list[Reply], column: str, sign: str
) -> None:
    sort = sign + column
    first = received.page(account_id=account.pk, wanted=EVERYTHING, sort=sort, cursor="")
    for cursor in ("", first.after):
        plan = plan_of(account, wanted=EVERYTHING, sort=sort, cursor=cursor)
        assert INDEXES[column] in plan, plan
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (received.Filter(phone="+33612345678", number=None), "reply_by_phone"),
        (received.Filter(phone=None, number="38123"), "reply_by_number"),
    ],
    ids=["phone", "number"],
)
def test_the_newest_of_one_number_are_read_in_the_order_of_its_index(
    account: SmsAccount, some: list[Reply], wanted: received.Filter, index: str
) -> None:
    with connection.cursor() as cursor:
        # All rows are of one number here, so this one would do as well; it comes back by itself.
        cursor.execute("DROP INDEX reply_by_moment")
    plan = plan_of(account, wanted=wanted, sort=received.NEWEST_FIRST, cursor="")
    assert index in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan
