"""The admin site's lists of known names: protected ones, and those verified as a customer's.

Both decide what happens by itself to a name that is asked for, so each change is in the trail.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import trail
from accounts.models import User
from senders import asking
from senders.models import ProtectedName, VerifiedIdentity


@admin.register(ProtectedName)
class ProtectedNameAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Names that nobody else may resemble without being looked at."""

    list_display = ["name", "kind"]
    list_filter = ["kind"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: ProtectedName, *args: Any) -> None:
        """Save it and say so."""
        super().save_model(request, obj, *args)
        self._record("protected_name.saved", obj, request)

    def delete_model(self, request: HttpRequest, obj: ProtectedName) -> None:
        """Remove it and say so."""
        self._record("protected_name.removed", obj, request)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Remove several one by one, each with its entry."""
        for obj in queryset:
            self.delete_model(request, obj)

    def _record(self, event: str, obj: ProtectedName, request: HttpRequest) -> None:
        trail.record(
            event=event,
            subject=f"protected_name:{obj.pk}",
            actor=cast(User, request.user),
            account=None,
            now=timezone.now(),
            name=obj.name,
        )


@admin.register(VerifiedIdentity)
class VerifiedIdentityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Names and domains that staff know to be a customer's: made and taken back, never changed."""

    list_display = ["value", "kind", "customer", "verified_by", "verified_at"]
    list_filter = ["kind"]
    list_select_related = ["customer", "verified_by"]
    search_fields = ["value", "customer__name"]
    ordering = ["-id"]
    autocomplete_fields = ["customer"]
    fields = ["customer", "kind", "value"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: what was verified was that value."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Say that somebody else has to verify what is one's own."""
        try:
            return super().changeform_view(request, *args, **options)
        except asking.OwnCustomer:
            messages.error(request, _("You belong to this customer: somebody else verifies."))
            return redirect("admin:senders_verifiedidentity_changelist")

    def save_model(self, request: HttpRequest, obj: VerifiedIdentity, *args: Any) -> None:
        """Record who verified it, and when."""
        made = asking.confirm_identity(
            customer=obj.customer,
            kind=obj.kind,
            value=obj.value,
            by=cast(User, request.user),
            now=timezone.now(),
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: VerifiedIdentity) -> None:
        """Take it back: names enabled because of it stay, further ones go to the desk."""
        asking.take_back_identity(identity=obj, by=cast(User, request.user), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Take several back one by one, each with its entry."""
        for obj in queryset:
            self.delete_model(request, obj)
