"""Workers keep their connection to the database from one task to the next, while it is good."""

import psycopg2
import pytest
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import connection

from smsmanager import celery


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def run_a_task() -> int:
    """Do what a worker does around a task; give the backend that served it."""
    task_prerun.send(sender=None)
    try:
        return backend()
    finally:
        task_postrun.send(sender=None)


def test_celery_itself_closes_no_connection_after_each_task() -> None:
    for app in (celery.app, celery.slow):
        # What its fixup for Django asks for, by this name.
        assert app.conf.get("CELERY_DB_REUSE_MAX") == settings.CELERY_DB_REUSE_MAX


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_serves_one_task_after_the_other() -> None:
    assert run_a_task() == run_a_task()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_meanwhile_costs_no_task() -> None:
    lost = run_a_task()
    other = psycopg2.connect(**connection.get_connection_params())
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [lost])
    other.close()
    assert run_a_task() != lost
