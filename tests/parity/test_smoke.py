"""Production in small: PostgreSQL, Redis and one process per part, and a campaign through all.

The servers are those of the environment, or the ones that come as wheels (tests/servers.py).
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from smsmanager import celery
from tests import processes, servers

RECIPIENTS = 600


@contextmanager
def production(directory: Path) -> Iterator[dict[str, str]]:
    """Start every part with its own process, and give the environment they share."""
    with ExitStack() as stack:
        web, carrier = processes.free_port(), processes.free_port()
        env = processes.environment(
            **stack.enter_context(servers.running()),
            DATA_DIR=str(directory),
            CARRIER_URL=f"http://{processes.HOST}:{carrier}",
            CARRIER_DELAYS="0",
        )
        for command in (("migrate", "--verbosity", "0"), ("seed",)):
            processes.printed("manage.py", *command, env=env)
        queues = ",".join((*celery.QUICK_QUEUES, *celery.SLOW_QUEUES))
        for name, *arguments in (
            ("carrier", "manage.py", "carrier", "--port", str(carrier), "--door",
             f"http://{processes.HOST}:{web}/carrier/receipts/"),
            ("web", "-m", "waitress", f"--listen={processes.HOST}:{web}",
             "smsmanager.wsgi:application"),
            ("worker", "-m", "celery", "-A", "smsmanager", "worker", "-Q", queues, "-c", "2",
             "--without-mingle", "--without-gossip"),
            ("beat", "-m", "celery", "-A", "smsmanager", "beat", "--max-interval", "1"),
        ):  # fmt: skip
            log = directory / f"{name}.log"
            stack.enter_context(processes.started(*arguments, env=env, log=log))
        for port in (web, carrier):
            url = f"http://{processes.HOST}:{port}/healthz"
            processes.wait_for(partial(processes.answers, url), seconds=30, what=url)
        yield env


@pytest.mark.parity
def test_a_campaign_goes_all_the_way_on_postgresql_and_redis(tmp_path: Path) -> None:
    def outcome() -> object:
        return json.loads(processes.printed("-m", "tests.tiny_campaign", "outcome", env=env))

    with production(tmp_path) as env:
        processes.printed("-m", "tests.tiny_campaign", "plan", str(RECIPIENTS), "0", env=env)
        processes.wait_for(
            lambda: outcome() == {"DELIVERED": RECIPIENTS},
            seconds=40,
            what="all messages are delivered",
        )
