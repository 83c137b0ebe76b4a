"""A running carrier and a door that listens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from waitress.server import create_server

from messaging.carrier.simulator.outcomes import Terms
from messaging.carrier.simulator.program import Settings, Simulator, utc_now
from tests.messaging.carrier.scene import AT_ONCE, SECRET, TOKEN, Door


@pytest.fixture
def listening_door() -> Iterator[Door]:
    told = Door()
    server = create_server(told, host="127.0.0.1", port=0, threads=2)
    told.url = f"http://127.0.0.1:{server.effective_port}/carrier/receipts"
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield told

    def hang_up() -> None:
        for channel in list(server.active_channels.values()):
            channel.close_when_flushed = True
        server.close()

    server.task_dispatcher.shutdown()
    # Woken by somebody else, the loop may hang up before it is woken for that.
    with suppress(OSError):
        server.trigger.pull_trigger(hang_up)
    thread.join(5)


@pytest.fixture
def start_carrier(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Give a function that starts a carrier on a free port and gives its address."""
    started: list[Simulator] = []

    def start(
        *,
        door_url: str = "http://127.0.0.1:9/",
        reply_door: str = "",
        terms: Terms = AT_ONCE,
        honours: bool = True,
    ) -> str:
        carrier = Simulator(
            settings=Settings(
                books=tmp_path / "books.sqlite3",
                door=door_url,
                reply_door=reply_door,
                door_secret=SECRET,
                token=TOKEN,
                terms=terms,
                honours_references=honours,
            ),
            clock=utc_now,
        )
        started.append(carrier)
        return carrier.start(host="127.0.0.1", port=0)

    yield start
    for carrier in started:
        carrier.stop()
