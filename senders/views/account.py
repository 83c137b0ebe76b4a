"""The senders of an account: the list, one of them, and what its owner may do with it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.columns import columns
from accounts.models import SmsAccount
from accounts.zoned import in_zone_of_account
from senders import asking, listing, news, review, wording
from senders.listing import Line
from senders.models import Sender, SenderKind, SenderState
from senders.requestforms import DescriptionForm, SearchForm


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def sender_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show the senders, sorted by any column; those that hold some words if asked."""
    form = SearchForm(request.GET)
    context: dict[str, object] = {"account": account, "form": form, **_rights(request)}
    if form.is_valid():
        said = form.cleaned_data
        context |= {
            "page": listing.page(
                account=account, wanted=said["words"], sort=said["sort"], now=timezone.now()
            ),
            "columns": columns(wording.HEADS, sort=said["sort"], downwards={"used"}),
            "is_searched": bool(said["words"]),
        }
    response = render(request, "senders/sender_list.html", context)
    # After it is shown: this page still says what is new. A search may leave some of it out.
    if request.method == "GET" and Right.SENDERS in request.may and not context.get("is_searched"):
        news.see(account_id=account.pk, now=timezone.now())
    return response


@account_view(may=Right.READ)
@in_zone_of_account
@require_safe
def sender_detail(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Show a sender with what was asked and decided, and what can be done with it."""
    line = line_or_404(account, sender)
    form = DescriptionForm(initial={"description": line.sender.description})
    return _detail(request, line, form=form, status=200)


@account_view(may=Right.SENDERS)
@in_zone_of_account
@require_POST
def description_update(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Describe a sender anew."""
    line = line_or_404(account, sender)
    form = DescriptionForm(request.POST)
    if not form.is_valid():
        return _detail(request, line, form=form, status=422)
    return _step(
        request,
        account,
        sender,
        lambda s: asking.describe(sender=s, description=form.cleaned_data["description"]),
        done=_("The description of %(sender)s is changed."),
    )


def _detail(
    request: AccountRequest, line: Line, *, form: DescriptionForm, status: int
) -> HttpResponse:
    context = {
        "account": line.sender.account,
        "form": form,
        "may_describe": line.sender.state != SenderState.WAITING,
        "line": line,
        "sender": line.sender,
        "rounds": listing.rounds(sender=line.sender),
        "may_remove": line.sender.state in review.REMOVABLE
        and line.sender.kind == SenderKind.ALPHANUMERIC,
        "is_ending": listing.is_ending(line.sender, now=timezone.now()),
        **_rights(request),
    }
    return render(request, "senders/sender_detail.html", context, status=status)


@account_view(may=Right.SENDERS)
@require_POST
def sender_disable(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Put a sender aside."""
    return _step(
        request,
        account,
        sender,
        lambda s: review.disable(sender=s, by=request.user, clock=timezone.now),
        done=_("%(sender)s is put aside."),
    )


@account_view(may=Right.SENDERS)
@require_POST
def sender_enable(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Let a sender be used again that was put aside."""
    return _step(
        request,
        account,
        sender,
        lambda s: review.reenable(sender=s, by=request.user, now=timezone.now()),
        done=_("%(sender)s may be used again."),
    )


@account_view(may=Right.SENDERS)
@require_POST
def default_update(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Let new messages bear this sender at first."""
    return _step(
        request,
        account,
        sender,
        lambda s: review.make_default(sender=s, by=request.user, now=timezone.now()),
        done=_("New messages bear %(sender)s unless you choose another."),
    )


@account_view(may=Right.SENDERS)
@require_POST
def sender_delete(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Take a name off the list; what was sent under it stays."""
    return _step(
        request,
        account,
        sender,
        lambda s: review.remove(sender=s, by=request.user, clock=timezone.now),
        done=_("%(sender)s is removed."),
    )


def _step(
    request: AccountRequest,
    account: SmsAccount,
    name: str,
    step: Callable[[Sender], None],
    *,
    done: str,
) -> HttpResponse:
    """Take a step of the review, and say what became of it."""
    line = line_or_404(account, name)
    try:
        step(line.sender)
    except review.WrongState:
        messages.info(request, unchanged(line.sender))
    else:
        messages.success(request, done % {"sender": line.sender.label})
    if line.sender.state == SenderState.REMOVED:
        return redirect("senders:sender-list", account=account.name)
    return redirect("senders:sender-detail", account.name, name)


def _rights(request: AccountRequest) -> dict[str, object]:
    return {"may_change": Right.SENDERS in request.may}


def line_or_404(account: SmsAccount, name: str) -> Line:
    line = listing.find(account=account, name=name)
    if line is None:
        raise Http404
    return line


def unchanged(sender: Sender) -> str:
    words = _("%(sender)s was left as it is: %(state)s.")
    return words % {"sender": sender.label, "state": SenderState(sender.state).label}
