"""The carrier's door for replies: verified, stored, judged later; answers as that of receipts."""

from datetime import datetime
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging import doorbell
from messaging.carrier import base, replies
from messaging.views import door
from replies import inbound


@csrf_exempt
@require_POST
def reply_create(request: HttpRequest) -> HttpResponse:
    """Take a push of replies."""
    open_push = partial(replies.open_replies, carrier=door.CARRIER)
    return door.take(request, what="replies", open_push=open_push, keep=_keep)


def _keep(found: list[base.Reply], now: datetime) -> None:
    inbound.store(replies=found, now=now)
    doorbell.ring_task(task="replies.tasks.apply_replies", queue="receipts")


urlpatterns = [path("replies/", reply_create, name="reply-create")]
