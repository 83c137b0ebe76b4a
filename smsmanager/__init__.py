"""The roof: settings, addresses, commands and the pages that compose several apps."""

from smsmanager.celery import app as celery_app

__all__ = ["celery_app"]
