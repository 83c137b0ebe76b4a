"""Deadlocks: a real one is survived, and everything at once on one account loses nothing."""

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from accounts import gifts, retrying
from accounts.models import Customer, SmsAccount, User
from messaging import campaigns, closing, delivery, receipts, segments
from messaging.carrier import base
from messaging.models import HandOver, HandOverState, OptOutCause, Revision
from messaging.recipients import optout
from senders.models import Sender
from tests import factories, scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 6
GIFTS, GIFT = 3, 300
PHONES = scenes.numbers(12)


def cross(first: Customer, second: Customer, *, both: threading.Barrier) -> None:
    """Lock two rows, meeting the other one in between the first time."""
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '100ms'")
    with transaction.atomic():
        Customer.objects.filter(pk=first.pk).update(name="Half")
        # The second try meets nobody.
        with suppress(threading.BrokenBarrierError):
            both.wait(5)
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
    monkeypatch.setattr(segments, "BATCH_SIZE", 4)
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 2)
    monkeypatch.setattr(receipts, "GROUP", 16)


class Storm:
    """What people, workers and the carrier do to one account."""

    def __init__(
        self, account: SmsAccount, alice: User, sam: User, sender: Sender, carrier: NotingCarrier
    ) -> None:
        self.account, self.alice, self.sam = account, alice, sam
        self.sender, self.carrier = sender, carrier
        self.now = factories.NOW
        self.later = self.now + timedelta(minutes=1)

    def quoted(self) -> Revision:
        return scenes.compose(
            self.account, self.alice, self.sender,
            now=self.now, numbers=PHONES, is_commercial=True,
        )  # fmt: skip

    def confirm(self, revision: Revision) -> None:
        campaigns.confirm(
            revision=revision,
            by=self.alice,
            total_hundredths=revision.total_hundredths,
            now=self.now,
        )

    def work(self, *revisions: Revision) -> None:
        clock = scenes.at(self.now)
        for revision in revisions:
            for batch in revision.batches.all():
                delivery.leave(batch_id=batch.pk, clock=clock)
            waiting = HandOver.objects.filter(batch__revision=revision, state=HandOverState.READY)
            for pk in list(waiting.values_list("pk", flat=True)):
                delivery.hand_over(hand_over_id=pk, carrier=self.carrier, clock=clock)

    def tell(self, *revisions: Revision) -> None:
        rejected = base.ReceiptState.REJECTED
        told = [
            scenes.receipt(revision, n, now=self.now, state=rejected, billed=n % 3 == 0)
            for n in range(1, 9)
            for revision in revisions
        ]
        receipts.store(carrier="simulated", receipts=told, now=self.now)
        while receipts.apply_group(now=self.later):
            pass

    def give(self) -> None:
        for _gift in range(GIFTS):
            gifts.give(
                account=self.account, amount_hundredths=GIFT, by=self.sam, reason="storm",
                token=uuid.uuid4(), now=self.now,
            )  # fmt: skip

    def cancel(self, revision: Revision) -> None:
        fresh = Revision.objects.get(pk=revision.pk)
        with suppress(campaigns.NotCancellable):
            campaigns.cancel(revision=fresh, by=self.alice, now=self.now)

    def settle(self, revision: Revision) -> None:
        self.work(revision)
        closing.settle_cancelled(revision_id=revision.pk, now=self.now)
        scenes.receive([], now=self.later)


@pytest.mark.usefixtures("_small")
def test_everything_at_once_on_one_account_loses_nothing(
    account: SmsAccount, alice: User, sam: User, sender: Sender, carrier: NotingCarrier
) -> None:
    storm = Storm(account, alice, sam, sender, carrier)
    for stopped in PHONES[:ROUNDS]:
        planned, sent = storm.quoted(), storm.quoted()
        storm.confirm(planned)
        storm.confirm(sent)
        storm.work(sent)
        # Opted out after the confirmation: the claims of `planned` skip and refund it.
        optout.add(account=account, phone=stopped, cause=OptOutCause.MANUAL, now=storm.now)
        fresh = storm.quoted()

        results = crowd.at_once(
            [
                partial(storm.confirm, fresh),
                partial(storm.cancel, planned),
                partial(storm.work, planned, sent),
                partial(storm.work, sent, planned),
                partial(storm.tell, sent, planned),
                partial(storm.tell, planned, sent),
                storm.give,
            ]
        )
        storm.settle(planned)

        assert not crowd.errors(results), crowd.errors(results)
        for revision in (fresh, planned, sent):
            assert proofs.entries(revision) == [-revision.total_hundredths]
            proofs.counters_are_rows(revision)
        proofs.money_adds_up(account)
    given = account.entries.filter(reason="storm").values_list("amount_hundredths", flat=True)
    assert list(given) == [GIFT] * GIFTS * ROUNDS
