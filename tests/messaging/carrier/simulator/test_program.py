"""The program: starts, stops, leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from messaging.carrier.http import HttpCarrier
from messaging.carrier.simulator.program import Settings, Simulator, utc_now
from tests.messaging.carrier.scene import AT_ONCE, SECRET, TOKEN, make_chunk

ROOT = Path(__file__).parents[4]


def make(tmp_path: Path) -> Simulator:
    return Simulator(
        settings=Settings(
            books=tmp_path / "books.sqlite3",
            door="http://127.0.0.1:9/",
            door_secret=SECRET,
            token=TOKEN,
            terms=AT_ONCE,
            honours_references=True,
        ),
        clock=utc_now,
    )


def test_stop_leaves_no_thread_and_no_open_port(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    carrier = make(tmp_path)
    url = carrier.start(host="127.0.0.1", port=0)
    HttpCarrier(url=url, token=TOKEN).submit(make_chunk("+33612345678"), deadline=5)

    carrier.stop()
    carrier.stop()

    carrier.wait()
    left = {t.name for t in set(threading.enumerate()) - before}
    assert [name for name in left if name.startswith(("carrier", "waitress"))] == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))


def test_idle_callers_do_not_keep_it_alive(tmp_path: Path) -> None:
    carrier = make(tmp_path)
    url = carrier.start(host="127.0.0.1", port=0)

    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        carrier.stop()
        while idle.recv(1024):
            pass


def test_taken_port_is_said(tmp_path: Path) -> None:
    carrier = make(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        carrier.start(host="127.0.0.1", port=taken.getsockname()[1])
    carrier.stop()


def test_command_runs_until_sigterm(tmp_path: Path) -> None:
    books = tmp_path / "books.sqlite3"
    command = [sys.executable, "manage.py", "carrier", "--port", "0"]
    where = ["--books", str(books), "--door", "http://127.0.0.1:9/"]
    environment = os.environ | {"CARRIER_TOKEN": TOKEN, "DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        command + where, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        url = running.stdout.readline().split()[2].rstrip(",")
        [said] = HttpCarrier(url=url, token=TOKEN).submit(make_chunk("+33612349993"), deadline=5)
        running.send_signal(signal.SIGTERM)
        code = running.wait(15)

    assert said.accepted
    assert code == 0
    assert books.exists()
