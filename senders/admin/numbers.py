"""Virtual numbers, the carrier's short numbers, and whom both are lent to."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import phones
from accounts.admin import Evidence
from accounts.models import User
from senders import virtualnumbers
from senders.admin.names import SenderAdmin
from senders.forms import OF_NUMBERS, VirtualNumberForm
from senders.models import (
    Lease,
    Sender,
    SenderKind,
    ShortNumber,
    VirtualNumber,
)


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
