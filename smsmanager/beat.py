"""The scheduler of production, which leaves a sign of life.

A process that is there and publishes nothing is the failure that nobody sees. So a file is
touched after each task that the broker took, and the container is healthy while that file is
young. The schedule itself stands in the settings.
"""

from typing import Any

from celery.beat import Scheduler as InMemory
from django.conf import settings


class Scheduler(InMemory):
    """Celery's own, in memory, and a file that is as old as the last task published."""

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Publish a task; what the broker refused leaves no sign."""
        published = super().apply_async(*args, **kwargs)
        (settings.DATA_DIR / "beat").touch()
        return published
