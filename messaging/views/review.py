"""The review of a quote: progress while it is priced, then figures, then the confirmation.

A confirmation names the revision and the total that were read. If something changed since, the
new quote is shown instead and nothing is charged.
"""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.ledger import InsufficientCredits
from accounts.models import SmsAccount
from accounts.zoned import in_zone_of_account
from messaging import campaigns, exports, overview, revisions, wording
from messaging.forms.review import ConfirmForm
from messaging.models import Revision, RevisionState


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def quote_detail(request: AccountRequest, account: SmsAccount, campaign: uuid.UUID) -> HttpResponse:
    """Show the last quote of a campaign; a confirmed one has its own page."""
    revision = latest_or_404(account, campaign)
    if revision.state in campaigns.CONFIRMED:
        return redirect("messaging:campaign-detail", account=account.name, campaign=campaign)
    if revision.state == RevisionState.QUOTING:
        return render(
            request, "messaging/quote_progress.html", {"account": account, "revision": revision}
        )
    review = overview.review(revision=revision, now=timezone.now())
    context: dict[str, object] = {
        "account": account,
        "revision": revision,
        "review": review,
        "refused": [(row, wording.of_number(row.reason)) for row in review.refused],
        "may_send": Right.SEND in request.may,
    }
    return render(request, "messaging/quote_detail.html", context)


@account_view(may=Right.READ)
@require_safe
def quote_progress(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show how far the pricing is; once it is done, have the page read anew."""
    revision = latest_or_404(account, campaign)
    if revision.state != RevisionState.QUOTING:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"account": account, "revision": revision}
    return render(request, "messaging/_quote_progress.html", context)


@account_view(may=Right.SEND)
@require_POST
def campaign_confirm(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Confirm the quote that was read. Pressing twice is harmless."""
    form, now = ConfirmForm(request.POST), timezone.now()
    revision = latest_or_404(account, campaign)
    if not form.is_valid() or form.cleaned_data["revision"] != revision.number:
        messages.warning(request, wording.of_refusal(campaigns.QuoteChanged()))
        return redirect("messaging:quote-detail", account=account.name, campaign=campaign)
    total = form.cleaned_data["total_hundredths"]
    try:
        campaigns.confirm(revision=revision, by=request.user, total_hundredths=total, now=now)
    except campaigns.QuoteChanged as refusal:
        revisions.renew(revision=revision, by=request.user, now=now)
        messages.warning(request, wording.of_refusal(refusal))
    except (campaigns.Refused, InsufficientCredits) as refusal:
        messages.error(request, wording.of_refusal(refusal))
    return redirect("messaging:quote-detail", account=account.name, campaign=campaign)


@account_view(may=Right.SEND)
@require_POST
def quote_update(request: AccountRequest, account: SmsAccount, campaign: uuid.UUID) -> HttpResponse:
    """Price the same words and numbers again."""
    revision = latest_or_404(account, campaign)
    try:
        revisions.renew(revision=revision, by=request.user, now=timezone.now())
    except campaigns.Refused as refusal:
        messages.error(request, wording.of_refusal(refusal))
    return redirect("messaging:quote-detail", account=account.name, campaign=campaign)


@account_view(may=Right.READ)
@require_safe
def refused_row_list(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponseBase:
    """Download the rows that became no message, with their reasons."""
    revision = latest_or_404(account, campaign)
    rows = overview.refused_rows(revision=revision).iterator(chunk_size=2_000)
    return exports.as_csv(
        name=f"refused-{campaign}",
        head=[_("Line"), _("Number"), _("Reason")],
        rows=((row.position, row.given, wording.of_number(row.reason)) for row in rows),
    )


def latest_or_404(account: SmsAccount, campaign: uuid.UUID) -> Revision:
    """Give the last revision of a campaign of the account."""
    revision = overview.latest(account_id=account.pk, campaign=campaign)
    if revision is None:
        raise Http404
    return revision
