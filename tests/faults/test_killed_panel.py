"""The one process is killed at random moments: nothing is lost, nothing is sent twice."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests import processes
from tests.faults.conftest import ROUNDS, Figures
from tests.faults.panel import Panel
from tests.processes import wait_for

pytestmark = pytest.mark.fault

# It is quick to kill.
KILLS = 3 * ROUNDS
TOGETHER = 12
# A kill comes so long after the first form at most (seconds).
LONGEST = 2.0
LIMIT = 120.0
# Of one message, in hundredths.
PRICE = 100

Form = dict[str, str]


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path, delays="0-0.5")
    made.start()
    processes.printed("-m", "tests.faults.gift", env=made.env)
    made.sign_in()
    yield made
    assert made.stop() == 0


def work(panel: Panel, kill: int, told: list[Form]) -> None:
    """Send a campaign and single SMS in turn until the process dies; note each form before it."""
    turn = 0
    try:
        while True:
            count = 1 if turn % 4 else TOGETHER
            numbers = "\n".join(f"+3361{kill % 10}{turn:03d}0{n:02d}" for n in range(count))
            told.append(panel.form(recipients=numbers, text=f"kill {kill} turn {turn}"))
            answer = panel.post(told[-1])
            if count > 1:
                panel.confirm(answer)
            turn += 1
    except requests.RequestException:
        return


def finish(panel: Panel, told: list[Form]) -> None:
    """Post every form again, as somebody who saw no answer does."""
    for form in told:
        panel.send(form, seconds=LIMIT)


def kill_once(panel: Panel, *, kill: int, told: list[Form], chance: random.Random) -> float:
    """Kill the panel while somebody sends; give the seconds until all that was sent is final."""
    worker = threading.Thread(target=work, args=(panel, kill, told))
    worker.start()
    wait_for(lambda: told, seconds=LIMIT, what="somebody sends")
    threading.Event().wait(chance.uniform(0, LONGEST))
    panel.kill()
    worker.join()
    panel.start()
    started = time.monotonic()
    finish(panel, told)
    wait_for(lambda: all_final(panel), seconds=LIMIT, what="all is final")
    return time.monotonic() - started


def test_nothing_is_lost_or_sent_twice(
    panel: Panel, chance: random.Random, note: Callable[[Figures], None]
) -> None:
    told: list[Form] = []
    recovery = []
    for kill in range(KILLS):
        sent_now: list[Form] = []
        recovery.append(kill_once(panel, kill=kill, told=sent_now, chance=chance))
        told += sent_now
    asked = Counter((p, form["text"]) for form in told for p in form["recipients"].split("\n"))
    sent = Counter(panel.books("SELECT recipient, text FROM message"))
    figures = Figures(
        fault="kill -9 of the one process",
        rounds=KILLS,
        blows=KILLS,
        messages=asked.total(),
        lost=(asked - sent).total(),
        repeated=(sent - asked).total(),
        wrong_charges=wrong_charges(panel, asked=asked.total()),
        seconds_to_recover=max(recovery),
    )
    note(figures)
    assert (figures.lost, figures.repeated, figures.wrong_charges) == (0, 0, 0)
    assert "All" in processes.printed("manage.py", "audit", "--overdue", "0", env=panel.env)


def all_final(panel: Panel) -> bool:
    [(still_open,)] = panel.query(
        "SELECT count(*) FROM messaging_message m JOIN messaging_batch b ON b.id = m.batch_id "
        "WHERE (m.status IS NULL OR m.status < 10) AND b.state <> 'loaded'"
    )
    [(owed,)] = panel.books("SELECT count(*) FROM parcel WHERE taken_at IS NULL")
    return bool(still_open == owed == 0)


def wrong_charges(panel: Panel, *, asked: int) -> int:
    """Count accounts that do not add up, and messages that were not charged once."""
    [(accounts,)] = panel.query(
        "SELECT count(*) FROM accounts_smsaccount a WHERE a.balance_hundredths <> "
        "(SELECT coalesce(sum(amount_hundredths), 0) FROM accounts_creditentry "
        "WHERE account_id = a.id)"
    )
    [(charged,)] = panel.query(
        "SELECT coalesce(-sum(amount_hundredths), 0) FROM accounts_creditentry "
        "WHERE kind IN ('campaign', 'refund')"
    )
    return int(accounts) + abs(int(charged) - asked * PRICE) // PRICE
