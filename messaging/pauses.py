"""Pauses: the carrier wants nothing for a while, so nobody hands anything over.

One hand-over hears it, all obey: a carrier that is too busy, or that does not know us, would hear
the same question from each that waits. What waits stays where it is, and the sweep finds it again.
Claims read the row in the statement that looks for what waits (`hand_overs`).
"""

from datetime import datetime

from messaging.models import CarrierPause

# The one carrier there is.
CARRIER = "carrier"


def begin(*, until: datetime) -> None:
    """Pause until a moment; a later one that was agreed upon stays."""
    pause = CarrierPause.objects.filter(carrier=CARRIER)
    if not pause.filter(until__lt=until).update(until=until):
        CarrierPause.objects.bulk_create(
            [CarrierPause(carrier=CARRIER, until=until)], ignore_conflicts=True
        )
