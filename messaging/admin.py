"""What staff see of messaging in the admin site: lists to find out with, nothing to change.

Money and delivery hang on these rows, so nothing is edited here. Numbers are masked, texts are not
shown. Opt-outs alone may be added, through their own door.
"""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import phones
from accounts.admin import Evidence
from accounts.models import User
from messaging import wording
from messaging.models import Batch, HandOver, OptOut, OptOutCause, Receipt, ReceiptPush, Revision
from messaging.recipients import optout


@admin.register(Revision)
class RevisionAdmin(Evidence):
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
class BatchAdmin(Evidence):
    """Batches: what waits, leaves or left."""

    list_display = (
        "id", "account", "revision", "number", "state", "messages", "not_before", "departed_at",
    )  # fmt: skip
    list_filter = ("state",)
    search_fields = ("account__name",)
    list_select_related = ("account", "revision")
    ordering = ("-id",)


@admin.register(HandOver)
class HandOverAdmin(Evidence):
    """Hand-overs: what is with the carrier, and what is in its way."""

    list_display = (
        "id", "account", "batch", "state", "attempt", "trouble", "not_before", "lease_until",
    )  # fmt: skip
    list_filter = ("state", "trouble")
    search_fields = ("account__name",)
    list_select_related = ("account", "batch")
    ordering = ("-id",)


@admin.register(ReceiptPush)
class ReceiptPushAdmin(Evidence):
    """Pushes of receipts that wait to be applied; there should hardly be any."""

    list_display = ("id", "receipts", "received_at")
    fields = ("receipts", "received_at", "digest")
    ordering = ("-id",)


@admin.register(Receipt)
class ReceiptAdmin(Evidence):
    """Receipts that changed no message yet, or never will."""

    list_display = ("id", "carrier", "reference", "state", "code", "outcome", "received_at")
    list_filter = ("outcome", "state")
    search_fields = ("reference", "carrier_id")
    ordering = ("-id",)


class OptOutForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A number that must not get the account's messages."""

    # Longer than what is kept: people type spaces.
    phone = forms.CharField(label=_("number"), max_length=40)

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
class OptOutAdmin(Evidence):
    """Opt-outs, masked; staff may add one that a customer or a recipient asked for."""

    form = OptOutForm
    list_display = ("masked", "account", "cause", "since", "until")
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
        return (
            ("account", "phone")
            if obj is None
            else ("account", "masked", "cause", "since", "until")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Staff with the right to add opt-outs."""
        return admin.ModelAdmin.has_add_permission(self, request)

    def save_model(
        self,
        request: HttpRequest,
        obj: OptOut,
        form: "forms.ModelForm[OptOut]",
        change: bool,  # noqa: FBT001 (Django's signature)
    ) -> None:
        """Go through the door of opt-outs."""
        optout.add(
            account=obj.account,
            phone=obj.phone,
            cause=OptOutCause.MANUAL,
            now=timezone.now(),
            by=cast(User, request.user),
        )
        found = optout.listed(account_id=obj.account_id, phone=obj.phone)
        obj.pk = found.values_list("pk", flat=True).get()
