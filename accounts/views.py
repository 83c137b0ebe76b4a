"""The first pages of a signed-in person, and the choices anybody has: language, light or dark."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from accounts import access, language, theme
from accounts.models import User


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the compose page of the only account, otherwise to the list."""
    accounts = list(access.accounts_of(cast(User, request.user))[:2])
    if len(accounts) != 1:
        return redirect("accounts:account-list")
    return redirect("messaging:campaign-create", account=accounts[0].name)


@require_safe
@login_required
def account_list(request: HttpRequest) -> HttpResponse:
    """Show the accounts this person may open."""
    accounts = access.accounts_of(cast(User, request.user)).select_related("customer")
    return render(request, "accounts/account_list.html", {"accounts": accounts})


@require_POST
def language_update(request: HttpRequest) -> HttpResponseBase:
    """Remember the language for the person, and in a cookie for the pages before signing in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and language.is_offered(chosen):
        language.choose(user=request.user, language=chosen)
    return set_language(request)


@require_POST
def theme_update(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's choice on this device, and go back."""
    there = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        there, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    answer = redirect(there if is_ours else "/")
    theme.keep(answer, chosen=request.POST.get("theme", ""))
    return answer
