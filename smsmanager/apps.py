"""The roof as an application: it carries the commands and the system checks."""

from django.apps import AppConfig


class RoofConfig(AppConfig):
    """Loads the checks of the settings."""

    name = "smsmanager"

    def ready(self) -> None:
        """Register the system checks."""
        from smsmanager import checks  # noqa: F401, PLC0415 (registers itself once apps are ready)
