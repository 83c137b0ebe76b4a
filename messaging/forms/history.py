"""The filter above the history."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import phones
from messaging import wording
from messaging.forms.readable import ReadableForm
from messaging.history import Filter
from messaging.statuses import Shown


class FilterForm(ReadableForm):
    """What to show of the history."""

    number = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(
            attrs={"class": "form-control", "inputmode": "tel", "autocomplete": "off"}
        ),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All")), *((s, s.label) for s in Shown if s is not Shown.PLANNED)],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    cursor = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def clean_number(self) -> str | None:
        """Read the number as E.164; None = all."""
        given = self.cleaned_data["number"]
        try:
            return phones.parse(given).e164 if given else None
        except phones.InvalidNumber as refusal:
            raise ValidationError(wording.of_number(refusal.reason)) from refusal

    def wanted(self) -> Filter:
        """Give what to show, once the form is valid."""
        said = self.cleaned_data
        return Filter(
            recipient=said["number"], shown=Shown(said["status"]) if said["status"] else None
        )
