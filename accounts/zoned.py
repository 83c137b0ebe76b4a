"""The account's time zone, around every page that shows a time."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpResponse
from django.utils import timezone

from accounts.access import AccountRequest
from accounts.models import SmsAccount

P = ParamSpec("P")
AccountView = Callable[Concatenate[AccountRequest, SmsAccount, P], HttpResponse]


def in_zone_of_account(view: AccountView[P]) -> AccountView[P]:
    """Show and format every time of the page in the account's zone; there is no other."""

    @wraps(view)
    def zoned(
        request: AccountRequest, account: SmsAccount, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        with timezone.override(account.time_zone):
            return view(request, account, *args, **kwargs)

    return zoned
