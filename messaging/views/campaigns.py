"""The page of a confirmed campaign: how far it is, what became of its messages."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.models import SmsAccount
from accounts.zoned import in_zone_of_account
from messaging import overview
from messaging.views.changing import standing_or_404
from messaging.views.review import latest_or_404


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def campaign_detail(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show what stands of a campaign; one that was never confirmed has its review."""
    latest = latest_or_404(account, campaign)
    revision = overview.standing(account_id=account.pk, campaign=campaign)
    if revision is None:
        return redirect("messaging:quote-detail", account=account.name, campaign=campaign)
    context = {
        "account": account,
        "revision": revision,
        "course": overview.course(revision=revision),
        "is_being_changed": latest.pk != revision.pk and latest.state in overview.OPEN,
        "may_send": Right.SEND in request.may,
    }
    return render(request, "messaging/campaign_detail.html", context)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def campaign_progress(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show how far it is by now; when what may be done with it changed, have the page read anew."""
    revision = standing_or_404(account, campaign)
    if request.GET.get("seen", revision.mark) != revision.mark:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {
        "account": account,
        "revision": revision,
        "course": overview.course(revision=revision),
    }
    return render(request, "messaging/_campaign_progress.html", context)
