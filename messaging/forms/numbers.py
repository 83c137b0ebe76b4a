"""The field for one phone number, as several forms have it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts import phones
from messaging import wording


def number_field(*, label: Any, required: bool) -> forms.CharField:
    """Make the field; longer than a number is, because people type spaces."""
    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
    return forms.CharField(label=label, required=required, max_length=40, widget=widget)


def read_number(given: str) -> str | None:
    """Read what was typed as E.164, None if nothing was. ValidationError."""
    try:
        return phones.parse(given).e164 if given else None
    except phones.InvalidNumber as refusal:
        raise ValidationError(wording.of_number(refusal.reason)) from refusal
