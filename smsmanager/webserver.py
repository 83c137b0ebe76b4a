"""The settings of gunicorn: its logs, and how it begins.

Start it with `--config python:smsmanager.webserver`: its lines then look like all others and go
through the same mask. It keeps no access log; smsmanager.correlation tells of each request.
"""

from smsmanager import celery, memory, settings

logconfig_dict = settings.LOGGING


def post_worker_init(_worker: object) -> None:
    """Begin to serve; whoever is first would wait for the driver of the broker to be read."""
    celery.app.connection_for_write()
    memory.settle()
