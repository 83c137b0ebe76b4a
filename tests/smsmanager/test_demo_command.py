"""`manage.py demo`, started as people start it."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import processes

RECIPIENTS = 5


class Demo:
    """A place for a demo: its directory and its port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = processes.free_port()
        self.env = processes.environment(
            DATA_DIR=str(directory), PORT=str(self.port), CARRIER_DELAYS="0"
        )
        self.log = directory / "demo.log"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with processes.started("manage.py", "demo", env=self.env, log=self.log) as process:
            url = f"http://{processes.HOST}:{self.port}/healthz"
            processes.wait_for(
                lambda: process.poll() is not None or processes.answers(url),
                seconds=60,
                what="the panel answers",
            )
            assert process.poll() is None, self.log.read_text()
            yield process

    def outcome(self) -> dict[str, int]:
        counted: dict[str, int] = json.loads(
            processes.printed("-m", "tests.tiny_campaign", "outcome", env=self.env)
        )
        return counted

    def accepted(self) -> list[int]:
        """Give how often the carrier accepted each reference."""
        books = sqlite3.connect(self.directory / "carrier.sqlite3")
        try:
            rows = books.execute("SELECT count(*) FROM message GROUP BY reference").fetchall()
        finally:
            books.close()
        return [count for (count,) in rows]


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


def test_the_demo_runs_alone_in_its_directory_and_stops_when_asked(
    demo: Demo, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with demo.running() as process:
        same_place = processes.python("manage.py", "demo", env=demo.env)
        same_port = processes.python("manage.py", "demo", env={**demo.env, "DATA_DIR": str(other)})
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    said = demo.log.read_text()
    assert f"http://127.0.0.1:{demo.port}/" in said
    assert "alice@example.com" in said
    assert "Traceback" not in said
    assert "Another demo runs in" in same_place.stderr
    assert f"Port {demo.port} is in use" in same_port.stderr
    assert (same_place.returncode, same_port.returncode) == (1, 1)


def test_a_killed_demo_loses_no_planned_sms_and_sends_none_twice(demo: Demo) -> None:
    with demo.running() as process:
        processes.printed("-m", "tests.tiny_campaign", "plan", str(RECIPIENTS), "1", env=demo.env)
        process.kill()
        process.wait()
    with demo.running():
        processes.wait_for(
            lambda: demo.outcome() == {"DELIVERED": RECIPIENTS},
            seconds=30,
            what="all messages are delivered",
        )
    assert demo.accepted() == [1] * RECIPIENTS


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"REDIS_URL": "redis://127.0.0.1:1/0"}, id="queues elsewhere"),
        pytest.param({"MODE": "production"}, id="production"),
    ],
)
def test_the_demo_refuses_to_be_anything_else(demo: Demo, variables: dict[str, str]) -> None:
    refused = processes.python("manage.py", "demo", env={**demo.env, **variables})
    assert refused.returncode == 1
    assert "The demo keeps its queues in its own memory" in refused.stderr
