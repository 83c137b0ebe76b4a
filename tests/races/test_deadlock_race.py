"""Deadlocks: a real one is survived, and everything at once on one account loses nothing."""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction

from accounts import gifts, retrying
from accounts.models import Customer, SmsAccount, User
from messaging import campaigns, closing, delivery, quote, receipts
from messaging.carrier import base
from messaging.models import Batch, HandOver, HandOverState, OptOutCause, Revision
from messaging.recipients import optout
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
GIFT = 300


def cross(first: Customer, second: Customer, *, both: threading.Barrier) -> None:
    """Lock two rows, meeting the other one in between the first time."""
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '100ms'")
    with transaction.atomic():
        Customer.objects.filter(pk=first.pk).update(name="Half")
        try:
            both.wait(5)
        except threading.BrokenBarrierError:
            pass
        finally:
            # The second try meets nobody.
            both.abort()
        Customer.objects.filter(pk=second.pk).update(name="Whole")


def crossing(cross_over: Callable[..., None]) -> list[object]:
    """Let two cross over the same two customers in opposite order."""
    one, other = (Customer.objects.create(name=n, country="FR") for n in ("One", "Other"))
    both = threading.Barrier(2)
    return crowd.at_once(
        [
            lambda: cross_over(one, other, both=both),
            lambda: cross_over(other, one, both=both),
        ]
    )


def test_naive_crossing_ends_in_a_deadlock() -> None:
    (error,) = crowd.errors(crossing(cross))

    assert isinstance(error, OperationalError)
    assert retrying.was_undone(error)


def test_a_deadlocked_transaction_runs_again_as_a_whole() -> None:
    assert not crowd.errors(crossing(retrying.on_deadlock(cross)))

    names = Customer.objects.values_list("name", flat=True)
    assert sorted(names) == ["Half", "Whole"]


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quote, "BATCH_SIZE", 4)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 2)
    monkeypatch.setattr(receipts, "GROUP", 16)


@pytest.mark.usefixtures("_small")
def test_everything_at_once_on_one_account_loses_nothing(  # noqa: PLR0913 (a scene)
    account: SmsAccount,
    alice: User,
    sam: User,
    sender: Sender,
    carrier: NotingCarrier,
    now: datetime,
) -> None:
    phones = scenes.numbers(12)
    later = now + timedelta(minutes=1)

    def quoted() -> Revision:
        return scenes.compose(account, alice, sender, now=now, numbers=phones, is_commercial=True)

    def confirm(revision: Revision) -> None:
        campaigns.confirm(
            revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
        )

    def work(*revisions: Revision) -> None:
        for revision in revisions:
            for pk in Batch.objects.filter(revision=revision).values_list("pk", flat=True):
                delivery.leave(batch_id=pk, clock=scenes.at(now))
            waiting = HandOver.objects.filter(batch__revision=revision, state=HandOverState.READY)
            for pk in list(waiting.values_list("pk", flat=True)):
                delivery.hand_over(hand_over_id=pk, carrier=carrier, clock=scenes.at(now))

    def tell(*revisions: Revision) -> None:
        told = [
            scenes.receipt(
                revision, n, now=now, state=base.ReceiptState.REJECTED, billed=n % 3 == 0
            )
            for n in range(1, 9)
            for revision in revisions
        ]
        receipts.store(receipts=told, now=now)
        while receipts.apply_group(now=later):
            pass

    def give() -> None:
        for _gift in range(3):
            gifts.give(
                account=account, amount_hundredths=GIFT, by=sam, reason="storm",
                token=uuid.uuid4(), now=now,
            )  # fmt: skip

    def cancel(revision: Revision) -> None:
        try:
            campaigns.cancel(revision=Revision.objects.get(pk=revision.pk), by=alice, now=now)
        except campaigns.NotCancellable:
            return

    for stopped in phones[:ROUNDS]:
        planned, sent = quoted(), quoted()
        confirm(planned)
        confirm(sent)
        work(sent)
        # Opted out after the confirmation: the claims of `planned` skip and refund it.
        optout.add(account=account, phone=stopped, cause=OptOutCause.MANUAL, now=now)
        fresh = quoted()

        results = crowd.at_once(
            [
                lambda r=fresh: confirm(r),  # type: ignore[misc] (bound now)
                lambda r=planned: cancel(r),  # type: ignore[misc] (bound now)
                lambda r=(planned, sent): work(*r),  # type: ignore[misc] (bound now)
                lambda r=(sent, planned): work(*r),  # type: ignore[misc] (bound now)
                lambda r=(sent, planned): tell(*r),  # type: ignore[misc] (bound now)
                lambda r=(planned, sent): tell(*r),  # type: ignore[misc] (bound now)
                give,
            ]
        )
        work(planned)
        closing.settle_cancelled(revision_id=planned.pk, now=now)
        scenes.receive([], now=later)

        assert not crowd.errors(results), crowd.errors(results)
        for revision in (fresh, planned, sent):
            assert proofs.entries(revision) == [-revision.total_hundredths]
            proofs.counters_are_rows(revision)
        proofs.money_adds_up(account)
    given = account.entries.filter(reason="storm").values_list("amount_hundredths", flat=True)
    assert list(given) == [GIFT] * 3 * ROUNDS
