"""Until when a carrier wants nothing: one row per carrier, written when it says so."""

from django.db import models


class CarrierPause(models.Model):
    """The end of the latest pause; nobody is shown it."""

    carrier = models.CharField(max_length=20, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.carrier
