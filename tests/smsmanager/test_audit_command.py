"""`manage.py audit`: one moment, read only, a line per check, an exit code."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from messaging.models import Batch, Campaign, Message, Revision
from smsmanager.audit import proof, snapshot
from tests import audited, factories, scenes
from tests.audited import Day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def day() -> Iterator[Day]:
    """The day, with the clock at its moment."""
    with time_machine.travel(factories.NOW, tick=False):
        yield audited.day(now=factories.NOW)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def said_while_failing(*arguments: str) -> tuple[str, CommandError]:
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("audit", *arguments, stdout=out)
    return out.getvalue(), failure.value


def elsewhere(work: Callable[[], object]) -> None:
    """Do something on a connection of its own, and wait for it."""

    def run() -> None:
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive(), "it waits for the audit"


def test_an_honest_day_gets_a_line_per_check(day: Day) -> None:
    *lines, last = said().splitlines()
    assert len(lines) == len(proof.CHECKS)
    assert all(line.startswith("ok ") for line in lines)
    assert last == f"All {len(proof.CHECKS)} checks hold."


def test_a_failed_check_names_the_rows_by_id_and_fails_the_command(day: Day) -> None:
    found = Message.objects.filter(batch__revision=day.planned)
    found.update(recipient=scenes.PHONE)
    text, failure = said_while_failing()
    assert failure.returncode == 1
    assert str(failure) == f"1 of {len(proof.CHECKS)} checks failed."
    [line] = [line for line in text.splitlines() if line.startswith("FAIL")]
    last_id = max(found.values_list("pk", flat=True))
    assert line.startswith("FAIL  a recipient gets a revision once (rows: ")
    assert line.endswith(f"): 1 broken, by id of message: {last_id}")
    assert scenes.PHONE not in text
    assert day.planned.text not in text


def test_machines_get_one_object(day: Day) -> None:
    report = json.loads(said("--json"))
    assert (report["ok"], report["overdue_minutes"]) == (True, 10)
    assert [c["name"] for c in report["checks"]] == [c.name for c in proof.CHECKS]

    Campaign.objects.filter(pk=day.planned.campaign_id).update(account=day.rival.account)
    text, _failure = said_while_failing("--json")
    report = json.loads(text)
    [failed] = [c for c in report["checks"] if not c["ok"]]
    assert not report["ok"]
    assert (failed["count"], failed["violations"]) == (1, [day.planned.pk])


def test_what_counts_as_overdue_is_an_option(day: Day) -> None:
    late = factories.NOW - timedelta(minutes=11)
    Batch.objects.filter(revision=day.planned).update(not_before=late)
    Revision.objects.filter(pk=day.planned.pk).update(leaves_at=late)
    said_while_failing()
    assert said("--overdue", "12")


@pytest.mark.parametrize("minutes", ["-1", "1.5", "soon", "9999999"])
def test_nonsense_is_no_number_of_minutes(minutes: str) -> None:
    with pytest.raises(CommandError, match="whole minutes"):
        call_command("audit", f"--overdue={minutes}")


def test_all_checks_see_one_moment_and_keep_nobody_from_writing(day: Day) -> None:
    def count(frozen: object) -> int:
        with frozen.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute("SELECT COUNT(*) FROM messaging_message")
            return int(cursor.fetchone()[0])

    before = Message.objects.count()
    with snapshot.of_database() as frozen:
        assert count(frozen) == before
        elsewhere(Message.objects.all().delete)
        assert count(frozen) == before
    assert Message.objects.count() == 0


def test_the_audit_cannot_write(day: Day) -> None:
    with (
        pytest.raises(DatabaseError),
        snapshot.of_database() as frozen,
        frozen.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM messaging_message")
    assert Message.objects.exists()
