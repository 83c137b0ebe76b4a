"""The admin site's view of senders: staff ask for them, enable, refuse and withdraw them.

State and validity are shown, never edited: every step goes through `senders.review`, and virtual
numbers through `senders.virtualnumbers`. SMS accounts are opened here, with their short number.
"""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import phones
from accounts.admin import Evidence, SmsAccountAdmin
from accounts.forms import ReasonForm
from accounts.models import SmsAccount, User
from senders import identityadmin, review, shortnumbers, virtualnumbers
from senders.forms import OF_NUMBERS, SenderForm, VirtualNumberForm
from senders.models import (
    Lease,
    Sender,
    SenderKind,
    SenderState,
    SenderValidity,
    ShortNumber,
    VirtualNumber,
)

__all__ = ["identityadmin"]  # registers itself
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
    actions = ["enable", "refuse", "withdraw"]

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

    @admin.action(description=gettext_lazy("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Sender]) -> None:
        """Enable the chosen senders."""
        by, now = cast(User, request.user), timezone.now()
        self._take(request, queryset, lambda s: review.enable(sender=s, by=by, now=now))

    @admin.action(description=gettext_lazy("Refuse"), permissions=["change"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Sender]) -> HttpResponse | None:
        """Ask for a reason, then refuse the chosen senders."""
        question = _("Refuse these senders? Only those that wait for validation are refused.")
        reason = self._reason(request)
        if reason is None:
            return self._ask(request, queryset, action="refuse", title=_("Refuse"), words=question)
        by, now = cast(User, request.user), timezone.now()
        self._take(
            request, queryset, lambda s: review.refuse(sender=s, by=by, reason=reason, now=now)
        )
        return None

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
        self,
        request: HttpRequest,
        queryset: QuerySet[Sender],
        *,
        action: str,
        title: str,
        words: str,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "question": words,
            "action": action,
            "senders": queryset.select_related("account"),
            "form": ReasonForm(request.POST if "decided" in request.POST else None),
        }
        return TemplateResponse(request, "admin/senders/sender/decide.html", context)

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


@admin.register(VirtualNumber)
class VirtualNumberAdmin(SenderAdmin):
    """Virtual numbers: given to an account for a term, whose end can be moved."""

    form = VirtualNumberForm  # type: ignore[assignment]  # takes the place of the name's form
    list_display = ["label", "account", "state", "term_ends_at"]
    list_filter = ["state"]
    actions = ["withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sender]:
        """Leave the other senders out."""
        return super().get_queryset(request).filter(kind=SenderKind.VIRTUAL)

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Tell the form the time."""
        form: Any = super().get_form(request, *args, **options)
        form.now = timezone.now()
        return form

    def get_fields(self, request: HttpRequest, obj: Sender | None = None) -> Any:
        """Ask for the number when adding; it does not change afterwards."""
        return ["account", "label" if obj else "number", "term_ends_at", "state"]

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Say what somebody else was quicker to change."""
        try:
            return super().changeform_view(request, *args, **options)
        except virtualnumbers.NotAssignable as refusal:
            messages.error(request, OF_NUMBERS[type(refusal)])
            return redirect("admin:senders_virtualnumber_changelist")

    def save_model(
        self,
        request: HttpRequest,
        obj: Sender,
        form: "ModelForm[Sender]",
        change: bool,  # noqa: FBT001 (Django's signature)
    ) -> None:
        """Assign the number, or move the end of its term."""
        by, now = cast(User, request.user), timezone.now()
        until = form.cleaned_data["term_ends_at"]
        if change:
            virtualnumbers.move_end(sender=obj, until=until, by=by, now=now)
            return
        number = form.cleaned_data["number"]
        made = virtualnumbers.assign(
            account=obj.account, number=number, until=until, by=by, now=now
        )
        obj.pk = made.pk
        obj.refresh_from_db()


@admin.register(ShortNumber)
class ShortNumberAdmin(Evidence):
    """The carrier's pool, as the carrier named it last."""

    list_display = ["number", "is_active", "changed_at"]
    list_filter = ["is_active"]
    search_fields = ["=number"]
    ordering = ["number"]


@admin.register(Lease)
class LeaseAdmin(Evidence):
    """Numbers lent to phones; the phones are masked."""

    list_display = [
        "id", "account", "kind", "number", "masked", "is_open", "is_held", "opened_at",
        "expires_at", "accepted_at",
    ]  # fmt: skip
    list_filter = ["kind", "is_open", "is_held"]
    list_select_related = ["account"]
    search_fields = ["=phone", "=number", "account__name"]
    ordering = ["-id"]
    exclude = ["phone"]

    @admin.display(description=gettext_lazy("recipient"))
    def masked(self, lease: Lease) -> str:
        """Show enough to compare, not enough to dial."""
        return phones.mask(lease.phone)
