"""The pump: at least once, signed, in batches, never lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from messaging.carrier import base
from messaging.carrier.http import HttpCarrier
from messaging.carrier.simulator import parcels, pump
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.program import utc_now
from tests.messaging.carrier.scene import TOKEN, Door, make_chunk

ORDINARY = "+33612345678"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Push again soon: the pauses themselves are not what is tried here."""
    monkeypatch.setattr(pump, "FIRST_PAUSE", 0.01)


def test_receipts_reach_the_door(start_carrier: Callable[..., str], listening_door: Door) -> None:
    carrier = HttpCarrier(url=start_carrier(door_url=listening_door.url), token=TOKEN)

    said = carrier.submit(make_chunk(ORDINARY, "+33612349985"), deadline=5)

    receipts = listening_door.wait_for(2)
    assert [r.carrier_id for r in receipts] == [answer.carrier_id for answer in said]
    assert [r.state for r in receipts] == [
        base.ReceiptState.DELIVERED,
        base.ReceiptState.FAILED,
    ]


def test_receipt_is_pushed_again_until_the_door_takes_it(
    start_carrier: Callable[..., str], listening_door: Door
) -> None:
    listening_door.answers = [500, 302, 401]
    carrier = HttpCarrier(url=start_carrier(door_url=listening_door.url), token=TOKEN)

    carrier.submit(make_chunk(ORDINARY), deadline=5)

    [receipt] = listening_door.wait_for(1)
    assert receipt.state is base.ReceiptState.DELIVERED
    assert len(listening_door.push_ids) == 4
    assert len(set(listening_door.push_ids)) == 1


def test_door_that_was_closed_gets_all_when_it_opens(
    start_carrier: Callable[..., str], listening_door: Door
) -> None:
    early = HttpCarrier(url=start_carrier(door_url="http://127.0.0.1:9/"), token=TOKEN)
    early.submit(make_chunk(ORDINARY, ORDINARY), deadline=5)

    start_carrier(door_url=listening_door.url)

    assert len(listening_door.wait_for(2)) == 2


def test_many_receipts_go_in_batches_and_each_once(
    start_carrier: Callable[..., str], listening_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "LARGEST", 50)
    monkeypatch.setattr(pump, "BATCH", 100)
    carrier = HttpCarrier(url=start_carrier(door_url=listening_door.url), token=TOKEN)
    numbers = [f"+336{at:06d}00" for at in range(500)]

    carrier.submit(make_chunk(*numbers), deadline=5)

    receipts = listening_door.wait_for(500)
    assert len({receipt.reference for receipt in receipts}) == 500
    assert len(listening_door.push_ids) == len(set(listening_door.push_ids)) == 5


def test_what_was_taken_is_marked(
    start_carrier: Callable[..., str], listening_door: Door, tmp_path: Path
) -> None:
    carrier = HttpCarrier(url=start_carrier(door_url=listening_door.url), token=TOKEN)
    carrier.submit(make_chunk(ORDINARY), deadline=5)
    listening_door.wait_for(1)
    carrier.submit(make_chunk(ORDINARY, first=1), deadline=5)
    listening_door.wait_for(2)

    file = BooksFile(path=tmp_path / "books.sqlite3")
    # The first was marked before the second could be pushed.
    owed = parcels.Parcels(file=file).owed(now=utc_now(), at_most=9)
    file.close()

    assert not any(b"c0ffee:1:0" in parcel.content for parcel in owed)
