"""The id of a request: in each line logged for it, up to the last task that it caused.

It is bound to the thread, travels in the header of each task that is published, and is bound again
where the task runs. Nothing else travels. The line that tells of a request has its path without
the query, because a filter of the history is somebody's number.
"""

import time
import uuid
from collections.abc import Callable

import structlog
from celery.signals import before_task_publish, setup_logging, task_prerun
from django.http import HttpRequest, HttpResponse
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.signals import modify_context_before_task_publish

log = structlog.stdlib.get_logger(__name__)

# Asked every few seconds, all day.
PROBES = ("/healthz", "/readyz")
TRAVELS = "request_id"

_receiver = CeleryReceiver()


class RequestLogMiddleware:
    """Binds an id to a request, names it in the answer, and logs how the request ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep what comes after."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as what comes after does."""
        if request.path in PROBES:
            return self._get_response(request)
        started = time.monotonic()
        request_id = str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self._get_response(request)
            log.info(
                "request.finished",
                method=request.method,
                path=request.path,
                status=response.status_code,
                duration_ms=round((time.monotonic() - started) * 1000),
                account=getattr(getattr(request, "account", None), "name", None),
            )
        response.headers["X-Request-Id"] = request_id
        return response


def connect() -> None:
    """Let the id travel with tasks, and keep Celery from setting up logging of its own."""
    before_task_publish.connect(_receiver.receiver_before_task_publish)
    modify_context_before_task_publish.connect(_keep_the_id_alone)
    task_prerun.connect(_receiver.receiver_task_prerun)
    setup_logging.connect(_leave_logging_alone)


def _keep_the_id_alone(context: dict[str, object], **_kwargs: object) -> None:
    for name in context.keys() - {TRAVELS}:
        del context[name]


def _leave_logging_alone(**_kwargs: object) -> None:
    """Do nothing: a receiver of this signal is all that Celery looks for."""
