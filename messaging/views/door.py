"""The carrier's door: receipts are verified, stored and acted upon later.

The answer says only whether the push was read. A malformed receipt is counted in the log, without
its content, and never makes the carrier repeat the others.
"""

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging import doorbell, receipts
from messaging.carrier import door

log = logging.getLogger(__name__)

# The name under which receipts of the one carrier there is are kept.
CARRIER = "carrier"


@csrf_exempt
@require_POST
def receipt_create(request: HttpRequest) -> HttpResponse:
    """Take a push of receipts: 204; 401 unsigned, 413 too large, 400 unreadable."""
    now = timezone.now()
    try:
        found, malformed = door.open_receipts(
            carrier=CARRIER,
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
    _report(malformed=len(malformed), read=len(found))
    receipts.store(receipts=found, now=now)
    doorbell.ring_task(task="apply_receipts", queue="receipts")
    return HttpResponse(status=204)


def _report(*, malformed: int, read: int) -> None:
    if malformed:
        log.warning("%d of %d receipts are malformed", malformed, malformed + read)


def _plain(words: str, *, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


urlpatterns = [path("receipts/", receipt_create, name="receipt-create")]
