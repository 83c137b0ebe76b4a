"""Receipts find their messages, and each becomes what is said of it: as if told one by one."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import SmsAccount, User
from messaging import inbox, matching, receipts, segments
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Batch, Message, Receipt, Revision, Status
from senders.models import Sender
from tests import scenes

pytestmark = pytest.mark.django_db

RECIPIENTS, SMALL = 30, 8
DELIVERED: dict[str, Any] = {"state": base.ReceiptState.DELIVERED}
SAID: list[dict[str, Any]] = [
    *[DELIVERED] * 5,
    {"state": base.ReceiptState.FAILED, "code": base.Cause.FULL},
    {"state": base.ReceiptState.REJECTED, "billed": False},
    {"state": base.ReceiptState.UNKNOWN},
    {"state": base.ReceiptState.ACCEPTED},
]


@pytest.fixture
def sent(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Revision:
    """A campaign in batches of eight, of which all but the last left."""
    monkeypatch.setattr(segments, "BATCH_SIZE", SMALL)
    numbers = scenes.numbers(RECIPIENTS)
    revision = scenes.confirmed(account, alice, sender, now=now, numbers=numbers)
    scenes.hand_over_all(revision, carrier, now=now)
    last = Batch.objects.filter(revision=revision).order_by("-first_position")[0]
    Batch.objects.filter(pk=last.pk).update(departed_at=None)
    return revision


def ids(revision: Revision) -> dict[str, int]:
    """Give the message of each reference."""
    return {
        f"{revision.campaign.uuid}:{revision.number}:{batch.first_position + at}":
            batch.first_message_id + at
        for batch in Batch.objects.filter(revision=revision, departed_at__isnull=False)
        for at in range(batch.messages)
    }  # fmt: skip


def make(revision: Revision, *, chance: random.Random, now: datetime) -> list[base.Receipt]:
    """Write receipts as they may come: mostly in a row, also twice, late and of strangers."""
    positions = list(range(chance.randint(0, 9), chance.randint(10, RECIPIENTS + 5)))
    positions += chance.choices(range(RECIPIENTS + 5), k=chance.choice([0, 0, 5]))
    if chance.random() < 0.3:
        chance.shuffle(positions)
    told, moment = [], now
    for position in positions:
        said = chance.choice(SAID) if chance.random() < 0.2 else DELIVERED
        moment = now + timedelta(seconds=chance.randint(0, 9)) if chance.random() < 0.2 else moment
        changed = {"reference": f"{revision.campaign.uuid}:1:0{position}"}
        odd = changed if chance.random() < 0.05 else {}
        told.append(scenes.receipt(revision, position, now=now, at=moment, **said, **odd))
    return told


def became(told: list[base.Receipt], found: dict[str, int]) -> dict[int, tuple[object, ...]]:
    """Decide receipt by receipt, as the rule is written."""
    final: dict[int, tuple[object, ...]] = {}
    provisional: dict[int, tuple[object, ...]] = {}
    for each in sorted(told, key=lambda receipt: receipt.at):
        head, _colon, position = each.reference.rpartition(":")
        message_id = found.get(f"{head}:{int(position)}")
        status = receipts.STATUSES.get((each.state, each.billed))
        if message_id and status:
            decided = provisional if status is Status.UNKNOWN else final
            decided.setdefault(message_id, (status, each.code.value or None, each.at))
    return provisional | final


@pytest.mark.parametrize("seed", range(25))
def test_messages_become_what_receipts_said_one_by_one(
    sent: Revision, now: datetime, seed: int
) -> None:
    chance = random.Random(seed)
    told = [make(sent, chance=chance, now=now) for _push in range(chance.randint(1, 3))]
    found, all_told = ids(sent), [receipt for push in told for receipt in push]
    for push in told:
        receipts.store(carrier="simulated", receipts=push, now=now)
    receipts.apply_group(now=now)

    moved = Message.objects.exclude(status=None).values_list("pk", "status", "reason", "status_at")
    assert {pk: tuple(rest) for pk, *rest in moved} == became(all_told, found)
    strangers = [
        (receipt.reference, receipt.carrier_id, receipt.state, receipt.at)
        for receipt in all_told
        if f"{sent.campaign.uuid}:1:{int(receipt.reference.rpartition(':')[2])}" not in found
    ]
    parked = Receipt.objects.values_list("reference", "carrier_id", "state", "at")
    # Of those with the same number, state and moment one is kept.
    assert {row[1:] for row in parked} == {row[1:] for row in strangers}
    assert set(parked) <= set(strangers)


def test_messages_in_a_row_are_one_span_of_each_batch(sent: Revision, now: datetime) -> None:
    told = [scenes.receipt(sent, position, now=now) for position in range(1, RECIPIENTS + 1)]
    [each] = inbox.read(inbox.write(told, carrier="simulated").decode())
    batches = Batch.objects.filter(revision=sent).order_by("first_position")
    *left, _last = batches.values_list("first_position", "first_message_id", "messages")

    assert matching.find([each]) == [
        [(first - 1, first_id, messages) for first, first_id, messages in left]
    ]
    assert len(left) > 1


def test_messages_that_became_the_same_are_one_change(sent: Revision, now: datetime) -> None:
    told = [scenes.receipt(sent, position, now=now) for position in range(1, SMALL + 1)]
    chance = random.Random(1)
    shuffled = inbox.read(inbox.write(chance.sample(told, SMALL), carrier="x").decode())

    [change] = receipts.changes_of(shuffled, matching.find(shuffled))

    assert (change.status, change.messages) == (Status.DELIVERED, SMALL)
