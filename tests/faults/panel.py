"""The one-process panel as a child process, used over HTTP as a person with a browser would.

It has its own directory, port and simulated carrier. It can be killed without warning and started
again in the same directory. The carrier's books are read from their file: they are the judge of
what was sent.
"""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "sms-am12345-1"
PASSWORD = "demo-password-2027"


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait until a condition holds; fail by name when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Panel:
    """A panel in `directory`; start it, use it, kill it."""

    def __init__(self, directory: Path, *, delays: str) -> None:
        """Choose a port; nothing runs yet."""
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._delays = delays
        self._process: subprocess.Popen[bytes] | None = None
        self._session = requests.Session()

    def start(self) -> None:
        """Start the process and wait for its first page."""
        env = os.environ | {
            "DATA_DIR": str(self.directory),
            "PORT": str(self.port),
            "CARRIER_DELAYS": self._delays,
        }
        for name in ("DATABASE_URL", "REDIS_URL", "MODE"):
            env.pop(name, None)
        with (self.directory / "panel.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        wait_for(self._answers, seconds=60, what="the first page")

    def kill(self) -> None:
        """End the process without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask the process to end, and give its exit code."""
        return self._end(signal.SIGTERM)

    def sign_in(self) -> None:
        """Sign in as the owner of the demo account."""
        token = self._token(self._session.get(f"{self.url}/accounts/login/", timeout=20).text)
        answer = self._session.post(
            f"{self.url}/accounts/login/",
            data={
                "csrfmiddlewaretoken": token,
                "login": "alice@example.com",
                "password": PASSWORD,
            },
            headers={"Referer": self.url},
            timeout=20,
        )
        assert "/accounts/login/" not in answer.url

    def form(self, *, recipients: str, text: str, **changes: str) -> dict[str, str]:
        """Fill in the compose form; the same dictionary may be posted again and again."""
        page = self._session.get(self._path("compose/"), timeout=20).text
        sender = re.search(r'<option value="([^"]+)"[^>]*>\s*Martin', page)
        assert sender is not None
        return {
            "csrfmiddlewaretoken": self._token(page),
            "key": str(uuid.uuid4()),
            "replaces": "",
            "sender": sender[1],
            "recipients": recipients,
            "text": text,
            "not_commercial": "on",
            "when": "now",
            "date": "",
            "time": "",
            "message_class": "standard",
        } | changes

    def post(self, form: dict[str, str]) -> requests.Response:
        """Send the compose form."""
        return self._session.post(
            self._path("compose/"), data=form, headers={"Referer": self.url}, timeout=30
        )

    def confirm(self, review: requests.Response) -> requests.Response:
        """Confirm the campaign on a review page, once it is priced."""
        found: list[re.Match[str]] = []

        def is_priced() -> bool:
            page = self._session.get(review.url, timeout=30).text
            found.extend(
                re.finditer(r'<form[^>]*action="([^"]*/confirm/)"[^>]*>(.*?)</form>', page, re.S)
            )
            return bool(found)

        wait_for(is_priced, seconds=60, what=review.url)
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', found[0][2]))
        return self._session.post(
            self.url + found[0][1], data=fields, headers={"Referer": self.url}, timeout=30
        )

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

    def _path(self, end: str) -> str:
        return f"{self.url}/sms/{ACCOUNT}/{end}"

    @staticmethod
    def _token(page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None
        return found[1]
