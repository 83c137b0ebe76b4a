"""What staff see of messaging in the admin site: lists to find out with, nothing to change.

Money and delivery hang on these rows, so nothing is edited here. Numbers are masked, texts are not
shown. Opt-outs alone may be added, through their own door.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import phones
from messaging import wording
from messaging.models import Batch, HandOver, OptOut, OptOutCause, Receipt, Revision
from messaging.recipients import optout


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """A list that can be read and searched."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Campaigns: each revision with its state and figures."""

    list_display = (
        "uuid", "number", "account", "state", "messages", "total_hundredths", "created_at",
    )  # fmt: skip
    list_filter = ("state",)
    search_fields = ("account__name", "campaign__uuid")
    list_select_related = ("account", "campaign")
    ordering = ("-id",)
    exclude = ("text", "key", "fingerprint")

    @admin.display(description=_("campaign"))
    def uuid(self, revision: Revision) -> str:
        """Name the campaign as its address does."""
        return str(revision.campaign.uuid)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """Batches: what waits, leaves or left."""

    list_display = (
        "id", "account", "revision", "number", "state", "messages", "not_before", "departed_at",
    )  # fmt: skip
    list_filter = ("state",)
    search_fields = ("account__name",)
    list_select_related = ("account", "revision")
    ordering = ("-id",)


@admin.register(HandOver)
class HandOverAdmin(ReadOnlyAdmin):
    """Hand-overs: what is with the carrier, and what is in its way."""

    list_display = (
        "id", "account", "batch", "state", "attempt", "trouble", "not_before", "lease_until",
    )  # fmt: skip
    list_filter = ("state", "trouble")
    search_fields = ("account__name",)
    list_select_related = ("account", "batch")
    ordering = ("-id",)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Receipts that changed no message yet, or never will."""

    list_display = ("id", "carrier", "reference", "state", "code", "outcome", "received_at")
    list_filter = ("outcome", "state")
    search_fields = ("reference", "carrier_id")
    ordering = ("-id",)


class OptOutForm(forms.ModelForm[OptOut]):
    """A number that must not get the account's messages."""

    class Meta:
        model = OptOut
        fields = ("account", "phone")

    def clean_phone(self) -> str:
        """Read the number in international form."""
        try:
            return phones.parse(self.cleaned_data["phone"]).e164
        except phones.InvalidNumber as refusal:
            raise ValidationError(wording.of_number(refusal.reason)) from refusal


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    """Opt-outs, masked; staff may add one that a customer or a recipient asked for."""

    form = OptOutForm
    list_display = ("masked", "account", "cause", "since")
    list_filter = ("cause",)
    search_fields = ("=phone", "account__name")
    list_select_related = ("account",)
    ordering = ("-id",)
    fields = ("account", "phone")

    @admin.display(description=_("number"))
    def masked(self, row: OptOut) -> str:
        """Show enough to compare, not enough to dial."""
        return phones.mask(row.phone)

    def get_fields(self, request: HttpRequest, obj: OptOut | None = None) -> Any:
        """Ask for the number when adding; show it masked afterwards."""
        return ("account", "phone") if obj is None else ("account", "masked", "cause", "since")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Staff with the right to add opt-outs."""
        return admin.ModelAdmin.has_add_permission(self, request)

    def save_model(
        self, request: HttpRequest, obj: OptOut, form: forms.ModelForm[OptOut], change: bool
    ) -> None:
        """Go through the door of opt-outs."""
        optout.add(
            account=obj.account, phone=obj.phone, cause=OptOutCause.MANUAL, now=timezone.now()
        )
        obj.pk = OptOut.objects.values_list("pk", flat=True).get(
            account=obj.account, phone=obj.phone
        )
