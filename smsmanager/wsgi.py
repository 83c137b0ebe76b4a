"""The WSGI application: what gunicorn and the one-process demo serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsmanager.settings")

application = get_wsgi_application()
