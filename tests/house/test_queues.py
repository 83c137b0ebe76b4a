"""Tasks, queues and the schedule agree, and the settings that keep SMS from being lost hold."""

import ast
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.app import trace
from django.conf import settings

from smsmanager import celery, embedded
from tests.house import tree

QUEUES = {*celery.QUICK_QUEUES, *celery.SLOW_QUEUES}
# A later moment belongs into a row: the broker forgets, and repeats what waits too long.
LONGEST_COUNTDOWN = 60


def tasks() -> dict[str, Any]:
    celery.app.loader.import_default_modules()
    return {n: t for n, t in celery.app.tasks.items() if not n.startswith("celery.")}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in tree.product_modules():
        for node in ast.walk(ast.parse(tree.read(path))):
            if isinstance(node, ast.Call):
                yield f"{path}:{node.lineno}", node


def words(call: ast.Call) -> dict[str, ast.expr]:
    return {k.arg: k.value for k in call.keywords if k.arg}


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def strings(node: ast.AST) -> set[str]:
    """Give the values that an expression chooses between."""
    match node:
        case ast.Constant(value=str(value)):
            return {value}
        case ast.IfExp(body=body, orelse=orelse):
            return strings(body) | strings(orelse)
    return set()


def test_no_queue_belongs_to_both_workers() -> None:
    assert not set(celery.QUICK_QUEUES) & set(celery.SLOW_QUEUES)
    assert settings.CELERY_TASK_DEFAULT_QUEUE in QUEUES


def test_every_periodic_entry_names_a_task_and_a_queue_and_expires_with_its_interval() -> None:
    known = tasks()
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in known, name
        assert entry["options"]["queue"] in QUEUES, name
        assert entry["options"]["expires"] == entry["schedule"], name


def test_every_queue_named_in_the_source_has_a_worker() -> None:
    for place, call in calls():
        for queue in strings(words(call).get("queue", ast.Constant(value=None))):
            assert queue in QUEUES, f"{place} names the queue {queue!r}, which nobody serves"


def test_every_ring_of_the_doorbell_names_a_task_and_a_queue() -> None:
    known = tasks()
    for place, call in calls():
        if name_of(call) == "ring":
            rung = strings(words(call)["task"])
            assert rung, f"{place}: write the task's name in the call, so that it can be found"
            assert "queue" in words(call), place
            for name in rung:
                assert f"messaging.tasks.{name}" in known, f"{place}: no task is named {name}"
        if name_of(call) == "ring_task":
            assert strings(words(call)["task"]) & known.keys(), f"{place}: no such task"


def test_rings_of_the_sweep_end_before_they_pile_up() -> None:
    swept = [call for place, call in calls() if place.startswith("messaging/sweep.py")]
    rings = [call for call in swept if name_of(call) == "ring"]
    assert rings
    assert all("seconds" in words(call) for call in rings), "the next sweep rings again"


def test_tasks_are_published_by_the_doorbell_alone() -> None:
    found = [
        place
        for place, call in calls()
        if name_of(call) in {"delay", "apply_async", "send_task"}
        # The scheduler is Celery's own; it only adds a sign of life to each publishing.
        and not place.startswith(("messaging/doorbell.py", "smsmanager/beat.py"))
    ]
    assert not found, f"{found}: ring the doorbell, which waits for the commit"


def test_nothing_waits_in_the_broker_for_long() -> None:
    for place, call in calls():
        assert "eta" not in words(call), f"{place}: a due time lives in a row"
        match words(call).get("countdown"):
            case None:
                pass
            case ast.Constant(value=int(seconds)) if seconds <= LONGEST_COUNTDOWN:
                pass
            case _:
                pytest.fail(f"{place}: a countdown is a number up to {LONGEST_COUNTDOWN} s")


def test_no_task_names_its_queue_or_overrules_the_settings() -> None:
    for place, call in calls():
        if name_of(call) in {"shared_task", "task"}:
            overruled = {"queue", "acks_late", "reject_on_worker_lost"} & set(words(call))
            assert not overruled, f"{place}: the doorbell, the schedule and settings decide"


@pytest.mark.parametrize(
    "name", ["task_acks_late", "task_reject_on_worker_lost", "task_ignore_result"]
)
@pytest.mark.parametrize("app", [celery.app, celery.slow], ids=["quick", "slow"])
def test_a_task_that_dies_is_given_back(app: Any, name: str) -> None:
    assert app.conf[name] is True


def test_a_task_ends_well_before_the_broker_repeats_it() -> None:
    assert settings.CELERY_TASK_TIME_LIMIT <= 3600 / 2


@pytest.fixture
def two_apps() -> Iterator[tuple[Celery, Celery]]:
    """Give two applications of this test's own, with a broker in memory."""
    apps = tuple(Celery(n, broker="memory://localhost/", set_as_current=False) for n in "ab")
    for app in apps:
        app.conf.update(broker_transport_options={"polling_interval": 0.01}, worker_pool="threads")
    yield apps[0], apps[1]
    for app in apps:
        trace.reset_worker_optimizations(app)
    # A worker makes its application everybody's default.
    celery.app.set_current()
    celery.app.set_default()


def test_a_person_is_served_while_all_slow_threads_are_busy(
    two_apps: tuple[Celery, Celery],
) -> None:
    served, release, busy = threading.Event(), threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        busy.release()
        release.wait(10)

    def serve() -> None:
        served.set()

    quick, slow = two_apps
    for app in two_apps:
        app.task(name="hold")(hold)
        app.task(name="serve")(serve)
    parts = [
        embedded.worker(app=slow, name="slow", queues=["test-bulk"]),
        embedded.worker(app=quick, name="quick", queues=["test-now"]),
    ]
    for part in parts:
        part.start(ended=threading.Event())
    try:
        for _ in range(embedded.POOL_THREADS + 2):
            quick.send_task("hold", queue="test-bulk")
        assert all(busy.acquire(timeout=5) for _ in range(embedded.POOL_THREADS))
        slow.send_task("serve", queue="test-now")
        assert served.wait(5)
        assert not busy.acquire(blocking=False)
    finally:
        release.set()
        assert embedded.stop_all(parts=parts, limit=5) == []
