"""A request has an id, in its lines, in its answer and in the tasks that it causes."""

import logging
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from celery import Celery
from celery.app import trace
from celery.signals import before_task_publish
from django.test import Client

from smsmanager import celery, correlation, embedded


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """Collect the events of requests."""
    found: list[dict[str, Any]] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, dict):
                found.append(record.msg)

    collector = Collector()
    logger = logging.getLogger(correlation.__name__)
    logger.addHandler(collector)
    with caplog.at_level(logging.INFO, logger=correlation.__name__):
        yield found
    logger.removeHandler(collector)


@pytest.fixture
def published() -> Iterator[list[dict[str, Any]]]:
    """Collect the headers of published tasks."""
    found: list[dict[str, Any]] = []

    def note(headers: dict[str, Any], **_kwargs: object) -> None:
        found.append(headers)

    before_task_publish.connect(note)
    yield found
    before_task_publish.disconnect(note)


def test_a_request_is_told_once_without_its_query(
    client: Client, lines: list[dict[str, Any]]
) -> None:
    answer = client.get("/demo/mailbox/?number=0612345678")
    (line,) = lines
    assert line["event"] == "request.finished"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/demo/mailbox/", 200)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["duration_ms"] >= 0
    assert "0612345678" not in str(line)


def test_each_request_has_an_id_of_its_own(client: Client) -> None:
    first, second = (client.get("/demo/mailbox/").headers["X-Request-Id"] for _ in range(2))
    assert first != second


def test_probes_are_not_told(client: Client, lines: list[dict[str, Any]], db: None) -> None:
    for probe in correlation.PROBES:
        client.get(probe)
    assert lines == []


@pytest.fixture
def app() -> Iterator[Celery]:
    """Give an application of this test's own, with a broker in memory."""
    made = Celery("test", broker="memory://localhost/", set_as_current=False)
    made.conf.update(broker_transport_options={"polling_interval": 0.01}, worker_pool="threads")
    yield made
    trace.reset_worker_optimizations(made)
    celery.app.set_current()
    celery.app.set_default()


def test_a_task_carries_the_id_and_nothing_else_and_has_it_while_it_runs(
    app: Celery, published: list[dict[str, Any]]
) -> None:
    seen: queue.Queue[dict[str, Any]] = queue.Queue()

    def note() -> None:
        seen.put(structlog.contextvars.get_contextvars())

    app.task(name="note")(note)
    worker = embedded.worker(app=app, name="test", queues=["test-correlation"])
    worker.start(ended=threading.Event())
    try:
        with structlog.contextvars.bound_contextvars(request_id="the-id", user="somebody"):
            app.send_task("note", queue="test-correlation")
        bound = seen.get(timeout=5)
    finally:
        assert embedded.stop_all(parts=[worker], limit=5) == []
    (headers,) = published
    assert headers["__django_structlog__"] == {"request_id": "the-id"}
    assert bound.keys() == {"request_id", "task_id"}
    assert bound["request_id"] == "the-id"
