"""The logs of gunicorn, which reads its settings from here.

Start it with `--config python:smsmanager.webserver`: its lines then look like all others and go
through the same mask. It keeps no access log; smsmanager.correlation tells of each request.
"""

from smsmanager import settings

logconfig_dict = settings.LOGGING
