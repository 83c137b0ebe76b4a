"""Changing what is planned: another moment, or none at all.

Each post names the revision that was on the page; when another one stands by now, or it began to
leave, nothing is changed and the page shows how it stands. Pressing twice is harmless.
"""

import uuid
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import AccountRequest, Right, account_view
from accounts.models import SmsAccount
from accounts.readable import readable
from accounts.templatetags.credits import localised as credits_shown
from accounts.templatetags.moments import moment
from accounts.zoned import in_zone_of_account
from messaging import campaigns, cancelling, moving, overview, wording
from messaging.cancelling import Outcome
from messaging.forms.moment import MoveForm, initial_of
from messaging.forms.picks import SeenForm
from messaging.models import Revision, RevisionState


@account_view(may=Right.SEND)
@in_zone_of_account
@require_http_methods(["GET", "HEAD", "POST"])
def moment_update(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show the page to choose another moment, or take the one that was chosen."""
    now, revision = timezone.now(), standing_or_404(account, campaign)
    if not revision.is_changeable:
        messages.warning(request, wording.of_refusal(campaigns.NoLongerPlanned(revision)))
        return redirect(revision)
    match request.POST.get("action"):
        case "look":
            return _page(request, _unsent(request, account, now=now), revision, status=200)
        case "move":
            return _moved(request, revision, now=now)
    form = MoveForm(account=account, now=now, initial=initial_of(revision.due_at))
    return _page(request, form, revision, status=200)


@account_view(may=Right.SEND)
@in_zone_of_account
@require_POST
def moment_detail(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Show what the moment in the fields means: when each part would leave."""
    now, revision = timezone.now(), standing_or_404(account, campaign)
    context = _context(_unsent(request, account, now=now), revision)
    return render(request, "messaging/_moment.html", context | {"is_alone": True})


@account_view(may=Right.SEND)
@require_POST
def campaign_cancel(
    request: AccountRequest, account: SmsAccount, campaign: uuid.UUID
) -> HttpResponse:
    """Cancel what has not left, and say what came back."""
    revision, seen = standing_or_404(account, campaign), SeenForm(request.POST)
    picked = [(campaign, seen.cleaned_data["revision"])] if seen.is_valid() else []
    outcomes = cancelling.cancel_each(
        account=account, choices=picked, by=request.user, now=timezone.now()
    )
    if not outcomes:
        messages.warning(request, str(wording.OTHERWISE))
    for outcome in outcomes:
        tell(request, outcome)
    return redirect(revision)


def standing_or_404(account: SmsAccount, campaign: uuid.UUID) -> Revision:
    """Give what stands of a campaign of the account: was confirmed and not replaced."""
    revision = overview.standing(account_id=account.pk, campaign=campaign)
    if revision is None:
        raise Http404
    return revision


def planned_words(revision: Revision) -> str:
    """Say when what was just planned leaves, in the zone of its account."""
    if revision.leaves_at is None or revision.leaves_at <= timezone.now():
        return _("SMS on its way.")
    return _("Planned: leaves %(moment)s (%(zone)s).") % {
        "moment": moment(revision.leaves_at),
        "zone": revision.account.time_zone,
    }


def tell(request: AccountRequest, outcome: Outcome) -> None:
    """Say what became of a cancellation."""
    if outcome.refusal is not None:
        messages.warning(request, wording.of_refusal(outcome.refusal))
    elif outcome.revision.state == RevisionState.CANCELLING:
        words = _("Cancelling: what is with the carrier at this moment goes its way.")
        messages.info(request, words)
    else:
        words = _("Cancelled. Credits given back: %(amount)s.")
        amount = credits_shown(outcome.returned_hundredths)
        messages.success(request, words % {"amount": amount})


def _moved(request: AccountRequest, revision: Revision, *, now: datetime) -> HttpResponse:
    form = MoveForm(request.POST, account=revision.account, now=now)
    if not form.is_valid():
        return _page(request, form, revision, status=422)
    said = form.cleaned_data
    if said["revision"] != str(revision.number):
        messages.warning(request, str(wording.OTHERWISE))
        return redirect(revision)
    try:
        moved = moving.move(
            revision=revision, by=request.user, seen=said["seen"], due_at=said["due_at"], now=now
        )
    except (campaigns.NoLongerPlanned, moving.MovedMeanwhile) as refusal:
        messages.warning(request, wording.of_refusal(refusal))
        return redirect(revision)
    except campaigns.Refused as refusal:
        form.refuse(refusal)
        return _page(request, form, revision, status=422)
    messages.success(request, planned_words(moved))
    return redirect(moved)


def _unsent(request: AccountRequest, account: SmsAccount, *, now: datetime) -> MoveForm:
    """Give the form as it was filled in, without judging it."""
    posted, _unreadable = readable(request.POST)
    return MoveForm(account=account, now=now, initial=posted.dict())


def _page(
    request: AccountRequest, form: MoveForm, revision: Revision, *, status: int
) -> HttpResponse:
    context = _context(form, revision)
    return render(request, "messaging/moment_update.html", context, status=status)


def _context(form: MoveForm, revision: Revision) -> dict[str, object]:
    context = {"account": form.account, "form": form, "revision": revision, "now": form.now}
    due_at = form.due_so_far
    try:
        campaigns.check_moment(due_at, now=form.now)
    except campaigns.Refused as refusal:
        return context | {"refused_moment": wording.of_refusal(refusal)}
    found = overview.departures(revision=revision, due_at=due_at, now=form.now)
    return context | {"departures": found}
