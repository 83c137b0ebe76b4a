"""A visitor of the demo's pages, and the simulated carrier behind them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings as PytestSettings

from messaging.carrier import base
from messaging.carrier.http import HttpCarrier
from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.program import Settings, Simulator, utc_now
from tests.house_client import HouseClient

PHONE = "+33612345678"
TOKEN = "token-of-a-test"
AT_ONCE = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)

Send = Callable[..., None]


@pytest.fixture
def client() -> HouseClient:
    """Give a visitor: the demo's pages need no sign-in."""
    return HouseClient()


@pytest.fixture
def send(tmp_path: Path, settings: PytestSettings) -> Iterator[Send]:
    """Run the simulated carrier, and give a function that hands SMS over to it."""
    # Nobody listens at the door: receipts wait, which is all the same to a phone.
    carrier = Simulator(
        settings=Settings(
            books=tmp_path / "carrier.sqlite3",
            door="http://127.0.0.1:1/",
            door_secret="c2VjcmV0LW9mLWEtdGVzdA==",
            token=TOKEN,
            terms=AT_ONCE,
            honours_references=True,
        ),
        clock=utc_now,
    )
    settings.CARRIER_URL = carrier.start(host="127.0.0.1", port=0)
    settings.CARRIER_TOKEN = TOKEN
    client = HttpCarrier(url=settings.CARRIER_URL, token=TOKEN)

    def hand_over(
        text: str,
        *,
        to: str = PHONE,
        kind: str = "standard",
        clause: str = "",
        sender: str = "MAISON",
    ) -> None:
        chunk = base.Chunk(
            sender=sender,
            text=text,
            message_class=base.MessageClass(kind),
            clause=clause,
            validity=timedelta(hours=1),
            recipients=(base.Recipient(reference=f"{to}/{text}", to=to, text=None),),
        )
        assert all(answer.accepted for answer in client.submit(chunk, deadline=10))

    yield hand_over
    carrier.stop()
