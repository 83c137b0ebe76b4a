"""The forms of the opt-out list: to search it, to add to it, to remove from it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.readable import ReadableForm
from messaging.forms.numbers import number_field, read_number


class SearchForm(ReadableForm):
    """What to show of the list."""

    number = number_field(label=_("Number"), required=False)
    cursor = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def clean_number(self) -> str | None:
        """Read the number; None = all."""
        return read_number(self.cleaned_data["number"])


class OptOutForm(ReadableForm):
    """A number that is to be on the list, or not to be."""

    phone = number_field(label=_("Number to add"), required=True)

    def clean_phone(self) -> str | None:
        """Read the number."""
        return read_number(self.cleaned_data["phone"])
