"""Senders and SMS accounts: staff ask for senders on behalf of customers, and withdraw them.

An account is opened with its short number.
"""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin import SmsAccountAdmin
from accounts.forms import ReasonForm
from accounts.models import SmsAccount, User
from senders import review, shortnumbers
from senders.admin.asking import ask
from senders.forms import SenderForm
from senders.models import (
    Sender,
    SenderState,
    SenderValidity,
)

Step = Callable[[Sender], None]


@admin.register(SmsAccount)
class AccountAdmin(SmsAccountAdmin):
    """SMS accounts; a new one has its short number from the beginning."""

    def save_model(
        self,
        request: HttpRequest,
        obj: SmsAccount,
        form: "ModelForm[SmsAccount]",
        change: bool,  # noqa: FBT001 (Django's signature)
    ) -> None:
        """Save it, and offer short numbers to a new one."""
        super().save_model(request, obj, form, change)
        shortnumbers.offer(account=obj, now=timezone.now())


class ValidityInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """When the sender was valid."""

    model = SenderValidity
    extra = 0
    # The review writes them.
    max_num = 0
    can_delete = False
    readonly_fields = ["since", "until"]


@admin.register(Sender)
class SenderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Senders and the steps of their review."""

    form = SenderForm
    list_display = ["label", "account", "state", "description", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["account"]
    search_fields = ["name", "account__name", "account__customer__name"]
    ordering = ["-id"]
    autocomplete_fields = ["account"]
    readonly_fields = ["state", "created_at"]
    inlines = [ValidityInline]
    actions = ["withdraw"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: what was sent names its sender."""
        return False

    @admin.display(description=gettext_lazy("sender"), ordering="name")
    def label(self, sender: Sender) -> str:
        """Show the sender as its owner reads it."""
        return sender.label

    def get_fields(self, request: HttpRequest, obj: Sender | None = None) -> Any:
        """Ask for a name when adding; show the sender as it is read afterwards."""
        return ["account", "label" if obj else "name", "description", "state", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Sender | None = None) -> list[str]:
        """Fix everything but the description once the sender exists."""
        return [*self.readonly_fields, *(["account", "label"] if obj else [])]

    def save_model(
        self,
        request: HttpRequest,
        obj: Sender,
        form: "ModelForm[Sender]",
        change: bool,  # noqa: FBT001 (Django's signature)
    ) -> None:
        """Ask for a new sender through the review."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made = review.request(
            account=obj.account,
            name=obj.name,
            description=obj.description,
            by=cast(User, request.user),
            now=timezone.now(),
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.action(description=gettext_lazy("Withdraw"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Sender]) -> HttpResponse | None:
        """Ask for a reason, then withdraw the chosen senders for good."""
        question = _(
            "Withdraw these senders for good? Planned messages that bear them are skipped."
        )
        reason = self._reason(request)
        if reason is None:
            return self._ask(
                request, queryset, action="withdraw", title=_("Withdraw"), words=question
            )
        by, clock = cast(User, request.user), timezone.now
        self._take(
            request,
            queryset,
            lambda s: review.withdraw(sender=s, by=by, reason=reason, clock=clock),
        )
        return None

    def _reason(self, request: HttpRequest) -> str | None:
        form = ReasonForm(request.POST)
        return str(form.cleaned_data["reason"]) if form.is_valid() else None

    def _ask(
        self, request: HttpRequest, queryset: QuerySet[Sender], **context: str
    ) -> HttpResponse:
        named = [(s.pk, f"{s.label} ({s.account})") for s in queryset.select_related("account")]
        form = ReasonForm(request.POST if "decided" in request.POST else None)
        return ask(self, request, form=form, chosen=named, **context)

    def _take(self, request: HttpRequest, queryset: QuerySet[Sender], step: Step) -> None:
        taken = 0
        for sender in queryset.select_related("account"):
            try:
                step(sender)
                taken += 1
            except review.WrongState as exc:
                words = _("%(sender)s was left as it is: %(state)s.")
                state = SenderState(exc.state).label
                messages.warning(request, words % {"sender": sender, "state": state})
        if taken:
            words = ngettext("%d sender was changed.", "%d senders were changed.", taken)
            messages.success(request, words % taken)
