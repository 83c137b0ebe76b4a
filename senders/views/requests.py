"""Asking for names: in one's own words, among those known as the customer's, or once more.

Without script the same form also checks a name: the button pressed decides.
"""

import unicodedata

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import countries
from accounts.access import AccountRequest, Right, account_view
from accounts.models import SmsAccount
from accounts.readable import readable
from accounts.zoned import in_zone_of_account
from senders import asking, review, rules, wording
from senders.listing import Line
from senders.models import Sender, SenderState
from senders.requestforms import AskAgainForm, AskForm, OwnForm, of_too_many
from senders.views.account import line_or_404, unchanged

# More of a name is not looked at.
LONGEST_SHOWN = 100


@account_view(may=Right.SENDERS)
@in_zone_of_account
@require_http_methods(["GET", "HEAD", "POST"])
def sender_create(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show the ways to add a name, or take one in the customer's own words."""
    if request.method != "POST":
        return _adding(request, account, form=AskForm(account=account), status=200)
    if request.POST.get("action") == "check":
        posted, _unreadable = readable(request.POST)
        named = AskForm(account=account, initial=posted.dict())
        return _adding(request, account, form=named, status=200)
    form = AskForm(request.POST, request.FILES, account=account)
    if form.is_valid():
        said = form.cleaned_data
        try:
            sender = asking.ask(
                account=account,
                name=said["name"],
                words=form.words(),
                papers=said["documents"],
                by=request.user,
                now=timezone.now(),
            )
        except (review.NameTaken, review.NameNotAllowed, review.TooMany) as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Your request is with our staff."))
            return redirect("senders:sender-detail", account.name, sender.name)
    return _adding(request, account, form=form, status=422)


@account_view(may=Right.SENDERS)
@require_safe
def name_detail(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Say what is to be said of a name that is being typed."""
    return render(request, "senders/_name.html", _told(account, request.GET.get("name", "")))


@account_view(may=Right.SENDERS)
@in_zone_of_account
@require_POST
def own_create(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Add names known as the customer's: those that staff verified may be used at once."""
    form = OwnForm(request.POST, offered=[o.name for o in asking.offers(account=account)])
    if form.is_valid():
        try:
            made = asking.ask_for_own(
                account=account,
                names=form.cleaned_data["names"],
                by=request.user,
                now=timezone.now(),
            )
        except (asking.NotOffered, review.NameTaken):
            form.add_error("names", _("A name is no longer offered. Nothing was added."))
        except review.TooMany as refusal:
            form.add_error("names", of_too_many(refusal))
        else:
            _say_added(request, made)
            return redirect("senders:sender-list", account=account.name)
    return _adding(request, account, form=AskForm(account=account), own=form, status=422)


@account_view(may=Right.SENDERS)
@in_zone_of_account
@require_http_methods(["GET", "HEAD", "POST"])
def request_create(request: AccountRequest, account: SmsAccount, sender: str) -> HttpResponse:
    """Ask again for a refused name, and say what changed."""
    line = line_or_404(account, sender)
    if line.sender.state != SenderState.REFUSED:
        messages.info(request, unchanged(line.sender))
        return redirect("senders:sender-detail", account.name, sender)
    if request.method != "POST":
        return _asking_again(request, line, form=AskAgainForm(initial=_said_before(line)))
    form = AskAgainForm(request.POST, files=request.FILES)
    if not form.is_valid():
        return _asking_again(request, line, form=form)
    try:
        asking.ask_again(
            sender=line.sender,
            words=form.words(),
            papers=form.cleaned_data["documents"],
            by=request.user,
            now=timezone.now(),
        )
    except review.TooMany as refusal:
        form.add_error(None, of_too_many(refusal))
        return _asking_again(request, line, form=form)
    except review.WrongState:
        messages.info(request, unchanged(line.sender))
    else:
        messages.success(request, _("Your request is with our staff."))
    return redirect("senders:sender-detail", account.name, sender)


def _adding(
    request: AccountRequest,
    account: SmsAccount,
    *,
    form: AskForm,
    status: int,
    own: OwnForm | None = None,
) -> HttpResponse:
    context = {
        "account": account,
        "form": form,
        "own": own,
        "chosen": own["names"].value() if own else [],
        "offers": asking.offers(account=account),
        "caveats": _caveats(),
        **_told(account, str(form["name"].value() or "")),
    }
    return render(request, "senders/sender_create.html", context, status=status)


def _told(account: SmsAccount, name: str) -> dict[str, object]:
    """Give what the rules say of a name; nothing of an empty one."""
    told = asking.tell(account=account, name=name[:LONGEST_SHOWN])
    return {
        "typed": name,
        "problems": [wording.OF_PROBLEMS[problem] for problem in told.problems],
        "cautions": wording.of_told(told),
    }


def _caveats() -> list[tuple[object, str]]:
    """Give what becomes of names abroad, each with its countries in the reader's order."""
    language = get_language() or "en"
    return [
        (wording.OF_CAVEATS[caveat], ", ".join(_named(listed, language=language)))
        for caveat, listed in rules.CAVEATS.items()
    ]


def _named(codes: tuple[str, ...], *, language: str) -> list[str]:
    names = [countries.name(code=code, language=language) for code in codes]
    # An accent does not move a name to the end.
    return sorted(names, key=lambda name: unicodedata.normalize("NFKD", name))


def _asking_again(request: AccountRequest, line: Line, *, form: AskAgainForm) -> HttpResponse:
    context = {"account": line.sender.account, "line": line, "sender": line.sender, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "senders/request_create.html", context, status=status)


def _said_before(line: Line) -> dict[str, str]:
    reason = line.request.reason if line.request else ""
    return {"description": line.sender.description, "reason": reason}


def _say_added(request: AccountRequest, made: list[Sender]) -> None:
    enabled = sum(sender.state == SenderState.ENABLED for sender in made)
    waiting = len(made) - enabled
    if enabled:
        words = ngettext("%d sender may be used now.", "%d senders may be used now.", enabled)
        messages.success(request, words % enabled)
    if waiting:
        words = ngettext(
            "%d request is with our staff.", "%d requests are with our staff.", waiting
        )
        messages.success(request, words % waiting)
