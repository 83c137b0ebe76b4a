"""The carrier's door: what it pushes is verified, stored and acted upon later.

The answer says only whether the push was read. A malformed row is counted in the log, without its
content, and never makes the carrier repeat the others.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging import doorbell, receipts
from messaging.carrier import base, door

log = logging.getLogger(__name__)

Told = TypeVar("Told")

# The name under which what the one carrier there is told us is kept.
CARRIER = "carrier"


@csrf_exempt
@require_POST
def receipt_create(request: HttpRequest) -> HttpResponse:
    """Take a push of receipts."""
    return take(request, what="receipts", open_push=door.open_receipts, keep=_keep)


def take(
    request: HttpRequest,
    *,
    what: str,
    open_push: Callable[..., tuple[list[Told], list[door.Malformed]]],
    keep: Callable[[list[Told], datetime], None],
) -> HttpResponse:
    """Take a push: 204 once it is kept; 401 unsigned, 413 too large, 400 unreadable."""
    now = timezone.now()
    try:
        found, malformed = open_push(
            headers=dict(request.headers),
            body=request.body,
            secret=settings.CARRIER_DOOR_SECRET,
            now=now,
        )
    except RequestDataTooBig:
        return _plain("too large", status=413)
    except door.BadSignature:
        return _plain("signature", status=401)
    except door.BadBody:
        is_large = len(request.body) > door.BODY_LIMIT
        return _plain("unreadable", status=413 if is_large else 400)
    if malformed:
        log.warning("%d of %d %s are malformed", len(malformed), len(malformed) + len(found), what)
    keep(found, now)
    return HttpResponse(status=204)


def _keep(found: list[base.Receipt], now: datetime) -> None:
    if receipts.store(carrier=CARRIER, receipts=found, now=now):
        doorbell.ring_task(task="messaging.tasks.apply_receipts", queue="receipts")


def _plain(words: str, *, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


urlpatterns = [path("receipts/", receipt_create, name="receipt-create")]
