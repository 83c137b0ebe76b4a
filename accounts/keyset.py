"""Pages of a list that are read by key: no OFFSET and no count, however deep one reads.

A list is ordered by keys of which the last is unique. A cursor names the row that a page lies
beyond, not its values, which may be a number or a text; it is signed, for one order of one list. A
cursor that is not ours, or whose row is no longer in the list, begins again.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core import signing
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value

PAGE = 50
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a list is sorted; `name` binds cursors to it."""

    name: str
    keys: tuple[str, ...]
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Up to PAGE rows and the cursors around them, "" where there is nothing."""

    rows: list[Row]
    before: str
    after: str


def page(*, rows: QuerySet[Row], order: Order, cursor: str, size: int = PAGE) -> Page[Row]:
    """Give the page at a cursor; "" is the first."""
    place, backwards = _read(cursor, order)
    anchor = rows.filter(pk=place).values_list(*order.keys).first() if place else None
    backwards = backwards and anchor is not None
    rising = order.descending is backwards
    if anchor is not None:
        beyond = _Above if rising else _Below
        rows = rows.filter(beyond(_Whole(*map(F, order.keys)), _Whole(*map(Value, anchor))))
    sign = "" if rising else "-"
    found = list(rows.order_by(*(f"{sign}{key}" for key in order.keys))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_before = more if backwards else anchor is not None
    has_after = backwards or more
    return Page(
        rows=found,
        before=_write(found[0], order, backwards=True) if found and has_before else "",
        after=_write(found[-1], order, backwards=False) if found and has_after else "",
    )


class _Whole(Func):
    """`(a, b)`: compared as a whole, which an index on a and b answers by itself."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


class _Above(Func):
    """`left > right`."""

    template = "%(expressions)s"
    arg_joiner = " > "
    output_field = BooleanField()


class _Below(_Above):
    """`left < right`."""

    arg_joiner = " < "


def _write(row: Row, order: Order, *, backwards: bool) -> str:
    return signing.dumps([row.pk, backwards], salt=_salt(order))


def _read(cursor: str, order: Order) -> tuple[int | None, bool]:
    try:
        place, backwards = signing.loads(cursor, salt=_salt(order))
    except signing.BadSignature:
        return None, False
    return place, backwards


def _salt(order: Order) -> str:
    return f"keyset {order.name} {order.descending}"
