"""Processes of the product, started by tests as people start them, and waited for with a limit."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
# What the settings of a test run may have been told, and its processes must not hear.
_OURS = {"DATABASE_URL", "REDIS_URL", "CARRIER_URL", "MODE", "PORT", "DATA_DIR", "LOG_LEVEL"}


def environment(**variables: str) -> dict[str, str]:
    """Give the environment of a process: this one's, our variables as named here."""
    return {k: v for k, v in os.environ.items() if k not in _OURS} | variables


def free_port() -> int:
    """Find a port that nobody listens on, below those that outgoing connections are given.

    One of those might be taken by a connection while its server is being started again, and a
    client that calls it meanwhile might even be connected to itself.
    """
    while True:
        # Not by the seeded chance of a test: two workers would choose the same.
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with suppress(OSError), socket.create_server((HOST, port)):
            return port


def wait_for(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Return as soon as the condition holds; fail when it does not within the limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Tell whether an address answers at all."""
    try:
        with urllib.request.urlopen(url, timeout=30):  # noqa: S310 (our own address)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def python(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python to its end, whatever comes of it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def printed(*arguments: str, env: dict[str, str]) -> str:
    """Run Python to its end, which must be a good one, and give what it printed."""
    done = python(*arguments, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def started(*arguments: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python in the background, its output in a file; end it with SIGTERM, or harder."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=env, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
