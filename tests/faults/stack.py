"""The platform as it runs in earnest, every part a child process on servers of its own.

Each part can be killed and started again, alone or with its children. The database and the
carrier's books are read directly: what the parts say of themselves proves nothing.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import requests

from smsmanager import celery
from tests import processes
from tests.faults.visitor import Visitor
from tests.faults.wheels import Postgres, Valkey

CARRIER_TOKEN = "the-token-of-the-stack"
# The time limit of a call to the carrier, from which the lease of a hand-over follows. Production
# has 20; here recovery must be tried in seconds.
CARRIER_SECONDS = os.environ.get("FAULT_CARRIER_SECONDS", "3")
AUDIT = processes.ROOT / "smsmanager/management/commands/audit.py"
CELERY = ("-m", "celery", "-A", "smsmanager")
QUIET = ("--without-mingle", "--without-gossip", "--without-heartbeat")


class Part:
    """One process with its children."""

    def __init__(self, name: str, *arguments: str, env: dict[str, str], log: Path) -> None:
        """Know the command; nothing runs yet."""
        self.name = name
        self._arguments = arguments
        self._env = env
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it as the leader of its own group."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=processes.ROOT,
                env=self._env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_alive(self) -> bool:
        """Tell whether the leader runs."""
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[int]:
        """Give the processes it started."""
        assert self._process is not None
        pid = self._process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """End it and all its children without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; after a while, insist."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._end(signal.SIGKILL)

    def _end(self, sig: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, sig)
        self._process.wait(20)


class Stack:
    """The servers, the parts, and somebody who uses them."""

    def __init__(self, directory: Path) -> None:
        """Start the servers, make the database; no part runs yet."""
        self.directory = directory
        self.postgres = Postgres(directory)
        self.valkey = Valkey(directory / "valkey", port=processes.free_port())
        self.valkey.start()
        web, carrier = processes.free_port(), processes.free_port()
        self.carrier_url = f"http://{processes.HOST}:{carrier}"
        self.visitor = Visitor(url=f"http://{processes.HOST}:{web}")
        self.env = processes.environment(
            DATABASE_URL=self.postgres.url,
            REDIS_URL=self.valkey.url,
            DATA_DIR=str(directory),
            PORT=str(web),
            CARRIER_URL=self.carrier_url,
            CARRIER_TOKEN=CARRIER_TOKEN,
            CARRIER_DELAYS="0-0.5",
            CARRIER_SECONDS=CARRIER_SECONDS,
        )
        bulk = ",".join(celery.SLOW_QUEUES)
        self.carrier = self._part(
            "carrier", "manage.py", "carrier", "--port", str(carrier),
            "--door", f"{self.visitor.url}/carrier/receipts/",
            "--reply-door", f"{self.visitor.url}/carrier/replies/",
        )  # fmt: skip
        self.web = self._part(
            "web", "-m", "gunicorn", "smsmanager.wsgi", "-b", f"{processes.HOST}:{web}",
            "-k", "gthread", "-w", "2", "--threads", "4", "--no-control-socket",
        )  # fmt: skip
        self.quick = self._part(
            "quick", *CELERY, "worker", "-n", "quick@%h", "-Q", ",".join(celery.QUICK_QUEUES),
            "-c", "2", *QUIET,
        )  # fmt: skip
        self.bulk = self._part(
            "bulk", *CELERY, "worker", "-n", "bulk@%h", "-Q", bulk, "-c", "2", *QUIET
        )
        self.beat = self._part(
            "beat", *CELERY, "beat", "--max-interval", "1", "--pidfile", "",
            "-s", str(directory / "beat"),
        )  # fmt: skip
        self.parts = (self.carrier, self.web, self.quick, self.bulk, self.beat)

    def _part(self, name: str, *arguments: str) -> Part:
        return Part(name, *arguments, env=self.env, log=self.directory / f"{name}.log")

    def start(self) -> None:
        """Fill the database, start every part and sign in."""
        for command in (("manage.py", "migrate", "-v", "0"), ("manage.py", "seed")):
            processes.printed(*command, env=self.env)
        processes.printed("-m", "tests.faults.gift", env=self.env)
        for part in self.parts:
            part.start()
        for url in (self.visitor.url, self.carrier_url):
            health = partial(processes.answers, f"{url}/healthz")
            processes.wait_for(health, seconds=60, what=url)
        self.visitor.sign_in()

    def stop(self) -> None:
        """End everything, the servers last."""
        for part in reversed(self.parts):
            part.stop()
        self.valkey.kill()
        self.postgres.stop()

    def dead_parts(self) -> list[str]:
        """Name the parts that do not run."""
        return [part.name for part in self.parts if not part.is_alive()]

    def revive(self) -> None:
        """Start the parts that a fault ended, so that one finding is not taken for many."""
        for part in self.parts:
            if not part.is_alive():
                part.start()
        health = partial(processes.answers, f"{self.carrier_url}/healthz")
        processes.wait_for(health, seconds=30, what="the carrier answers")

    def play(self, *rules: dict[str, Any]) -> None:
        """Tell the carrier how to misbehave."""
        answer = requests.post(
            f"{self.carrier_url}/v1/script",
            json={"rules": rules},
            headers={"Authorization": f"Bearer {CARRIER_TOKEN}"},
            timeout=30,
        )
        assert answer.ok, answer.text

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the platform's database."""
        with closing(psycopg2.connect(self.postgres.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return list(cursor.fetchall())

    def books(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the carrier's books."""
        path = self.directory / "carrier.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def audit(self) -> str:
        """Have the platform prove itself, once it can; "" when nothing is wrong."""
        if not AUDIT.exists():
            return ""
        done = processes.python("manage.py", "audit", env=self.env)
        return "" if done.returncode == 0 else done.stdout + done.stderr


@contextmanager
def running(directory: Path) -> Iterator[Stack]:
    """Give a stack that runs, and end it."""
    stack = Stack(directory)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
