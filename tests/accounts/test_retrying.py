"""What is run again, and what is not."""

import pytest
from django.db import OperationalError, transaction

from accounts import retrying


class Undone(Exception):
    """What the driver raises, as far as it is looked at."""

    def __init__(self, pgcode: str) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


class Work:
    """Fails so many times with an error of the database, then gives the number of its runs."""

    def __init__(self, *, failures: int, pgcode: str = "40P01") -> None:
        self.failures, self.pgcode, self.runs = failures, pgcode, 0

    def __call__(self) -> int:
        self.runs += 1
        if self.runs <= self.failures:
            raise OperationalError from Undone(self.pgcode)
        return self.runs


def run(work: Work) -> int:
    @retrying.on_deadlock
    def function() -> int:
        return work()

    return function()


@pytest.mark.parametrize("pgcode", ["40P01", "40001"], ids=["a deadlock", "a serialization"])
@pytest.mark.django_db(transaction=True)
def test_an_undone_transaction_runs_again(pgcode: str) -> None:
    assert run(Work(failures=2, pgcode=pgcode)) == 3


@pytest.mark.django_db(transaction=True)
def test_the_last_try_lets_the_error_out() -> None:
    work = Work(failures=100)
    with pytest.raises(OperationalError):
        run(work)
    assert work.runs == retrying.TRIES


@pytest.mark.django_db(transaction=True)
def test_other_errors_pass_at_once() -> None:
    work = Work(failures=1, pgcode="57014")
    with pytest.raises(OperationalError):
        run(work)
    assert work.runs == 1


@pytest.mark.django_db
def test_within_a_transaction_only_the_outermost_runs_again() -> None:
    work = Work(failures=1)
    with pytest.raises(OperationalError), transaction.atomic():
        run(work)
    assert work.runs == 1
