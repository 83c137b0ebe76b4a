"""The counters of batches: how many messages have which status, by country and operator.

They follow the rows in the transaction that moves those, and are locked here, all in one order.
"""

from collections.abc import Sequence

from messaging import bulk
from messaging.bulk import Moved
from messaging.models import BatchCounter, Status

_TABLE = BatchCounter._meta.db_table
_CHANGE = (
    f"UPDATE {_TABLE} SET messages = messages + %s, parts = parts + %s, "  # noqa: S608 (constants)
    "price_hundredths = price_hundredths + %s "
    "WHERE batch_id = %s AND status = %s AND country = %s AND operator = %s"
)
_ADD = (
    f"INSERT INTO {_TABLE} "  # noqa: S608 (constants)
    "(batch_id, status, country, operator, messages, parts, price_hundredths) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s) "
    "ON CONFLICT (batch_id, status, country, operator) DO UPDATE SET "
    f"messages = {_TABLE}.messages + excluded.messages, "
    f"parts = {_TABLE}.parts + excluded.parts, "
    f"price_hundredths = {_TABLE}.price_hundredths + excluded.price_hundredths"
)


def carry(*, moves: Sequence[tuple[Status, Moved]]) -> None:
    """Carry moved messages from the counters of the status they had to those of their new one.

    One counter after the other in one order, whether it falls or rises: they are locked here.
    """
    sums: dict[tuple[int, Status, str, str], list[int]] = {}
    for from_status, m in moves:
        for status, sign in ((from_status, -1), (m.status, 1)):
            total = sums.setdefault((m.batch_id, status, m.country, m.operator), [0, 0, 0])
            for i, value in enumerate((m.messages, m.parts, m.price_hundredths)):
                total[i] += sign * value
    bulk.execute_all(
        statements=[
            # One that falls is there already: a message left it. An insert of a negative would
            # be refused.
            (_ADD, [*key, *values]) if values[0] > 0 else (_CHANGE, [*values, *key])
            for key, values in sorted(sums.items())
        ]
    )
