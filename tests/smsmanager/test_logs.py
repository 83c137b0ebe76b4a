"""What a line of the log looks like, and what never gets into one."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, OperationalError

from smsmanager import logs
from tests.house import tree

UUID = "550e8400-e29b-41d4-a716-446655440000"
NAME = "messaging.test"
# What a customer wrote.
TEXT = "Marmelade"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Have everything written as in production; give what was written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Formatter(as_json=True))
    root, ours = logging.getLogger(), logging.getLogger("messaging")
    level = ours.level
    structlog.contextvars.clear_contextvars()
    root.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    ours.setLevel(level)


@pytest.mark.parametrize(
    "written",
    [
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33(0)6.12.34.56.78",
        "0033612345678",
        "0612345678",
        "06 12 34 56 78",
        "06-12-34-56-78",
        "06\u00a012\u202f34 56 78",
        "33612345678",
        "%2B33612345678",
        "06%2012%2034%2056%2078",
        "x33612345678y",
        "/demo/handset/+33612345678/screen/",
        "0/6/1/2/3/4/5/6/7/8",
        "+5086123",
        "٠٦١٢٣٤٥٦٧٨",
    ],
)
def test_what_reads_like_a_number_is_masked(written: str) -> None:
    masked = logs.mask(f"before {written} after")
    assert logs.NUMBER in masked
    assert sum(c.isdigit() for c in masked) <= 2


@pytest.mark.parametrize(
    "written",
    [
        UUID,
        f"{UUID}:1:500000",
        "2027-03-10T09:00:00+00:00",
        "2027-03-10 09:00",
        "batch 12345678",
        "hand-over 12 of 1000, 5000 messages in 1234 ms",
        "celery@host ready at 127.0.0.1:6379",
    ],
)
def test_ids_moments_and_figures_stay(written: str) -> None:
    assert logs.mask(written) == written


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        pytest.param("GET /sms/a/messages/?number=06", "GET /sms/a/messages/?...", id="path"),
        pytest.param('"GET /x/?q=a%20b HTTP/1.1" 200', '"GET /x/?... HTTP/1.1" 200', id="quoted"),
        pytest.param("Really? Yes", "Really? Yes", id="a question"),
    ],
)
def test_a_query_string_is_cut_off(written: str, masked: str) -> None:
    assert logs.mask(written) == masked


def test_an_event_is_one_line_with_its_ids_figures_and_request(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    with structlog.contextvars.bound_contextvars(request_id=UUID):
        structlog.stdlib.get_logger(NAME).info("batch.left", batch=123456789012, note="a\nb")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "batch.left",
        "level": "info",
        "logger": NAME,
        "batch": 123456789012,
        "note": "a\nb",
        "request_id": UUID,
    }


def test_a_line_of_a_library_looks_the_same(lines: Callable[[], list[dict[str, Any]]]) -> None:
    with structlog.contextvars.bound_contextvars(request_id=UUID):
        logging.getLogger("waitress").warning("Exception while serving %s", "/p/0612345678/")
    (line,) = lines()
    assert line["event"] == f"Exception while serving /p/{logs.NUMBER}/"
    assert (line["level"], line["request_id"]) == ("warning", UUID)


def test_values_inside_values_are_masked(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger(NAME).info(
        "x", rows=[{"+33612345678": ("0612345678", 5)}], cause=ValueError(TEXT)
    )
    (line,) = lines()
    assert line["rows"] == [{logs.NUMBER: [logs.NUMBER, 5]}]
    assert line["cause"] == "builtins.ValueError"


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        pytest.param(ValueError(f"no: {TEXT}"), "builtins.ValueError", id="words may quote"),
        pytest.param(
            DataError(f"bad value {TEXT}"), "django.db.utils.DataError", id="a database quotes"
        ),
        pytest.param(
            OperationalError(f"connection refused\nDETAIL: {TEXT}"),
            "django.db.utils.OperationalError: connection refused",
            id="a database that is away, its first line",
        ),
        pytest.param(
            ImproperlyConfigured("no URL"),
            "django.core.exceptions.ImproperlyConfigured: no URL",
            id="a fault of the program",
        ),
        pytest.param(
            FileNotFoundError(2, "No such file", TEXT),
            "builtins.FileNotFoundError: No such file",
            id="the system, without the name of the file",
        ),
    ],
)
def test_an_exception_is_told_by_place_and_kind_and_never_quotes(
    raised: Exception, told: str, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    def fail(text: str) -> None:
        raise raised if text else AssertionError

    for log in (logging.getLogger(NAME), structlog.stdlib.get_logger(NAME)):
        try:
            try:
                fail(TEXT)
            except Exception as exc:
                raise RuntimeError(f"again: {TEXT}") from exc
        except RuntimeError as exc:
            log.exception("It failed: %s", exc)
    for line in lines():
        assert "in fail" in line["exception"]
        assert told in line["exception"].splitlines()
        assert line["exception"].endswith("builtins.RuntimeError")
        assert TEXT not in json.dumps(line)


def test_a_record_that_cannot_be_written_is_named_by_its_place() -> None:
    record = logging.makeLogRecord({"name": "x", "msg": "%d", "args": (TEXT,), "pathname": "p"})
    written = logs.Formatter(as_json=True).format(record)
    assert "x at p" in written
    assert TEXT not in written


def test_the_demo_writes_readable_lines() -> None:
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "to 0612345678"})
    written = logs.Formatter(as_json=False).format(record)
    assert f"to {logs.NUMBER}" in written
    assert not written.startswith("{")


@pytest.mark.parametrize("level", logs.LEVELS)
def test_statements_of_the_database_are_never_logged_with_their_values(level: str) -> None:
    config = logs.configuration(level=level, as_json=True)
    assert config["root"]["level"] != "DEBUG"
    assert config["loggers"]["django"]["level"] == "NOTSET"


def test_gunicorn_reads_its_logging_from_the_settings() -> None:
    code = "import smsmanager.webserver as w; print(sorted(w.logconfig_dict['loggers']))"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tree.ROOT, capture_output=True, text=True, check=True
    )
    assert "gunicorn.error" in shown.stdout
