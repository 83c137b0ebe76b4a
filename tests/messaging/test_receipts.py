"""Receipts: stored first, applied in groups, the first final one wins, money follows."""

from datetime import datetime, timedelta

import pytest

from accounts import ledger
from accounts.models import SmsAccount, User
from messaging import campaigns, doorbell, outcomes, quote, receipts, silence, tasks
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Ending
from messaging.models import (
    Batch,
    BatchCounter,
    Message,
    Receipt,
    ReceiptOutcome,
    ReceiptPush,
    Revision,
    Status,
)
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier, now: datetime
) -> Revision:
    """A campaign to five phones that was handed over."""
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(5))
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )
    scenes.hand_over_all(revision, carrier, now=now)
    revision.refresh_from_db()
    return revision


def statuses() -> list[int | None]:
    return list(Message.objects.order_by("pk").values_list("status", flat=True))


def counted() -> dict[int, int]:
    rows = BatchCounter.objects.filter(messages__gt=0).values_list("status", "messages")
    sums: dict[int, int] = {}
    for status, n in rows:
        sums[status] = sums.get(status, 0) + n
    return sums


def test_receipts_of_the_simulated_carrier_bring_messages_to_their_end(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier, now: datetime
) -> None:
    endings = (Ending.ABSENT, Ending.EXPIRED, Ending.SPAM, Ending.REJECTED_NOT_BILLED)
    numbers = (scenes.PHONE, *map(scenes.phone_ending, endings))
    revision = scenes.compose(account, alice, sender, now=now, numbers=numbers)
    campaigns.confirm(revision=revision, by=alice, total_hundredths=500, now=now)
    balance = ledger.balance(account_id=account.pk)
    scenes.hand_over_all(revision, carrier, now=now)
    scenes.receive(carrier.take_receipts(), now=now)

    assert statuses() == [
        Status.DELIVERED, Status.FAILED, Status.EXPIRED, Status.REJECTED, Status.NOT_BILLED,
    ]  # fmt: skip
    assert Message.objects.get(status=Status.FAILED).reason == "absent"
    assert ledger.balance(account_id=account.pk) == balance + 100
    assert not Receipt.objects.exists()
    assert not ReceiptPush.objects.exists()


def test_counters_follow_the_messages(sent: Revision, now: datetime) -> None:
    scenes.receive([scenes.receipt(sent, p, now=now) for p in (1, 2, 3)], now=now)
    assert counted() == {Status.OPEN: 2, Status.DELIVERED: 3}


def test_the_first_final_receipt_wins(sent: Revision, now: datetime) -> None:
    failed = scenes.receipt(sent, 1, now=now, state=base.ReceiptState.FAILED, code=base.Cause.FULL)
    scenes.receive([scenes.receipt(sent, 1, now=now)], now=now)
    scenes.receive([failed], now=now)
    assert statuses()[0] == Status.DELIVERED
    assert not Receipt.objects.exists()
    assert not ReceiptPush.objects.exists()


def test_within_a_group_the_earlier_final_receipt_wins(sent: Revision, now: datetime) -> None:
    late = scenes.receipt(sent, 1, now=now, at=now + timedelta(minutes=2))
    early = scenes.receipt(
        sent, 1, now=now, state=base.ReceiptState.EXPIRED, at=now + timedelta(minutes=1)
    )
    scenes.receive([late, early], now=now)
    assert statuses()[0] == Status.EXPIRED


def test_at_the_same_moment_the_final_receipt_told_first_wins(
    sent: Revision, now: datetime
) -> None:
    failed = {"state": base.ReceiptState.FAILED, "code": base.Cause.FULL}
    told = [
        scenes.receipt(sent, 1, now=now),
        scenes.receipt(sent, 2, now=now, **failed),
        scenes.receipt(sent, 2, now=now),
        scenes.receipt(sent, 1, now=now, **failed),
    ]
    scenes.receive(told, now=now)
    assert statuses()[:2] == [Status.DELIVERED, Status.FAILED]


def test_each_message_becomes_what_its_own_receipt_said(sent: Revision, now: datetime) -> None:
    said = [
        (5, base.ReceiptState.DELIVERED, base.Cause.NONE, 1),
        (2, base.ReceiptState.FAILED, base.Cause.FULL, 2),
        (1, base.ReceiptState.FAILED, base.Cause.FULL, 2),
        (3, base.ReceiptState.FAILED, base.Cause.ABSENT, 2),
        (4, base.ReceiptState.FAILED, base.Cause.ABSENT, 3),
    ]
    told = [
        scenes.receipt(sent, p, now=now, state=state, code=code, at=now + timedelta(seconds=after))
        for p, state, code, after in said
    ]
    scenes.receive(told, now=now)
    rows = Message.objects.order_by("pk").values_list("status", "reason", "status_at")
    assert list(rows) == [
        (Status.FAILED, "full", now + timedelta(seconds=2)),
        (Status.FAILED, "full", now + timedelta(seconds=2)),
        (Status.FAILED, "absent", now + timedelta(seconds=2)),
        (Status.FAILED, "absent", now + timedelta(seconds=3)),
        (Status.DELIVERED, None, now + timedelta(seconds=1)),
    ]


def test_what_matches_nothing_is_parked_as_it_was_told(sent: Revision, now: datetime) -> None:
    stranger = scenes.receipt(
        sent, 9, now=now, state=base.ReceiptState.REJECTED, code=base.Cause.SPAM, billed=False,
        operator="SFR",
    )  # fmt: skip
    scenes.receive([scenes.receipt(sent, 1, now=now), stranger], now=now)
    parked = Receipt.objects.get()
    assert parked.carrier == "simulated"
    assert parked.received_at == now
    for name in base.Receipt.__struct_fields__:
        assert getattr(parked, name) == getattr(stranger, name)


def test_a_worker_is_woken_for_the_oldest_push_alone(sent: Revision, now: datetime) -> None:
    def store(position: int) -> bool:
        told = [scenes.receipt(sent, position, now=now)]
        return receipts.store(carrier="simulated", receipts=told, now=now)

    assert [store(1), store(2), store(3)] == [True, False, False]
    # Told again: perhaps nobody was woken the first time.
    assert store(2)
    while receipts.apply_group(now=now):
        pass
    assert [store(4), store(5)] == [True, False]


def test_who_has_applied_a_lot_rings_for_the_rest(
    sent: Revision, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    monkeypatch.setattr(doorbell, "ring_task", lambda *, task, queue: given.append(task))
    monkeypatch.setattr(receipts, "GROUP", 1)
    for groups, rings in ((2, 0), (1, 1)):
        monkeypatch.setattr(tasks, "GROUPS_AT_ONCE", groups)
        receipts.store(
            carrier="simulated", receipts=[scenes.receipt(sent, groups, now=now)], now=now
        )
        tasks.apply_receipts()
        assert len(given) == rings


def test_another_is_woken_when_much_waits(
    sent: Revision, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    monkeypatch.setattr(doorbell, "ring_task", lambda *, task, queue: given.append(task))
    monkeypatch.setattr(receipts, "MANY", 2)
    for pushes, rings in ((2, []), (3, ["messaging.tasks.help_to_apply_receipts"])):
        for position in range(pushes):
            later = now + timedelta(seconds=10 * pushes + position)
            receipts.store(
                carrier="simulated", receipts=[scenes.receipt(sent, position, now=later)], now=now
            )
        tasks.apply_receipts()
        assert given == rings
        assert not ReceiptPush.objects.exists()


def test_a_group_is_of_whole_pushes_and_leaves_the_others(
    sent: Revision, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "GROUP", 3)
    for position in range(5):
        later = now + timedelta(seconds=position)
        told = [scenes.receipt(sent, 0, now=later), scenes.receipt(sent, 1, now=later)]
        receipts.store(carrier="simulated", receipts=told, now=now)
    assert [receipts.apply_group(now=now) for _group in range(4)] == [4, 4, 2, 0]


def test_unknown_is_provisional(sent: Revision, now: datetime) -> None:
    unknown = scenes.receipt(sent, 1, now=now, state=base.ReceiptState.UNKNOWN)
    scenes.receive([unknown], now=now)
    assert statuses()[0] == Status.UNKNOWN
    scenes.receive([scenes.receipt(sent, 1, now=now)], now=now)
    assert statuses()[0] == Status.DELIVERED
    later = now + timedelta(seconds=5)
    scenes.receive([scenes.receipt(sent, 1, now=later, state=base.ReceiptState.UNKNOWN)], now=now)
    assert statuses()[0] == Status.DELIVERED


def test_the_same_receipt_again_is_harmless_and_gives_nothing_back_twice(
    sent: Revision, now: datetime
) -> None:
    balance = ledger.balance(account_id=sent.account_id)
    rejected = scenes.receipt(sent, 2, now=now, state=base.ReceiptState.REJECTED, billed=False)
    for _time in range(3):
        scenes.receive([rejected, rejected], now=now)
    assert statuses()[1] == Status.NOT_BILLED
    assert ledger.balance(account_id=sent.account_id) == balance + 100


def test_a_receipt_that_comes_before_our_own_record_is_parked_and_applied(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.receive([scenes.receipt(revision, 1, now=now)], now=now)
    assert statuses() == [None]
    scenes.hand_over_all(revision, carrier, now=now)
    receipts.apply_group(now=now + receipts.PAUSE)
    assert statuses() == [Status.DELIVERED]


@pytest.mark.parametrize(
    "reference",
    ["", "nonsense", "a:b:c", "00000000-0000-0000-0000-000000000000:1:1", "{known}:1:6"],
)
def test_a_receipt_without_a_message_is_kept_for_72_hours_and_then_named(
    sent: Revision, now: datetime, reference: str
) -> None:
    told = scenes.receipt(
        sent, 1, now=now, reference=reference.replace("{known}", str(sent.campaign.uuid))
    )
    scenes.receive([told], now=now)
    assert Receipt.objects.get().outcome == ReceiptOutcome.WAITING
    receipts.apply_group(now=now + receipts.PATIENCE + timedelta(seconds=1))
    assert Receipt.objects.get().outcome == ReceiptOutcome.UNMATCHED
    assert statuses() == [None] * 5


def test_a_long_silence_makes_messages_unknown_until_a_late_receipt(
    sent: Revision, now: datetime
) -> None:
    scenes.receive([scenes.receipt(sent, 1, now=now)], now=now)
    silence.close_quiet_batches(now=now + timedelta(hours=71), most=10)
    assert Batch.objects.get().closed_at is None
    silence.close_quiet_batches(now=now + timedelta(hours=73), most=10)
    assert statuses() == [Status.DELIVERED, *[Status.UNKNOWN] * 4]
    scenes.receive([scenes.receipt(sent, 3, now=now)], now=now)
    assert statuses()[2] == Status.DELIVERED
    assert counted() == {Status.DELIVERED: 2, Status.UNKNOWN: 3}


def test_a_batch_with_nothing_open_is_closed(sent: Revision, now: datetime) -> None:
    scenes.receive([scenes.receipt(sent, p, now=now) for p in range(1, 6)], now=now)
    assert silence.close_quiet_batches(now=now, most=10) == 1
    assert Batch.objects.get().closed_at == now


def test_a_large_group_of_receipts_is_applied_whole(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(600))
    quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))
    revision.refresh_from_db()
    campaigns.confirm(revision=revision, by=alice, total_hundredths=60_000, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    scenes.receive([scenes.receipt(revision, p, now=now) for p in range(1, 601)], now=now)
    assert counted() == {Status.DELIVERED: 600}


def test_only_rows_that_the_statement_moved_are_given_back(sent: Revision, now: datetime) -> None:
    batch = scenes.batch_of(sent)
    first = batch.first_message_id
    moved = [
        outcomes.close_range(
            first_id=first, last_id=first + 4, status=Status.NOT_SENT, reason=None, now=now
        )
        for _time in range(2)
    ]
    assert moved == [5, 0]
    batch.refresh_from_db()
    assert batch.refunds == 1
