"""What customers ask, as a list with actions; most of the work is done at the desk."""

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin import Evidence
from accounts.models import User
from senders import deciding, notices, refusals, review
from senders.admin.asking import ask
from senders.forms import DecisionForm
from senders.models import Decision, Outcome, SenderNotice, SenderRequest


@admin.register(SenderRequest)
class SenderRequestAdmin(Evidence):
    """The requests for senders, as a list with actions; the desk shows each with its documents."""

    list_display = [
        "name", "account", "customer", "origin", "round", "promised_at", "closed_at", "outcome",
        "claimed_by",
    ]  # fmt: skip
    list_display_links = None
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "decision__outcome", "origin"]
    list_select_related = ["sender__account__customer", "decision", "claimed_by"]
    search_fields = ["=sender__name", "=sender__account__name"]
    ordering = ["promised_at", "id"]
    actions = ["approve", "refuse", "ask_for_more"]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Let decide who may at the desk."""
        return cast(User, request.user).has_perm(notices.PERMISSION)

    @admin.display(description=gettext_lazy("sender"), ordering="sender__name")
    def name(self, asked: SenderRequest) -> str:
        """Lead to the desk, which shows all there is to know."""
        url = reverse("desk:request-detail", args=[asked.uuid])
        return format_html('<a href="{}">{}</a>', url, asked.sender.name)

    @admin.display(description=gettext_lazy("SMS account"))
    def account(self, asked: SenderRequest) -> str:
        """Show whose it would be."""
        return asked.sender.account.name

    @admin.display(description=gettext_lazy("customer"))
    def customer(self, asked: SenderRequest) -> str:
        """Show who asks."""
        return asked.sender.account.customer.name

    @admin.display(description=gettext_lazy("decision"))
    def outcome(self, asked: SenderRequest) -> str:
        """Show what was decided."""
        decision: Decision | None = getattr(asked, "decision", None)
        return decision.get_outcome_display() if decision else ""

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    def approve(
        self, request: HttpRequest, queryset: QuerySet[SenderRequest]
    ) -> HttpResponse | None:
        """Approve the chosen requests."""
        return self._decide(request, queryset, outcome=Outcome.APPROVED, action="approve")

    @admin.action(description=gettext_lazy("Refuse"), permissions=["decide"])
    def refuse(
        self, request: HttpRequest, queryset: QuerySet[SenderRequest]
    ) -> HttpResponse | None:
        """Ask for a reason, then refuse the chosen requests."""
        return self._decide(request, queryset, outcome=Outcome.REFUSED, action="refuse")

    @admin.action(description=gettext_lazy("Ask for more"), permissions=["decide"])
    def ask_for_more(
        self, request: HttpRequest, queryset: QuerySet[SenderRequest]
    ) -> HttpResponse | None:
        """Ask what is missing, then send the chosen requests back."""
        return self._decide(request, queryset, outcome=Outcome.MORE_NEEDED, action="ask_for_more")

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[SenderRequest],
        *,
        outcome: Outcome,
        action: str,
    ) -> HttpResponse | None:
        said = None
        if "decided" in request.POST or outcome is Outcome.APPROVED:
            said = {**request.POST.dict(), "outcome": outcome.value}
        form = DecisionForm(said, outcomes=[outcome], initial={"outcome": outcome.value})
        chosen = queryset.select_related("sender__account")
        if not form.is_valid():
            named = [(r.pk, f"{r.sender.label} ({r.sender.account})") for r in chosen]
            question = _("This goes to the owners of the accounts, in their language.")
            return ask(
                self, request, form=form, chosen=named, action=action,
                title=str(outcome.label), question=question,
            )  # fmt: skip
        by, done = cast(User, request.user), 0
        for asked in chosen:
            try:
                deciding.decide(request=asked, **form.cleaned_data, by=by, clock=timezone.now)
                done += 1
            except (deciding.NotDecidable, review.WrongState) as refusal:
                messages.warning(request, refusals.of(refusal, request=asked))
        if done:
            words = ngettext("%d request was decided.", "%d requests were decided.", done)
            messages.success(request, words % done)
        return None


@admin.register(SenderNotice)
class SenderNoticeAdmin(Evidence):
    """The e-mails that were sent, and those that are still owed."""

    list_display = ["created_at", "kind", "to", "sender", "attempts", "next_attempt_at", "sent_at"]
    list_filter = [("sent_at", admin.EmptyFieldListFilter), "kind"]
    list_select_related = ["to", "sender"]
    search_fields = ["=to__email", "=sender__name"]
    ordering = ["-id"]
