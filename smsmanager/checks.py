"""System checks: combinations of settings that production must refuse."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(deploy=True)
def production_settings(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Name each setting that would lose data or protect nothing in production."""
    if settings.DEMO:
        return [checks.Warning("MODE is demo: set MODE=production.", id="smsmanager.W001")]
    faults = {
        "E001: SECRET_KEY is the demo's": settings.SECRET_KEY == settings.DEMO_SECRET_KEY,
        "E002: DATABASE_URL names SQLite": "sqlite" in settings.DATABASES["default"]["ENGINE"],
        "E003: REDIS_URL is missing": settings.EMBEDDED,
        "E004: the carrier's secrets are the demo's": settings.DEMO_CARRIER_SECRET
        in (settings.CARRIER_TOKEN, settings.CARRIER_DOOR_SECRET),
        "E005: CARRIER_URL is missing": not settings.CARRIER_URL,
        # The simulated carrier speaks plain HTTP; a real one is told numbers and texts over TLS.
        "E006: CARRIER_URL is not https, and ALLOW_SIMULATED_CARRIER is not 1": (
            settings.CARRIER_URL.startswith("http:") and not settings.ALLOW_SIMULATED_CARRIER
        ),
    }
    return [
        checks.Error(text.partition(": ")[2], id=f"smsmanager.{text[:4]}")
        for text, wrong in faults.items()
        if wrong
    ]
