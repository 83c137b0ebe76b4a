"""The opt-out list of an account: who must not get its messages, since when and why."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import keyset, phones
from accounts.access import AccountRequest, Right, account_view
from accounts.keyset import Order
from accounts.models import SmsAccount
from accounts.zoned import in_zone_of_account
from messaging import exports
from messaging.forms.optouts import OptOutForm, SearchForm
from messaging.models import OptOutCause
from messaging.recipients import optout

NEWEST_FIRST = Order(name="opt-outs", keys=("since", "id"), descending=True)


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def opt_out_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show the list, newest first; or one number of it."""
    return _page(request, account, adding=OptOutForm(), status=200)


@account_view(may=Right.SEND)
@in_zone_of_account
@require_POST
def opt_out_create(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Add a number by hand. Adding it twice is harmless."""
    form = OptOutForm(request.POST)
    if not form.is_valid():
        return _page(request, account, adding=form, status=422)
    phone = form.cleaned_data["phone"]
    is_new = optout.add(
        account=account,
        phone=phone,
        cause=OptOutCause.MANUAL,
        by=request.user,
        now=timezone.now(),
    )
    words = _("%(number)s is on the list.") if is_new else _("%(number)s was on the list before.")
    messages.success(request, words % {"number": phones.display(phone)})
    return redirect("messaging:opt-out-list", account=account.name)


@account_view(may=Right.SEND)
@require_POST
def opt_out_delete(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Take a number off the list: messages reach it again."""
    form = OptOutForm(request.POST)
    phone = form.cleaned_data["phone"] if form.is_valid() else ""
    try:
        optout.remove(account=account, phone=phone, by=request.user, now=timezone.now())
    except optout.NotOptedOut:
        messages.info(request, _("This number is not on the list."))
    else:
        words = _("%(number)s is no longer on the list.")
        messages.success(request, words % {"number": phones.display(phone)})
    return redirect("messaging:opt-out-list", account=account.name)


@account_view(may=Right.READ)
@require_safe
def opt_out_export(_request: AccountRequest, account: SmsAccount) -> HttpResponseBase:
    """Download the whole list."""
    return exports.as_csv(
        name=f"opt-outs-{account.name}",
        head=[_("Number"), _("Since"), _("Cause")],
        rows=_rows(account),
    )


def _rows(account: SmsAccount) -> Iterator[tuple[object, ...]]:
    zone = ZoneInfo(account.time_zone)
    listed = optout.listed(account_id=account.pk, phone=None).order_by("-since", "-id")
    for row in listed.iterator(chunk_size=2_000):
        yield row.phone, row.since.astimezone(zone).isoformat(), row.get_cause_display()


def _page(
    request: AccountRequest, account: SmsAccount, *, adding: OptOutForm, status: int
) -> HttpResponse:
    form = SearchForm(request.GET)
    context: dict[str, object] = {"account": account, "form": form, "adding": adding}
    if form.is_valid():
        number, cursor = form.cleaned_data["number"], form.cleaned_data["cursor"]
        rows = optout.listed(account_id=account.pk, phone=number)
        context["page"] = keyset.page(rows=rows, order=NEWEST_FIRST, cursor=cursor)
        context["searched"] = number
    return render(request, "messaging/opt_out_list.html", context, status=status)
