"""The list of what is planned, and cancelling several of it.

Without script the list is a plain page; with it, it asks every few seconds whether anything
changed. What is ticked goes to a page that names it, which goes on to cancel it.
"""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.models import SmsAccount
from accounts.readable import readable
from accounts.templatetags.credits import localised as credits_shown
from accounts.zoned import in_zone_of_account
from messaging import cancelling, planned
from messaging.cancelling import Choice, Outcome
from messaging.forms import picks

# A list that does not change is answered with this: htmx then leaves the page alone.
UNCHANGED = 204


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def planned_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show what leaves when, the next first."""
    return render(request, "messaging/planned_list.html", _context(request, account))


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def departure_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Answer with the rows alone, if they are not what the page shows already."""
    context = _context(request, account)
    if context["mark"] == request.GET.get("mark"):
        return HttpResponse(status=UNCHANGED)
    return render(request, "messaging/_departures.html", context)


@account_view(may=Right.SEND)
@in_zone_of_account
@require_http_methods(["GET", "HEAD", "POST"])
def planned_cancel(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Ask before cancelling what was ticked, do it, and show what became of each."""
    if request.method == "POST":
        return _cancelled(request, account)
    found = cancelling.selection(account=account, choices=_choices(request.GET))
    if not found.chosen:
        messages.info(request, _("Tick what you want to cancel."))
        return redirect("messaging:planned-list", account=account.name)
    context = {"account": account, "selection": found}
    return render(request, "messaging/planned_cancel.html", context)


def _cancelled(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    choices = _choices(request.POST)
    outcomes = cancelling.cancel_each(
        account=account, choices=choices, by=request.user, now=timezone.now()
    )
    _tell_all(request, outcomes)
    picked = urlencode({"campaign": [f"{c}:{n}" for c, n in choices]}, doseq=True)
    return redirect(f"{request.path}?{picked}")


def _choices(sent: QueryDict) -> list[Choice]:
    return picks.choices(sent.getlist("campaign"))


def _tell_all(request: AccountRequest, outcomes: list[Outcome]) -> None:
    """Say in one sentence what became of all; the page tells it of each."""
    done = [o for o in outcomes if o.refusal is None]
    if done:
        amount = sum(o.returned_hundredths for o in done)
        words = ngettext(
            "%(count)d planned SMS was cancelled. Credits given back so far: %(amount)s.",
            "%(count)d planned SMS were cancelled. Credits given back so far: %(amount)s.",
            len(done),
        )
        messages.success(request, words % {"count": len(done), "amount": credits_shown(amount)})
    if left := len(outcomes) - len(done):
        words = ngettext(
            "%(count)d could not be cancelled: see below.",
            "%(count)d could not be cancelled: see below.",
            left,
        )
        messages.warning(request, words % {"count": left})


def _context(request: AccountRequest, account: SmsAccount) -> dict[str, object]:
    asked, _unreadable = readable(request.GET)
    cursor = asked.get("cursor", "")
    page = planned.page(account=account, cursor=cursor, now=timezone.now())
    address = reverse("messaging:planned-list", args=[account.name])
    return {
        "account": account,
        "page": page,
        "mark": page.mark,
        "cursor": cursor,
        "earlier_url": f"{address}?{urlencode({'cursor': page.earlier})}" if page.earlier else "",
        "later_url": f"{address}?{urlencode({'cursor': page.later})}" if page.later else "",
        "ticked": asked.getlist("campaign"),
        "may_send": Right.SEND in request.may,
    }
