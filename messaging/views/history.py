"""The history of an account and the page of one message."""

import uuid
from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.models import SmsAccount
from accounts.zoned import in_zone_of_account
from messaging import history, lifeline, planned
from messaging.forms.history import FilterForm
from messaging.history import Line

# What leaves later than this is not looked at every other second.
SOON = timedelta(minutes=1)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def message_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show what left, newest first; filtered by an exact number and a status."""
    form = FilterForm(request.GET)
    context: dict[str, object] = {
        "account": account,
        "form": form,
        "planned": planned.soon(account_id=account.pk, now=timezone.now()),
        "may_send": Right.SEND in request.may,
    }
    if form.is_valid():
        wanted, cursor = form.wanted(), form.cleaned_data["cursor"]
        context["page"] = history.page(account_id=account.pk, wanted=wanted, cursor=cursor)
        context["is_filtered"] = wanted.recipient or wanted.shown
    return render(request, "messaging/message_list.html", context)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def message_detail(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID, revision: int, position: int
) -> HttpResponse:
    """Show all that is known of one message."""
    line = _line_or_404(account, campaign, revision, position)
    context = _message(line) | {"account": account, "may_send": Right.SEND in request.may}
    return render(request, "messaging/message_detail.html", context)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def message_status(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID, revision: int, position: int
) -> HttpResponse:
    """Show where one message is by now, and what may be done with it when that changed."""
    line = _line_or_404(account, campaign, revision, position)
    mark = line.batch.revision.mark
    context = _message(line) | {
        "account": account,
        "may_send": Right.SEND in request.may,
        "has_changed": request.GET.get("seen", mark) != mark,
    }
    return render(request, "messaging/_message_status.html", context)


def _line_or_404(account: SmsAccount, campaign: uuid.UUID, revision: int, position: int) -> Line:
    line = history.line(
        account_id=account.pk, campaign=campaign, revision=revision, position=position
    )
    if line is None:
        raise Http404
    return line


def _message(line: Line) -> dict[str, object]:
    now = timezone.now()
    leaves_at = line.batch.not_before
    return {
        "line": line,
        "revision": line.batch.revision,
        "events": lifeline.of(line=line),
        "sent_from": lifeline.short_number_of(line=line),
        "now": now,
        "is_soon": leaves_at is None or leaves_at <= now + SOON,
    }
