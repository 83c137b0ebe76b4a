"""Credit entries and the trail can only grow, on PostgreSQL, whoever asks.

The tests run as the owner of the tables, who is a superuser besides.
"""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import trail
from accounts.models import CreditEntry, SmsAccount, TrailEntry, User
from tests import factories, lifted

pytestmark = pytest.mark.postgresql

TABLES = pytest.mark.parametrize("table", lifted.TABLES)
REMOVE = "DELETE FROM {}"


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def written(account: SmsAccount, alice: User) -> None:
    """Give each table a row."""
    trail.record(
        event="test.written", subject="test", actor=alice, account=account, now=factories.NOW
    )
    # As after a commit: foreign keys yet to be checked would refuse a TRUNCATE by themselves.
    execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
@TABLES
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE {} SET id = id", id="change"),
        pytest.param(REMOVE, id="remove"),
        pytest.param("DELETE FROM {} WHERE false", id="remove nothing"),
        pytest.param("TRUNCATE {} CASCADE", id="empty"),
        pytest.param("TRUNCATE accounts_smsaccount CASCADE", id="empty what it points to"),
    ],
)
def test_a_row_that_was_added_stays_as_it_is(written: None, table: str, statement: str) -> None:
    with pytest.raises(IntegrityError, match="rows are added here"):
        execute(statement.format(table))


@pytest.mark.django_db
@TABLES
def test_the_role_of_a_replica_lifts_nothing(written: None, table: str) -> None:
    execute("SET LOCAL session_replication_role = replica")
    with pytest.raises(IntegrityError, match="rows are added here"):
        execute(REMOVE.format(table))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda: CreditEntry.objects.update(reason="x"), id="entries changed"),
        pytest.param(lambda: CreditEntry.objects.all().delete(), id="entries removed"),
        pytest.param(lambda: CreditEntry.objects.get().save(), id="entry saved again"),
        pytest.param(lambda: TrailEntry.objects.update(event="x"), id="trail changed"),
        pytest.param(lambda: TrailEntry.objects.all().delete(), id="trail removed"),
    ],
)
def test_the_orm_is_refused_like_anybody(written: None, change: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="rows are added here"), transaction.atomic():
        change()


@pytest.mark.django_db
@TABLES
def test_a_planted_violation_is_possible_while_lifted_and_not_after(
    written: None, table: str
) -> None:
    with lifted.append_only_lifted():
        execute(REMOVE.format(table))
    with pytest.raises(IntegrityError, match="rows are added here"):
        execute(REMOVE.format(table))


@pytest.mark.django_db(transaction=True)
def test_what_fails_while_lifted_leaves_the_triggers_in_place(written: None) -> None:
    def fail() -> None:
        with lifted.append_only_lifted():
            execute("DELETE FROM accounts_creditentry")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert CreditEntry.objects.exists()
    with pytest.raises(IntegrityError, match="rows are added here"):
        execute("DELETE FROM accounts_creditentry")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_the_tables_are_emptied_between_tests_and_guarded_again(written: None, run: int) -> None:
    assert CreditEntry.objects.count() == 1
    with pytest.raises(IntegrityError, match="rows are added here"):
        execute("TRUNCATE accounts_creditentry, accounts_trailentry")
