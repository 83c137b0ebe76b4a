"""The sign of life of the sweep: one row, written every few seconds while it runs."""

from django.db import models


class Heartbeat(models.Model):
    """When something that runs all the time last came to its end; nobody is shown it."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
