"""The doorbell: wakes a worker after the commit; the rows themselves are the work.

A ring carries ids only and may be lost: the sweep finds every row that is due. A broker that is
away must not make a page fail, so a ring that cannot be given is only logged.
"""

import logging
from collections.abc import Sequence
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def ring(*, task: str, ids: Sequence[int], queue: str, seconds: float | None = None) -> None:
    """Wake a worker for each id once the current transaction is committed.

    A ring that will be given again ends after `seconds`: workers that are busy would otherwise
    find nothing but old rings, more of them every second.
    """
    if ids:
        transaction.on_commit(partial(_publish, task, tuple(ids), queue, seconds))


def ring_task(*, task: str, queue: str) -> None:
    """Wake one worker for a task of any app once the current transaction is committed."""
    transaction.on_commit(partial(_publish_once, task, queue))


def _publish_once(task: str, queue: str) -> None:
    try:
        current_app.send_task(task, queue=queue)
    except OperationalError:
        log.warning("the doorbell is silent: %s waits for the sweep", task)


def _publish(task: str, ids: tuple[int, ...], queue: str, seconds: float | None) -> None:
    name = f"messaging.tasks.{task}"
    try:
        for row_id in ids:
            current_app.send_task(name, args=[row_id], queue=queue, expires=seconds)
    except OperationalError:
        log.warning("the doorbell is silent: %s x %d waits for the sweep", task, len(ids))
