"""Many rows at once, the same on both databases."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from messaging import bulk
from messaging.bulk import Change, Moved
from messaging.models import IdBlock, Message, ReceiptPush, Status

pytestmark = pytest.mark.django_db

COLUMNS = (
    "id", "recipient", "country", "operator", "parts", "price_hundredths", "text",
)  # fmt: skip
NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)


def insert(*texts: str | None) -> None:
    rows = [
        (n, f"+3361234567{n}", "FR", "SFR", 1, 100, text) for n, text in enumerate(texts, start=1)
    ]
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
    packed = bulk.pack(columns or dict.fromkeys(COLUMNS, ()))
    bulk.insert_rows(model=Message, rows=packed, same={"batch_id": 1})


def change(message_id: int, status: Status = Status.DELIVERED, reason: str | None = None) -> Change:
    return Change(message_id, status, reason, NOON)


@pytest.mark.parametrize(
    "text",
    [
        "", "plain", "tab\tbetween", "line\nfeed", "carriage\rreturn", "back\\slash", "\\N", "\\.",
        "\\n is not a line feed", '"quoted", with comma', "été 🎉", None,
    ],
)  # fmt: skip
def test_texts_come_back_as_they_went_in(text: str | None) -> None:
    insert(text)
    assert Message.objects.get().text == text


def test_inserted_rows_go_with_the_transaction_they_came_in() -> None:
    def insert_and_fail() -> None:
        with transaction.atomic():
            insert("a", "b")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        insert_and_fail()
    assert not Message.objects.exists()


def test_an_error_of_the_driver_comes_out_as_djangos() -> None:
    insert("a")
    with pytest.raises(DatabaseError), transaction.atomic():
        insert("a again, with the same id")


def test_reserved_ids_never_overlap() -> None:
    blocks = [(bulk.reserve_ids(name="message", count=n), n) for n in (1, 500, 3)]
    ids = [i for first, n in blocks for i in range(first, first + n)]
    assert ids == list(range(ids[0], ids[0] + 504))
    assert IdBlock.objects.get(name="message").next == ids[-1] + 1
    assert bulk.reserve_ids(name="another", count=1) == 1


def test_only_rows_with_the_expected_status_are_moved_and_told() -> None:
    insert("a", "b", "c", "d")
    first = bulk.move_messages(changes=[change(1)], from_status=Status.OPEN)
    again = bulk.move_messages(changes=[change(n) for n in (3, 1, 2)], from_status=Status.OPEN)
    assert first == [Moved(1, Status.DELIVERED, "FR", "SFR", 1, 1, 100)]
    assert again == [Moved(1, Status.DELIVERED, "FR", "SFR", 2, 2, 200)]
    assert bulk.move_messages(changes=[change(9)], from_status=Status.OPEN) == []
    assert bulk.move_messages(changes=[], from_status=Status.OPEN) == []


def test_a_moved_row_has_its_status_reason_and_moment() -> None:
    insert("a", "b")
    bulk.move_messages(
        changes=[change(1, Status.FAILED, "absent"), change(2)], from_status=Status.OPEN
    )
    failed, delivered = Message.objects.order_by("pk")
    assert (failed.status, failed.reason, failed.status_at) == (Status.FAILED, "absent", NOON)
    assert (delivered.status, delivered.reason, delivered.status_at) == (10, None, NOON)


def test_of_a_range_only_rows_with_the_expected_status_are_moved_and_summed() -> None:
    insert("a", "b", "c", "d", "e", "f")
    bulk.move_messages(changes=[change(3, Status.FAILED, "absent")], from_status=Status.OPEN)
    five = change(2)._replace(messages=4)
    moved = bulk.move_messages(changes=[five, change(9)], from_status=Status.OPEN)
    assert moved == [Moved(1, Status.DELIVERED, "FR", "SFR", 3, 3, 300)]
    statuses = Message.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [None, 10, 11, 10, 10, None]


@pytest.mark.postgresql
def test_rows_are_found_by_their_key_on_a_table_without_statistics() -> None:
    def times_read_whole() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = %s",
                [Message._meta.db_table],
            )
            return int(cursor.fetchone()[0])

    insert(*["a"] * 9)
    before = times_read_whole()
    every_other = [change(n) for n in range(1, 1001, 2)]
    [moved] = bulk.move_messages(changes=every_other, from_status=Status.OPEN)
    assert moved.messages == 5
    assert times_read_whole() == before


def test_several_statements_are_executed_in_their_order_with_their_values() -> None:
    insert("a", "b")
    bulk.execute_all(statements=[])
    table = Message._meta.db_table
    bulk.execute_all(
        statements=[
            (f"UPDATE {table} SET text = %s WHERE id = %s", ["first", 1]),  # noqa: S608 (table)
            (f"UPDATE {table} SET text = text || %s WHERE id >= %s", [", 100 %", 1]),  # noqa: S608
        ]
    )
    texts = Message.objects.order_by("pk").values_list("text", flat=True)
    assert list(texts) == ["first, 100 %", "b, 100 %"]


def test_one_row_is_inserted_once() -> None:
    values = {"digest": "d", "content": "é", "receipts": 2, "received_at": NOON}
    first = bulk.insert_one_new(model=ReceiptPush, values=values)
    again = bulk.insert_one_new(model=ReceiptPush, values=values | {"content": "another"})
    push = ReceiptPush.objects.get()
    assert (first, again) == (push.pk, None)
    assert {name: getattr(push, name) for name in values} == values


def test_the_first_id_is_the_smallest() -> None:
    assert bulk.first_id(model=ReceiptPush) is None
    ids = [
        bulk.insert_one_new(
            model=ReceiptPush,
            values={"digest": digest, "content": "", "receipts": 1, "received_at": NOON},
        )
        for digest in ("a", "b")
    ]
    assert bulk.first_id(model=ReceiptPush) == ids[0]
