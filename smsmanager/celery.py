"""The two Celery applications.

Quick serves what a person waits for: single SMS, sweeps, receipts. Slow serves the rest. Two
workers of one application share their choice of queues, so the one-process demo needs two
applications; elsewhere `celery -A smsmanager worker -Q ...` uses the first with any queues.
"""

import os

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_process_init
from django.db import close_old_connections

from smsmanager import correlation, memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsmanager.settings")

QUICK_QUEUES = ("now", "sweeps", "receipts")
SLOW_QUEUES = ("bulk", "imports", "callbacks", "default")


def _make(name: str, *, current: bool) -> Celery:
    made = Celery(name, set_as_current=current)
    made.config_from_object("django.conf:settings", namespace="CELERY")
    made.autodiscover_tasks()
    return made


correlation.connect()


@worker_process_init.connect
def _settle(**_details: object) -> None:
    memory.settle()


@task_prerun.connect
@task_postrun.connect
def _keep_connections(**_details: object) -> None:
    """Keep connections from one task to the next, as the web server does between requests.

    Celery's own way is a new one for each task, or one that is never looked at.
    """
    close_old_connections()


slow = _make("smsmanager-slow", current=False)
app = _make("smsmanager", current=True)
