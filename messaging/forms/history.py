"""The filter above the history."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.readable import ReadableForm
from messaging.forms.numbers import number_field, read_number
from messaging.history import Filter
from messaging.statuses import Shown


class FilterForm(ReadableForm):
    """What to show of the history."""

    number = number_field(label=_("Number"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All")), *((s, s.label) for s in Shown if s is not Shown.PLANNED)],
    )
    cursor = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def clean_number(self) -> str | None:
        """Read the number as E.164; None = all."""
        return read_number(self.cleaned_data["number"])

    def wanted(self) -> Filter:
        """Give what to show, once the form is valid."""
        said = self.cleaned_data
        return Filter(
            recipient=said["number"], shown=Shown(said["status"]) if said["status"] else None
        )
