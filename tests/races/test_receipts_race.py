"""Receipts that come several times, contradict each other, and are applied by several at once."""

import random
from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging import campaigns, receipts, segments
from messaging.bulk import Change
from messaging.carrier import base
from messaging.models import BatchCounter, Message, Receipt, Revision, Status
from messaging.outcomes import record
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
RECIPIENTS = 24
SAID = (
    {"state": base.ReceiptState.DELIVERED},
    {"state": base.ReceiptState.FAILED, "code": base.Cause.ABSENT},
    {"state": base.ReceiptState.REJECTED, "code": base.Cause.SPAM, "billed": False},
    {"state": base.ReceiptState.UNKNOWN},
)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 8)
    monkeypatch.setattr(receipts, "GROUP", 10)


def send(
    account: SmsAccount, by: User, sender: Sender, carrier: base.Carrier, *, now: datetime
) -> Revision:
    """Hand over a campaign of three batches; the answers leave every other message ACCEPTED."""
    quoted = scenes.compose(account, by, sender, now=now, numbers=scenes.numbers(RECIPIENTS))
    campaigns.confirm(revision=quoted, by=by, total_hundredths=quoted.total_hundredths, now=now)
    scenes.hand_over_all(quoted, carrier, now=now)
    known = Message.objects.filter(batch__revision=quoted).order_by("pk")
    record(
        changes=[
            Change(message_id=pk, status=Status.ACCEPTED, reason=None, at=now)
            for pk in list(known.values_list("pk", flat=True))[::2]
        ],
        from_statuses=[Status.OPEN],
        now=now,
    )
    return quoted


def test_naive_refund_is_given_twice(
    account: SmsAccount, alice: User, sender: Sender, carrier: NotingCarrier, now: datetime
) -> None:
    def twice() -> bool:
        pk = send(account, alice, sender, carrier, now=now).batches.order_by("pk")[0].pk
        message = Message.objects.filter(batch_id=pk).order_by("pk")[0]
        counter = BatchCounter.objects.filter(batch_id=pk, status=Status.ACCEPTED)
        there, given_back = counter.get().messages, []

        def naive() -> None:
            found = Message.objects.get(pk=message.pk)
            if found.status == Status.ACCEPTED:
                found.status = Status.NOT_BILLED
                found.save()
                counter.update(messages=there - 1)
                given_back.append(found.price_hundredths)

        crowd.times(4, naive)
        return len(given_back) > 1

    crowd.show(twice)


def test_overlapping_groups_count_and_refund_each_message_once(
    account: SmsAccount, alice: User, sender: Sender, carrier: NotingCarrier, now: datetime
) -> None:
    chance, later = random.Random(11), now + timedelta(minutes=1)
    for _round in range(ROUNDS):
        revision = send(account, alice, sender, carrier, now=now)
        told = [
            scenes.receipt(
                revision,
                position,
                now=now,
                carrier_id=f"{revision.pk}-{position}-{copy}",
                at=now + timedelta(seconds=chance.randint(1, 9)),
                **chance.choice(SAID),
            )
            for position in range(1, RECIPIENTS + 1)
            for copy in range(3)
        ]

        def tell_and_apply(seed: int, said: list[base.Receipt] = told) -> None:
            shuffled = random.Random(seed).sample(said, len(said))
            receipts.store(carrier="simulated", receipts=shuffled, now=now)
            while receipts.apply_group(now=later):
                pass

        results = crowd.at_once([partial(tell_and_apply, n) for n in range(4)])
        scenes.receive([], now=later)

        assert not crowd.errors(results), crowd.errors(results)
        assert not Receipt.objects.exists()
        open_ones = Message.objects.filter(batch__revision=revision, status__isnull=True)
        assert not open_ones.exists()
        proofs.counters_are_rows(revision)
    proofs.money_adds_up(account)
    assert ledger.balance(account_id=account.pk) > 0
