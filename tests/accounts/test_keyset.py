"""Pages read by key: every row once, in both directions, whatever ties there are."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.signing import b64_decode

from accounts import keyset
from accounts.keyset import Order
from accounts.models import SmsAccount
from messaging.models import OptOut, OptOutCause

ORDERS = [
    Order(name="since", keys=("since", "id"), descending=True),
    Order(name="since", keys=("since", "id"), descending=False),
    Order(name="cause", keys=("cause", "since", "id"), descending=True),
    Order(name="phone", keys=("phone", "id"), descending=False),
]
SIZE = 3


@pytest.fixture
def rows(account: SmsAccount, now: datetime) -> list[OptOut]:
    """Ten rows with ties in all columns but the last."""
    return OptOut.objects.bulk_create(
        OptOut(
            account=account,
            phone=f"+3361234567{n}",
            cause=OptOutCause.STOP if n % 3 else OptOutCause.MANUAL,
            since=now + timedelta(minutes=n // 4),
        )
        for n in range(10)
    )


def expected(rows: list[OptOut], order: Order) -> list[int]:
    def keys(row: OptOut) -> list[object]:
        return [getattr(row, key) for key in order.keys]

    return [row.pk for row in sorted(rows, key=keys, reverse=order.descending)]


def read(order: Order, cursor: str = "") -> keyset.Page[OptOut]:
    return keyset.page(rows=OptOut.objects.all(), order=order, cursor=cursor, size=SIZE)


@pytest.mark.parametrize("order", ORDERS, ids=lambda o: f"{o.name} {o.descending}")
def test_every_row_is_read_once_and_back_again(rows: list[OptOut], order: Order) -> None:
    page, forth = read(order), []
    while True:
        forth += [row.pk for row in page.rows]
        if not page.after:
            break
        page = read(order, page.after)
    back: list[int] = []
    while page.before:
        page = read(order, page.before)
        back = [*(row.pk for row in page.rows), *back]
    assert forth == expected(rows, order)
    assert back == forth[: len(back)] == forth[:9]


def test_the_ends_have_no_further_page(rows: list[OptOut]) -> None:
    order = ORDERS[0]
    first = read(order)
    assert (first.before, bool(first.after)) == ("", True)
    again = read(order, read(order, first.after).before)
    assert (again.rows, again.before) == (first.rows, "")


def test_an_empty_list_has_no_page(account: SmsAccount) -> None:
    assert read(ORDERS[0]) == keyset.Page(rows=[], before="", after="")


def test_a_row_that_came_since_is_not_skipped_over(rows: list[OptOut], now: datetime) -> None:
    order = ORDERS[0]
    cursor = read(order).after
    before = [row.pk for row in read(order, cursor).rows]
    rows[0].pk = None
    rows[0].phone, rows[0].since = "+33699999999", now + timedelta(hours=1)
    rows[0]._state.adding = True
    rows[0].save()
    assert [row.pk for row in read(order, cursor).rows] == before


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda cursor: cursor + "x", id="tampered with"),
        pytest.param(lambda _cursor: "nonsense", id="nonsense"),
        pytest.param(lambda _cursor: "\ud800", id="half a character"),
        pytest.param(lambda _cursor: str(uuid.uuid4()), id="something else"),
    ],
)
def test_a_cursor_that_is_not_ours_begins_again(
    rows: list[OptOut], spoil: Callable[[str], str]
) -> None:
    order = ORDERS[0]
    assert read(order, spoil(read(order).after)) == read(order)


def test_a_cursor_serves_its_own_order_only(rows: list[OptOut]) -> None:
    down, up, _cause, phone = ORDERS
    for other in (up, phone):
        assert read(other, read(down).after) == read(other)


def test_a_row_that_left_the_list_begins_again(rows: list[OptOut]) -> None:
    order = ORDERS[0]
    first = read(order)
    first.rows[-1].delete()
    assert read(order, first.after).before == ""


def test_somebody_elses_row_is_no_place_to_begin_at(
    rows: list[OptOut], mallorys_account: SmsAccount
) -> None:
    order = ORDERS[0]
    theirs = OptOut.objects.filter(account=mallorys_account)
    page = keyset.page(rows=theirs, order=order, cursor=read(order).after, size=SIZE)
    assert page == keyset.Page(rows=[], before="", after="")


def test_a_cursor_names_the_row_and_tells_nothing_of_it(rows: list[OptOut]) -> None:
    page = read(ORDERS[3])
    said = b64_decode(page.after.partition(":")[0].encode())
    assert json.loads(said) == [page.rows[-1].pk, False]
