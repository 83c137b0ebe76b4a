"""The compose page: what was written becomes one call to `composing.compose`.

Without script the same form also counts and replaces look-alikes: the button pressed decides.
"""

import uuid
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import AccountRequest, Right, account_view
from accounts.ledger import InsufficientCredits
from accounts.models import SmsAccount
from accounts.readable import readable
from accounts.zoned import in_zone_of_account
from messaging import campaigns, composing, overview, sms, wording
from messaging.estimate import COUNTED
from messaging.forms.compose import ComposeForm
from messaging.forms.moment import initial_of
from messaging.models import Revision
from messaging.views.changing import planned_words


@account_view(may=Right.READ)
@require_safe
def account_detail(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Lead from the address of an account to its landing page."""
    return redirect("messaging:campaign-create", account=account.name)


@account_view(may=Right.READ)
@in_zone_of_account
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_create(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show the page to write an SMS, or take what was written. Who may only read is sent on."""
    if Right.SEND not in request.may:
        if request.method == "POST":
            raise Http404
        return redirect("messaging:message-list", account=account.name)
    now = timezone.now()
    if request.method != "POST":
        return _page(request, _begun(request, account, now=now), status=200)
    match request.POST.get("action"):
        case "count":
            return _page(request, _unsent(request, account, now=now), status=200)
        case "replace":
            return _replaced(request, account, now=now)
    return _taken(request, account, now=now)


@account_view(may=Right.SEND)
@in_zone_of_account
@require_POST
def size_detail(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Count what is being typed: size, cost, when it would leave."""
    now = timezone.now()
    form = _unsent(request, account, now=now)
    context = _context(form) | {"is_alone": True}
    return render(request, "messaging/_size.html", context)


@account_view(may=Right.READ)
@require_safe
def character_list(request: AccountRequest, account: SmsAccount) -> HttpResponse:
    """Show the characters that count once, twice, and what the others do."""
    context = {
        "account": account,
        "basic": [c for c in sms.GSM_BASIC if c not in "\n\r \x1b"],
        "extension": [c for c in sms.GSM_EXTENSION.values() if c != "\f"],
    }
    return render(request, "messaging/character_list.html", context)


def _taken(request: AccountRequest, account: SmsAccount, *, now: datetime) -> HttpResponse:
    form = ComposeForm(request.POST, account=account, now=now)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        revision = composing.compose(account=account, by=request.user, draft=form.draft(), now=now)
    except (campaigns.Refused, InsufficientCredits) as refusal:
        form.refuse(refusal)
        return _page(request, form, status=422)
    if revision.state not in campaigns.CONFIRMED:
        return redirect("messaging:quote-detail", account.name, revision.campaign.uuid)
    messages.success(request, planned_words(revision))
    return redirect(revision)


def _replaced(request: AccountRequest, account: SmsAccount, *, now: datetime) -> HttpResponse:
    form = _unsent(request, account, now=now)
    done = sms.replace_lookalikes(str(form.initial.get("text", "")))
    form.initial["text"] = done.text
    changes = [wording.of_change(old, new, times) for old, new, times in done.changes]
    if changes:
        messages.success(request, _("Replaced: %(list)s.") % {"list": "; ".join(changes)})
    else:
        messages.info(request, _("No character of the text has a look-alike."))
    return _page(request, form, status=200)


def _unsent(request: AccountRequest, account: SmsAccount, *, now: datetime) -> ComposeForm:
    """Give the form as it was filled in, without judging it."""
    posted, _unreadable = readable(request.POST)
    return ComposeForm(account=account, now=now, initial=posted.dict())


def _page(request: AccountRequest, form: ComposeForm, *, status: int) -> HttpResponse:
    context = _context(form) | {
        "classes": _classes(form),
    }
    return render(request, "messaging/campaign_create.html", context, status=status)


def _context(form: ComposeForm) -> dict[str, object]:
    found = form.estimate()
    forcing = [(c, wording.of_character(c)) for c in found.size.offending[:20]]
    return {
        "account": form.account,
        "form": form,
        "replaced": form.replaced,
        "unchanged_reason": wording.of_what_stands(form.unchanged) if form.unchanged else "",
        "estimate": found,
        "is_undated": form.is_undated,
        "limit": found.size.units + found.size.remaining,
        "forcing": forcing,
        "more_forcing": len(found.size.offending) - len(forcing),
        "link_words": wording.of_link(found.link) if found.link else "",
        "refused_moment": wording.of_refusal(found.refused_moment) if found.refused_moment else "",
        "most": {"parts": sms.MAX_PARTS, "advised": sms.ADVISED_PARTS, "counted": COUNTED},
    }


def _classes(form: ComposeForm) -> list[tuple[str, str, str, bool]]:
    """Give each message class with its line of explanation."""
    chosen = str(form["message_class"].value())
    lines = {
        "standard": _("Arrives like any SMS and stays on the phone."),
        "flash": _("Shown on the screen at once; most phones do not keep it."),
        "sim": _("Kept on the SIM card, where the phone allows it."),
    }
    choices = form.fields["message_class"].choices  # type: ignore[attr-defined]
    return [(str(v), str(label), lines[v], str(v) == chosen) for v, label in choices]


def _begun(request: AccountRequest, account: SmsAccount, *, now: datetime) -> ComposeForm:
    """Begin empty, or with the words of a campaign: `from` changes it, `copy` writes another."""
    changed, copied = request.GET.get("from", ""), request.GET.get("copy", "")
    initial: dict[str, object] = {"key": uuid.uuid4()}
    if not (changed or copied):
        return ComposeForm(account=account, now=now, initial=initial)
    found = _latest_or_404(account, changed or copied)
    stands = overview.standing(account_id=account.pk, campaign=found.campaign.uuid)
    may_be_changed = changed and (stands is None or stands.is_changeable)
    if may_be_changed:
        initial["replaces"] = found.campaign.uuid
        initial["standing"] = stands.number if stands else ""
    form = ComposeForm(account=account, now=now, initial=initial | _words_of(found, now=now))
    if changed and not may_be_changed:
        form.unchanged = stands
    return form


def _latest_or_404(account: SmsAccount, campaign: str) -> Revision:
    try:
        found = overview.latest(account_id=account.pk, campaign=uuid.UUID(campaign))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _words_of(revision: Revision, *, now: datetime) -> dict[str, object]:
    is_to_come = revision.due_at is not None and revision.due_at > now
    return initial_of(revision.due_at if is_to_come else None) | {
        "sender": revision.sender.name,
        "recipients": "\n".join(overview.typed_numbers(revision=revision)),
        "text": revision.text,
        "not_commercial": not revision.is_commercial,
        "message_class": revision.message_class,
    }
