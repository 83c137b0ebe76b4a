"""The page of a confirmed campaign: how far it is, what became of its messages."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.models import SmsAccount
from messaging import campaigns, overview
from messaging.views.review import latest_or_404
from messaging.views.zones import in_zone_of_account


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def campaign_detail(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show a confirmed campaign; one that waits for a confirmation has its review."""
    revision = latest_or_404(account, campaign)
    if revision.state not in campaigns.CONFIRMED:
        return redirect("messaging:quote-detail", account=account.name, campaign=campaign)
    context = {
        "account": account,
        "revision": revision,
        "course": overview.course(revision=revision),
        "may_send": Right.SEND in request.may,
    }
    return render(request, "messaging/campaign_detail.html", context)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def campaign_progress(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show how far it is by now."""
    revision = latest_or_404(account, campaign)
    context = {
        "account": account,
        "revision": revision,
        "course": overview.course(revision=revision),
    }
    return render(request, "messaging/_campaign_progress.html", context)
