"""The form under a review."""

from django import forms


class ConfirmForm(forms.Form):
    """What a confirmation is about: the revision read and the total read there."""

    revision = forms.IntegerField(min_value=1, max_value=32_767)
    total_hundredths = forms.IntegerField(min_value=0, max_value=10**15)
