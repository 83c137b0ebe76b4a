"""docker-compose.yml without an engine: its own commands, with its own environment, as processes.

Only addresses, ports and directories are exchanged, for PostgreSQL and Valkey come as wheels and
nothing has a host name of its own. The parts run from a copy of what the image would hold.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import compose, processes, production_cast, servers
from tests.house import tree

SERVERS = {"db", "redis"}
# What the proxy adds, and what a browser sends with a form over TLS.
FORWARDED = {"X-Forwarded-Proto": "https", "Referer": "https://127.0.0.1/"}
HEALTHY = 60
STOPPED = 30


@dataclass(kw_only=True)
class Stack:
    """The services of the file; those of ours run as processes."""

    image: Path
    directory: Path
    services: Mapping[str, Any]
    exchanged: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        """Give what a service is told, with the addresses that hold here."""
        told = {k: self._here(v) for k, v in self.services[name]["environment"].items()}
        # A program is found as in the image: beside its Python.
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.directory), "PYTHONUNBUFFERED": "1"} | told

    def run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in the place of a service, to its end."""
        return subprocess.run(
            [self._here(word) for word in command],
            cwd=self.image,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, name: str) -> None:
        """Start a service, when those it waits for are as it wants them."""
        for needed, wanted in self.services[name]["depends_on"].items():
            if needed in self.running and wanted["condition"] == "service_healthy":
                self.wait_until_healthy(needed)
        with (self.directory / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [self._here(word) for word in compose.command(self.services[name])],
                cwd=self.image,
                env=self.environment(name),
                stdout=log,
                stderr=log,
            )

    def wait_until_healthy(self, name: str) -> None:
        """Wait until a service's own health check is content."""
        healthy = partial(self.is_healthy, name)
        processes.wait_for(healthy, seconds=HEALTHY, what=f"{name} is healthy")

    def is_healthy(self, name: str) -> bool:
        """Ask as the engine would; a part that ended is a failure at once."""
        assert self.running[name].poll() is None, self.log(name)
        return self.run(name, compose.health_command(self.services[name])).returncode == 0

    def stop(self, name: str) -> int:
        """Ask a service to end, as the engine does, and give its exit code."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(STOPPED)

    def kill(self) -> None:
        """End what is left after a failure."""
        for process in self.running.values():
            process.kill()
            process.wait()

    def log(self, name: str) -> str:
        """Give what a service wrote."""
        return (self.directory / f"{name}.log").read_text()

    def _here(self, words: str) -> str:
        for there, here in self.exchanged.items():
            words = words.replace(there, here)
        return words


def copy_image(to: Path) -> Path:
    """Copy what the Dockerfile copies: all that is committed and not ignored there."""
    ignored = set(tree.read(Path(".dockerignore")).split())
    for path in tree.files():
        if not {path.parts[0], path.name} & ignored:
            (to / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree.ROOT / path, to / path)
    return to


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Give the stack with its servers up and the image built; nothing of ours runs yet."""
    # The servers are this test's own: what the environment names belongs to somebody.
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    web, carrier = processes.free_port(), processes.free_port()
    found = compose.services(compose.GIVEN)
    told = found["web"]["environment"]
    with servers.running() as addresses:
        made = Stack(
            image=copy_image(tmp_path / "app"),
            directory=tmp_path,
            services=found,
            exchanged={
                told["DATABASE_URL"]: addresses["DATABASE_URL"],
                told["REDIS_URL"]: addresses["REDIS_URL"],
                "http://web:8000": f"http://{processes.HOST}:{web}",
                "http://carrier:8100": f"http://{processes.HOST}:{carrier}",
                "127.0.0.1:8000": f"{processes.HOST}:{web}",
                "127.0.0.1:8100": f"{processes.HOST}:{carrier}",
                "0.0.0.0:8000": f"{processes.HOST}:{web}",
                "--host=0.0.0.0": f"--host={processes.HOST}",
                "--port=8100": f"--port={carrier}",
                "/books/": f"{tmp_path}/",
                "/data": f"{tmp_path}/data",
            },
        )
        built = made.run("web", ["python", "manage.py", "collectstatic", "--noinput"])
        assert built.returncode == 0, built.stderr
        try:
            yield made
        finally:
            made.kill()


class Browser:
    """A person behind the proxy that speaks TLS."""

    def __init__(self, url: str) -> None:
        """Start without a cookie."""
        self.url = url
        self._session = requests.Session()
        self._session.headers.update(FORWARDED)

    def get(self, path: str) -> str:
        """Give the words of a page."""
        return self._read(self._session.get(self.url + path, timeout=20, allow_redirects=False))

    def post(self, path: str, **fields: str) -> str:
        """Fill in the form of a page and send it; give where it led."""
        page = self.get(path)
        hidden = dict(
            re.findall(r'<input type="hidden" name="(csrf\w+|key)" value="([^"]*)"', page)
        )
        answer = self._session.post(
            self.url + path,
            data=hidden | fields,
            timeout=20,
            allow_redirects=False,
            headers={"Origin": self.url.replace("http:", "https:")},
        )
        self._read(answer)
        assert answer.is_redirect, answer.text
        return str(answer.headers["Location"])

    def _read(self, answer: requests.Response) -> str:
        words = " ".join(re.sub(r"<[^>]+>|\s+", " ", answer.text).split())
        assert answer.ok, f"{answer.status_code} {answer.url}: {words}"
        assert all(cookie.secure for cookie in answer.cookies)
        for cookie in self._session.cookies:
            # TLS ends at the proxy; behind it this session would keep them to itself.
            cookie.secure = False
        return answer.text


def send_one_sms(browser: Browser) -> str:
    """Sign in as Alice and send an SMS; give the address of its page."""
    browser.post("/accounts/login/", login=production_cast.EMAIL, password=production_cast.PASSWORD)
    path = f"/sms/{production_cast.ACCOUNT}/compose/"
    sender = re.search(r'<option value="([^"]+)"[^>]*>\s*Martin', browser.get(path))
    assert sender
    return browser.post(
        path,
        sender=sender[1],
        recipients="+33612345650",
        text="The bread is ready",
        not_commercial="on",
        when="now",
        date="",
        time="",
        message_class="standard",
    )


@pytest.mark.stack
def test_the_commands_of_the_file_carry_an_sms_and_stop_in_order(stack: Stack) -> None:
    order = compose.in_order_of_start(stack.services)
    migrated = stack.run("migrate", compose.command(stack.services["migrate"]))
    assert migrated.returncode == 0, migrated.stderr
    processes.printed("-m", "tests.production_cast", env=stack.environment("web"))
    lasting = [name for name in order if name not in {*SERVERS, "migrate"}]
    for name in lasting:
        stack.start(name)
    for name in lasting:
        stack.wait_until_healthy(name)

    browser = Browser(stack.exchanged["http://web:8000"])
    page = send_one_sms(browser)
    processes.wait_for(
        partial(is_delivered, browser, page), seconds=30, what="the SMS is delivered"
    )
    assert "the carrier is a simulation" in browser.get(page)

    codes = {name: stack.stop(name) for name in reversed(lasting)}
    assert codes == dict.fromkeys(reversed(lasting), 0)
    assert not [name for name in lasting if "Traceback" in stack.log(name)]


def is_delivered(browser: Browser, page: str) -> bool:
    """Tell whether the page of the message says so."""
    return "Delivered" in browser.get(page)
