"""The desk: staff work the queue of requests for senders.

Opening a request takes nothing: whoever wants it alone takes it for a while. All is decided by one
form; what somebody else was quicker to do is said, and nothing is decided twice.
"""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, staff_view
from senders import deciding, dossier, figures, notices, queue, refusals, review
from senders.forms import DecisionForm, QueueForm
from senders.models import Sender, SenderKind, SenderRequest
from senders.queue import Show
from senders.views import papers

NUMBERS_SHOWN = 200


@staff_view(permission=notices.PERMISSION)
@require_safe
def request_list(request: StaffRequest) -> HttpResponse:
    """Show what waits, the first promised first; or what was decided."""
    now = timezone.now()
    form = QueueForm(request.GET)
    wanted = form.wanted()
    cursor = request.GET.get("cursor", "")
    context = {
        "form": form,
        "wanted": wanted,
        "is_open": wanted.show in queue.OPEN,
        "is_narrowed": wanted != queue.Filter(show=Show.WAITING, origin="", text=""),
        "counts": queue.counts(by=request.user, now=now),
        "page": queue.page(wanted=wanted, by=request.user, cursor=cursor, now=now),
        "now": now,
    }
    return render(request, "desk/request_list.html", context)


@staff_view(permission=notices.PERMISSION)
@require_safe
def request_detail(request: StaffRequest, asked: uuid.UUID) -> HttpResponse:
    """Show a request from all sides, with the form that decides."""
    return _page(request, request_or_404(asked), form=DecisionForm(), status=200)


@staff_view(permission=notices.PERMISSION)
@require_POST
def request_claim(request: StaffRequest, asked: uuid.UUID) -> HttpResponse:
    """Take a request for a while."""
    found = request_or_404(asked)
    try:
        deciding.claim(request=found, by=request.user, now=timezone.now())
    except deciding.NotDecidable as refusal:
        messages.warning(request, refusals.of(refusal, request=found))
    return redirect("desk:request-detail", asked=asked)


@staff_view(permission=notices.PERMISSION)
@require_POST
def request_release(request: StaffRequest, asked: uuid.UUID) -> HttpResponse:
    """Let others take it."""
    deciding.release(request=request_or_404(asked), by=request.user)
    return redirect("desk:request-list")


@staff_view(permission=notices.PERMISSION)
@require_POST
def request_decide(request: StaffRequest, asked: uuid.UUID) -> HttpResponse:
    """Approve, refuse, or ask for more; then go on with the next."""
    found = request_or_404(asked)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    try:
        decision = deciding.decide(
            request=found, **form.cleaned_data, by=request.user, clock=timezone.now
        )
    except (deciding.NotDecidable, review.WrongState) as refusal:
        messages.warning(request, refusals.of(refusal, request=found))
        return redirect("desk:request-detail", asked=asked)
    words = _("%(sender)s: %(outcome)s. The owners of the account get an e-mail.")
    outcome = decision.get_outcome_display()
    messages.success(request, words % {"sender": found.sender.name, "outcome": outcome})
    return _next(found, request)


@staff_view(permission=notices.PERMISSION)
@require_safe
def decision_statistics(request: StaffRequest) -> HttpResponse:
    """Show how the desk does."""
    now = timezone.now()
    context = {
        "figures": figures.of(now=now),
        "counts": queue.counts(by=request.user, now=now),
    }
    return render(request, "desk/decision_statistics.html", context)


@staff_view(permission=notices.PERMISSION)
@require_safe
def number_list(request: StaffRequest) -> HttpResponse:
    """Show the virtual numbers, the next to end first; they are assigned in the admin site."""
    numbers = Sender.objects.filter(kind=SenderKind.VIRTUAL).select_related("account__customer")
    running = numbers.filter(term_ends_at__gt=timezone.now()).order_by("term_ends_at", "pk")
    context = {"numbers": running[:NUMBERS_SHOWN], "now": timezone.now()}
    return render(request, "desk/number_list.html", context)


def request_or_404(asked: uuid.UUID) -> SenderRequest:
    """Find a request with all that its page names."""
    found = SenderRequest.objects.select_related(
        "sender__account__customer", "asked_by", "claimed_by", "decision__by"
    ).filter(uuid=asked)
    try:
        return found.get()
    except SenderRequest.DoesNotExist as exc:
        raise Http404 from exc


def _next(decided: SenderRequest, request: StaffRequest) -> HttpResponse:
    following = queue.following(decided, by=request.user, now=timezone.now())
    if following is None:
        return redirect("desk:request-list")
    return redirect("desk:request-detail", asked=following.uuid)


def _page(
    request: StaffRequest, found: SenderRequest, *, form: DecisionForm, status: int
) -> HttpResponse:
    now = timezone.now()
    opened = dossier.open_request(found, now=now)
    holder = opened.line.holder
    is_own = deciding.is_own(found, by=request.user)
    is_free = holder is None or holder == request.user
    context = {
        "asked": found,
        "dossier": opened,
        "form": form,
        "is_own": is_own,
        "is_mine": holder == request.user,
        "may_decide": found.closed_at is None and not is_own and is_free,
        "following": queue.following(found, by=request.user, now=now),
        "may_withdraw": found.sender.state in review.WITHDRAWABLE
        and request.user.has_perm("senders.change_sender"),
        "claim_minutes": deciding.CLAIM.seconds // 60,
    }
    return render(request, "desk/request_detail.html", context, status=status)


urlpatterns = [
    path("", request_list, name="request-list"),
    path("statistics/", decision_statistics, name="decision-statistics"),
    path("numbers/", number_list, name="number-list"),
    path("requests/<uuid:asked>/", request_detail, name="request-detail"),
    path("requests/<uuid:asked>/claim/", request_claim, name="request-claim"),
    path("requests/<uuid:asked>/release/", request_release, name="request-release"),
    path("requests/<uuid:asked>/decide/", request_decide, name="request-decide"),
    path("documents/<uuid:document>/", papers.document_detail, name="document-detail"),
    path("documents/<uuid:document>/<int:page>/", papers.document_page, name="document-page"),
]
