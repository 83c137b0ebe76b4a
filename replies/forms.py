"""The filter above the received SMS."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.readable import ReadableForm
from messaging.forms.numbers import number_field, read_number
from replies.received import NEWEST_FIRST, Filter
from replies.wording import SORTS

_SHORT = re.compile(r"[0-9]{3,5}", re.ASCII)


class FilterForm(ReadableForm):
    """What to show of the received SMS, and in which order."""

    number = number_field(label=_("Number"), required=False)
    sort = forms.ChoiceField(
        label=_("Sort by"),
        required=False,
        choices=SORTS,
    )
    cursor = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def clean_number(self) -> Filter:
        """Read a short number as one of ours, any other as the phone that replied."""
        given = self.cleaned_data["number"].strip()
        if _SHORT.fullmatch(given):
            return Filter(phone=None, number=given)
        return Filter(phone=read_number(given), number=None)

    def clean_sort(self) -> str:
        """Begin with the newest."""
        return self.cleaned_data["sort"] or NEWEST_FIRST
