"""The one-process panel as a child process, used over HTTP as a person with a browser would.

It has its own directory, port and simulated carrier. It can be killed without warning and started
again in the same directory. The carrier's books are read from their file: they are the judge of
what was sent.
"""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests import processes
from tests.faults.visitor import Visitor


class Panel(Visitor):
    """A panel in `directory`; start it, use it, kill it."""

    def __init__(self, directory: Path, *, delays: str) -> None:
        """Choose a port; nothing runs yet."""
        self.directory = directory
        self.port = processes.free_port()
        super().__init__(url=f"http://127.0.0.1:{self.port}")
        self.env = processes.environment(
            DATA_DIR=str(directory), PORT=str(self.port), CARRIER_DELAYS=delays
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait for its first page."""
        with (self.directory / "panel.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=processes.ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        processes.wait_for(self._answers, seconds=60, what="the first page")

    def kill(self) -> None:
        """End the process without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask the process to end, and give its exit code."""
        return self._end(signal.SIGTERM)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the panel's database."""
        return self._read("panel.sqlite3", sql)

    def books(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the carrier's books."""
        return self._read("carrier.sqlite3", sql)

    def _read(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.directory / name}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the panel ended by itself"
        try:
            return requests.get(f"{self.url}/accounts/login/", timeout=5).ok
        except requests.RequestException:
            return False

    def _end(self, sig: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(sig)
        code = self._process.wait(timeout=30)
        self._process = None
        return code
