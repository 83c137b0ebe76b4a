"""The platform as it runs in earnest, every part a child process on servers of its own.

Each part can be killed and started again, alone or with its children. The database and the
carrier's books are read directly: what the parts say of themselves proves nothing.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
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
# Of each part's log, when something goes wrong.
LAST_LINES = 40
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

    def last_words(self) -> str:
        """Give the end of its log."""
        lines = self._log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join([f"--- {self.name}", *lines])

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
            LOG_LEVEL="INFO",
        )
        self._played: tuple[dict[str, Any], ...] = ()
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
            "beat", *CELERY, "beat", "-S", "smsmanager.beat:Scheduler", "--max-interval", "1",
            "--pidfile", "",
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
        self._wait_for_health(seconds=60)
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
        self._wait_for_health(seconds=30)

    def _wait_for_health(self, *, seconds: float) -> None:
        for url in (self.visitor.url, self.carrier_url):
            health = partial(processes.answers, f"{url}/healthz")
            processes.wait_for(health, seconds=seconds, what=url)

    def play(self, *rules: dict[str, Any]) -> None:
        """Tell the carrier how to misbehave."""
        self._script({"rules": rules})
        self._played = rules

    def turns(self) -> list[int]:
        """Give how many turns each rule has had, since the carrier was told."""
        left = {(r["on"], r["do"]): r["times"] for r in self._script()["rules"]}
        return [r["times"] - left.get((r["on"], r["do"]), 0) for r in self._played]

    def _script(self, told: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(
            "POST" if told else "GET",
            f"{self.carrier_url}/v1/script",
            json=told,
            headers={"Authorization": f"Bearer {CARRIER_TOKEN}"},
            timeout=30,
        )
        assert answer.ok, answer.text
        script: dict[str, Any] = answer.json()
        return script

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the platform's database."""
        with closing(psycopg2.connect(self.postgres.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return list(cursor.fetchall())

    @contextmanager
    def locking(self, sql: str) -> Iterator[Callable[[], bool]]:
        """Lock what a query finds; give a way to see whether somebody waits for it."""
        with closing(psycopg2.connect(self.postgres.url)) as connection:
            with connection.cursor() as cursor:
                cursor.execute(sql)
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            yield lambda: self.query(waiting, connection.info.backend_pid)[0][0] > 0
            connection.rollback()

    def books(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the carrier's books."""
        path = self.directory / "carrier.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def audit(self) -> str:
        """Have the platform prove itself; "" when nothing is wrong and all that is due has left."""
        done = processes.python("manage.py", "audit", "--overdue", "1", env=self.env)
        return "" if done.returncode == 0 else done.stdout + done.stderr


class Keeper:
    """Lends one stack to many trials; one on which a trial failed is not lent again."""

    def __init__(self, make_directory: Callable[[], Path]) -> None:
        """Know where; nothing runs yet."""
        self._make_directory = make_directory
        self._stack: Stack | None = None

    @contextmanager
    def lent(self) -> Iterator[Stack]:
        """Give a stack that runs; what goes wrong is told with the last words of every part."""
        try:
            if self._stack is None:
                self._stack = Stack(self._make_directory())
                self._stack.start()
            yield self._stack
        except BaseException as exc:
            for part in self._stack.parts if self._stack else ():
                exc.add_note(part.last_words())
            self.end()
            raise

    def end(self) -> None:
        """End the stack, if there is one."""
        if self._stack is not None:
            self._stack.stop()
            self._stack = None
