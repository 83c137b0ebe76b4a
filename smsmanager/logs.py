"""Logs: one line per event, JSON in production, readable in the demo; ids, codes and counts only.

No phone number and no text is ever written, whoever logs: what reads like a number is masked in
every value, query strings are cut off, and an exception is told by its kind and its place, because
its words may quote a customer. Local variables are never shown. Modules log events with ids; they
need not think of the mask, and must not rely on it.
"""

import logging.config
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError as DatabaseAway
from kombu.exceptions import OperationalError as BrokerAway

LEVELS = ("WARNING", "INFO", "DEBUG", "ERROR")
OURS = ("accounts", "senders", "messaging", "replies", "smsmanager")
# They tell at INFO of each task, which ours tell better, or at all of nothing else.
CHATTY = ("celery.app.trace", "celery.beat", "celery.worker.strategy", "kombu", "urllib3")
# They come with handlers of their own, which are taken from them.
OWN_HANDLERS = ("django", "django.server", "gunicorn.access", "gunicorn.error")
# Kinds of exceptions whose first line speaks of the program or its servers, never of data.
TELLING = (AttributeError, BrokerAway, DatabaseAway, ImportError, ImproperlyConfigured, NameError)
# Frames of one exception that are shown, those next to the fault.
FRAMES = 40
NUMBER = "[number]"

# What people and addresses put between digits.
_GAP = r"(?:[\s.()/_\-\u2010-\u2015]|%(?:20|2[89DEFdef]|C2%A0|E2%80%AF)){0,3}"
_READS = re.compile(
    r"(?P<kept>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d)"
    rf"|(?:\+|%2B)\d(?:{_GAP}\d){{6,}}|\d(?:{_GAP}\d){{8,}}",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(?<=[\w/%.~-])\?[^\s\"'<>]+")
# What Celery's own lines quote of a task or of what it raised.
_QUOTED = ("args", "kwargs", "exc", "return_value", "traceback")

Event = MutableMapping[str, Any]


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """Give Django's LOGGING: our loggers at `level`, others at INFO or above, one handler."""
    others = "INFO" if level == "DEBUG" else level
    chatty = "ERROR" if level == "ERROR" else "WARNING"
    through = {"handlers": [], "propagate": True, "level": "NOTSET"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"event": {"()": "smsmanager.logs.Formatter", "as_json": as_json}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["console"], "level": others},
        "loggers": {
            **{name: {"level": level} for name in OURS},
            **{name: {"level": chatty} for name in CHATTY},
            **dict.fromkeys(OWN_HANDLERS, through),
            # smsmanager.correlation tells of each request.
            "gunicorn.access": {**through, "level": "ERROR"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Set logging up (LOGGING_CONFIG): events of structlog go the way of all other records."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            _plain_positions,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(config)


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Writes any record, ours or a library's, as one masked line."""

    def __init__(self, *, as_json: bool) -> None:
        """Choose between JSON and a readable line."""
        super().__init__(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
            ],
            processors=[
                self.remove_processors_meta,
                _tell_exception,
                _mask_event,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer()
                if as_json
                else structlog.dev.ConsoleRenderer(colors=False),
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        """Format a copy; a record that cannot be written is named by its place alone."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.args = _plain_args(record)
        try:
            return super().format(copy)
        except Exception:  # noqa: BLE001 (logging's own answer would print what could not be formatted)
            return f"unwritable record of {record.name} at {record.pathname}:{record.lineno}"


def mask(text: str) -> str:
    """Put NUMBER in the place of what reads like a phone number, and cut query strings off.

    Ids in the form of a UUID and moments keep their digits. Better a figure masked than a number
    told: ten digits in a row are a number.
    """
    return _READS.sub(lambda m: m["kept"] or NUMBER, _QUERY.sub("?...", text))


def describe(raised: BaseException) -> str:
    """Write an exception and what led to it: frames and kinds, words only of TELLING ones."""
    lines: list[str] = []
    for each in reversed(list(_chain(raised))):
        frames = traceback.StackSummary.extract(
            traceback.walk_tb(each.__traceback__), limit=-FRAMES, capture_locals=False
        )
        lines += [*frames.format(), f"{kind(each)}{_words(each)}\n"]
    return "".join(lines).rstrip()


def kind(raised: BaseException) -> str:
    """Name the kind of an exception."""
    return f"{type(raised).__module__}.{type(raised).__qualname__}"


def _chain(raised: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = raised
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _words(raised: BaseException) -> str:
    if isinstance(raised, OSError) and raised.strerror:
        return f": {raised.strerror}"
    if isinstance(raised, TELLING):
        return f": {str(raised).partition(chr(10))[0]}"
    return ""


def _tell_exception(_logger: object, _method: str, event: Event) -> Event:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    raised = info[1] if isinstance(info, tuple) else info
    if isinstance(raised, BaseException):
        event["exception"] = describe(raised)
    return event


def _mask_event(_logger: object, _method: str, event: Event) -> Event:
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return mask(value)
        case BaseException():
            return kind(value)
        case Mapping():
            return {mask(str(k)): _masked(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(v) for v in value]
        case UUID():
            return str(value)
    return mask(str(value))


def _plain_args(record: logging.LogRecord) -> Any:
    """Give a record's arguments without the words of exceptions and without what Celery quotes."""
    if isinstance(record.args, Mapping):
        quoted = _QUOTED if record.name.startswith("celery") else ()
        return {k: _unquoted(str(v)) if k in quoted else v for k, v in record.args.items()}
    return _without_words(record.args or ())


def _plain_positions(_logger: object, _method: str, event: Event) -> Event:
    if positions := event.get("positional_args"):
        event["positional_args"] = _without_words(positions)
    return event


def _without_words(args: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(kind(a) if isinstance(a, BaseException) else a for a in args)


def _unquoted(text: str) -> str:
    """Give the name before the bracket of a repr: ValueError of ValueError('...')."""
    name = text.partition("(")[0]
    return name if name.isidentifier() else "..."
