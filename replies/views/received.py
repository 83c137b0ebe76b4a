"""The received SMS of an account: the list, one reply in its conversation, the download."""

import uuid
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.columns import columns
from accounts.credits import show
from accounts.models import SmsAccount
from accounts.zoned import in_zone_of_account
from messaging import exports, threads
from replies import received, wording
from replies.forms import FilterForm
from replies.received import Line


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def reply_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show what was received, sorted by any column; of one number if asked."""
    form = FilterForm(request.GET)
    context: dict[str, object] = {"account": account, "form": form}
    if form.is_valid():
        said = form.cleaned_data
        context |= {
            "page": received.page(
                account_id=account.pk,
                wanted=said["number"],
                sort=said["sort"],
                cursor=said["cursor"],
            ),
            "columns": columns(wording.HEADS, sort=said["sort"], downwards={"received"}),
            "is_filtered": bool(form.data.get("number", "").strip()),
            "next_locked": received.next_locked(account_id=account.pk),
        }
    return render(request, "replies/reply_list.html", context)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def reply_detail(request: AccountRequest, account: SmsAccount, reply: uuid.UUID) -> HttpResponse:
    """Show a reply among what went back and forth; opened by who may answer, it is read."""
    now = timezone.now()
    found = received.find(account_id=account.pk, reply=reply)
    if found is None:
        raise Http404
    if request.method == "GET" and Right.SEND in request.may:
        received.see(reply=found, now=now)
    talk = received.conversation(reply=found, now=now)
    context = {"account": account, "reply": found, "line": talk.line, "talk": talk}
    return render(request, "replies/reply_detail.html", context)


@account_view(may=Right.READ)
@require_safe
def reply_export(request: AccountRequest, account: SmsAccount) -> HttpResponseBase:
    """Download what the list shows, in its order."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        raise Http404
    said = form.cleaned_data
    found = received.every(account_id=account.pk, wanted=said["number"], sort=said["sort"])
    received_words = pgettext("moment", "Received")
    head = [received_words, _("From"), _("To"), _("Text"), _("In reply to"), _("SMS")]
    return exports.as_csv(
        name=f"received-{account.name}",
        head=[*head, _("Credits"), _("Status")],
        rows=_rows(found, zone=ZoneInfo(account.time_zone)),
    )


def _rows(found: Iterator[tuple[Line, str]], *, zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    for line, text in found:
        reply = line.reply
        yield (
            reply.received_at.astimezone(zone).isoformat(),
            reply.phone,
            reply.number,
            text,
            threads.reference_of(line.message) if line.message else "",
            reply.parts,
            show(reply.price_hundredths),
            wording.of_state(reply),
        )
