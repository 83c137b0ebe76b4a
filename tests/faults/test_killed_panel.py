"""The one process is killed at random moments: nothing is lost, nothing is sent twice.

FAULT_ROUNDS says how often (3 by default) and FAULT_SEED repeats a run; both are printed.
"""

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.faults.panel import Panel
from tests.processes import wait_for

pytestmark = pytest.mark.fault

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
SEED = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
SINGLES = 3
TOGETHER = 12
LONGEST = 2.0


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path, delays="0-0.5")
    made.start()
    made.sign_in()
    yield made
    assert made.stop() == 0


def work(
    panel: Panel, round_number: int, told: list[dict[str, str]], begun: threading.Event
) -> None:
    """Send single SMS and one campaign until the process dies; note each form before its post."""
    texts = [f"round {round_number} single {n}" for n in range(SINGLES)]
    numbers = "\n".join(f"+3361230{round_number:02d}{n:02d}" for n in range(TOGETHER))
    try:
        for n, text in enumerate(texts):
            form = panel.form(recipients=f"+336124{round_number:03d}{n:02d}", text=text)
            told.append(form)
            begun.set()
            panel.post(form)
        form = panel.form(recipients=numbers, text=f"round {round_number} together")
        told.append(form)
        panel.confirm(panel.post(form))
    except requests.RequestException:
        return


def finish(panel: Panel, told: list[dict[str, str]]) -> None:
    """Post every form again, as somebody who saw no answer does."""
    for form in told:
        answer = panel.post(form)
        assert answer.ok, answer.status_code
        if "/review/" in answer.url:
            panel.confirm(answer)


def test_nothing_is_lost_or_sent_twice(panel: Panel, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    everything: list[dict[str, str]] = []
    recovery: list[float] = []
    for number in range(ROUNDS):
        told: list[dict[str, str]] = []
        begun = threading.Event()
        worker = threading.Thread(target=work, args=(panel, number, told, begun))
        worker.start()
        assert begun.wait(60)
        threading.Event().wait(chance.uniform(0, LONGEST))
        panel.kill()
        worker.join()
        panel.start()
        started = time.monotonic()
        finish(panel, told)
        everything += told
        wait_for(lambda: all_final(panel), seconds=120, what=f"round {number}, seed {SEED}")
        recovery.append(time.monotonic() - started)

    expected: Counter[tuple[str, str]] = Counter()
    for form in everything:
        for phone in form["recipients"].split("\n"):
            expected[phone, form["text"]] += 1
    sent = Counter(panel.books("SELECT recipient, text FROM message"))
    lost = sum((expected - sent).values())
    repeated = sum((sent - expected).values())
    with capsys.disabled():
        sys.stdout.write(
            f"\nkill -9 x {ROUNDS}, seed {SEED}: {sum(expected.values())} messages, "
            f"{lost} lost, {repeated} repeated, recovered within {max(recovery):.1f} s\n"
        )
    assert (lost, repeated) == (0, 0)
    assert_the_money_is_right(panel)


def all_final(panel: Panel) -> bool:
    [(still_open,)] = panel.query(
        "SELECT count(*) FROM messaging_message m JOIN messaging_batch b ON b.id = m.batch_id "
        "WHERE (m.status IS NULL OR m.status < 10) AND b.state <> 'loaded'"
    )
    return bool(still_open == 0)


def assert_the_money_is_right(panel: Panel) -> None:
    wrong = panel.query(
        "SELECT a.name FROM accounts_smsaccount a WHERE a.balance_hundredths <> "
        "(SELECT coalesce(sum(amount_hundredths), 0) FROM accounts_creditentry "
        "WHERE account_id = a.id)"
    )
    assert wrong == []
    [(charged,)] = panel.query(
        "SELECT -sum(amount_hundredths) FROM accounts_creditentry WHERE kind = 'campaign'"
    )
    [(sent,)] = panel.books("SELECT sum(parts) * 100 FROM message")
    assert charged == sent
