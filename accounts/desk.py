"""Staff's own pages about one SMS account: giving credits, suspending and resuming.

They live inside the admin site, which lets staff in; each asks for the permission of what it does.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import gifts, ledger, suspension
from accounts.forms import GiftForm, ReasonForm
from accounts.models import SmsAccount, User
from accounts.templatetags.credits import in_credits


def give_credits(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for amount and reason, show what would change, then book it."""
    account = _open(request, pk, permission="accounts.add_creditentry")
    form = GiftForm(request.POST or None)
    context = {"form": form, "title": _("Give credits")}
    if not form.is_valid() or "change" in request.POST:
        return _page(request, account, "give_credits", context)
    amount = form.cleaned_data["amount"]
    if "confirm" not in request.POST:
        after = ledger.balance(account_id=account.pk) + amount
        return _page(request, account, "confirm_credits", {**context, "after": after})
    _give(request, account, form.cleaned_data)
    return _back(account)


def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    """Suspend an account with a reason."""
    account = _open(request, pk, permission="accounts.add_suspension")
    form = ReasonForm(request.POST or None)
    if not form.is_valid():
        return _page(request, account, "suspend", {"form": form, "title": _("Suspend")})
    try:
        suspension.suspend(
            account=account,
            by=cast(User, request.user),
            reason=form.cleaned_data["reason"],
            clock=timezone.now,
        )
    except suspension.AlreadySuspended:
        messages.info(request, _("This account is suspended already."))
    else:
        messages.success(request, _("Nothing more leaves from %s.") % account)
    return _back(account)


def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then end the suspension of an account."""
    account = _open(request, pk, permission="accounts.change_suspension")
    if request.method != "POST":
        return _page(request, account, "resume", {"title": _("Resume")})
    try:
        suspension.resume(account=account, by=cast(User, request.user), now=timezone.now())
    except suspension.NotSuspended:
        messages.info(request, _("This account is not suspended."))
    else:
        messages.success(request, _("%s hands messages over again.") % account)
    return _back(account)


def _give(request: HttpRequest, account: SmsAccount, gift: dict[str, Any]) -> None:
    try:
        gifts.give(
            account=account,
            amount_hundredths=gift["amount"],
            by=cast(User, request.user),
            reason=gift["reason"],
            token=gift["token"],
            now=timezone.now(),
        )
    except ledger.AlreadyBooked:
        messages.info(request, _("This gift was booked before; nothing was added to it."))
    else:
        words = _("%(account)s was given %(amount)s.")
        amount = in_credits(gift["amount"])
        messages.success(request, words % {"account": account, "amount": amount})


def _open(request: HttpRequest, pk: int, *, permission: str) -> SmsAccount:
    if not cast(User, request.user).has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(SmsAccount, pk=pk)


def _page(
    request: HttpRequest, account: SmsAccount, name: str, context: dict[str, Any]
) -> HttpResponse:
    return TemplateResponse(
        request,
        f"admin/accounts/smsaccount/{name}.html",
        {
            **admin.site.each_context(request),
            "account": account,
            "opts": SmsAccount._meta,
            **context,
        },
    )


def _back(account: SmsAccount) -> HttpResponse:
    return redirect("admin:accounts_smsaccount_change", account.pk)
