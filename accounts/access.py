"""Who may see and do what: from a request to the rows this person may touch.

A member sees the accounts of their customer; an owner may also send, and ask for
senders. Whatever a person may not do looks as if it did not exist: another customer's account, one
that is not there, and an act beyond the role all answer 404. Being staff opens no customer's page;
pages of staff do not exist for others, and are forbidden to staff without the permission.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import ACCOUNT_NAME, Membership, Role, SmsAccount, User

P = ParamSpec("P")
View = Callable[..., HttpResponseBase]


class Right(StrEnum):
    """What one may do on an account."""

    READ = "read"
    SEND = "send"
    SENDERS = "senders"


RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset({Right.READ, Right.SEND, Right.SENDERS}),
    Role.READER: frozenset({Right.READ}),
}


class AccountRequest(HttpRequest):
    """A request of a signed-in member to a page of one account; made by `account_view`."""

    user: User
    account: SmsAccount
    may: frozenset[Right]


def accounts_of(user: User) -> QuerySet[SmsAccount]:
    """Give the accounts this person may see, by name, each with the person's `role`."""
    mine = SmsAccount.objects.filter(customer__memberships__user=user)
    return mine.annotate(role=F("customer__memberships__role")).order_by("name")


def rights_on(account: SmsAccount, *, user: User) -> frozenset[Right]:
    """Give what this person may do on an account; nothing on a foreign one."""
    members = Membership.objects.filter(customer_id=account.customer_id, user=user)
    role = members.values_list("role", flat=True).first()
    return RIGHTS.get(role or "", frozenset())


def is_member(*, customer_id: int, user: User) -> bool:
    """Tell whether a person belongs to a customer, in whichever role."""
    return Membership.objects.filter(customer_id=customer_id, user=user).exists()


def account_for(user: User, slug: str, *, may: Right) -> SmsAccount:
    """Give the account of this name. Raises Http404 unless this person has the right."""
    account = _find(user, slug)
    if may not in rights_on(account, user=user):
        raise Http404
    return account


def account_view(
    *, may: Right
) -> Callable[[Callable[Concatenate[AccountRequest, SmsAccount, P], HttpResponseBase]], View]:
    """Open a page of an account to signed-in members with this right.

    The address brings the account's name as `account`; the view is given the account itself, and
    templates find it with the person's rights on the request.
    """

    def decorate(
        view: Callable[Concatenate[AccountRequest, SmsAccount, P], HttpResponseBase],
    ) -> View:
        @login_required
        @wraps(view)
        def opened(
            request: HttpRequest, account: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            member = cast(AccountRequest, request)
            member.account = _find(member.user, account)
            member.may = rights_on(member.account, user=member.user)
            if may not in member.may:
                raise Http404
            return view(member, member.account, *args, **kwargs)

        return opened

    return decorate


class StaffRequest(HttpRequest):
    """A request of staff with the permission of the page; made by `staff_view`."""

    user: User


def staff_view(
    *, permission: str
) -> Callable[[Callable[Concatenate[StaffRequest, P], HttpResponseBase]], View]:
    """Open a page to staff with this permission."""

    def decorate(view: Callable[Concatenate[StaffRequest, P], HttpResponseBase]) -> View:
        @login_required
        @wraps(view)
        def opened(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            staff = cast(StaffRequest, request)
            if not staff.user.is_staff:
                raise Http404
            if not staff.user.has_perm(permission):
                raise PermissionDenied
            return view(staff, *args, **kwargs)

        return opened

    return decorate


def _find(user: User, slug: str) -> SmsAccount:
    account = None
    if ACCOUNT_NAME.fullmatch(slug):
        account = accounts_of(user).filter(name=slug).first()
    if account is None:
        raise Http404
    return account
