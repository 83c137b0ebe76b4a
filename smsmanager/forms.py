"""The forms of the demo's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging import sms
from messaging.forms.readable import ReadableForm


class AnswerForm(ReadableForm):
    """What a simulated phone answers to an SMS; `key` makes a second press harmless."""

    message = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    # Empty, because phones send that too; not stripped, because they send blanks.
    text = forms.CharField(
        label=_("Answer"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
    )

    def clean_text(self) -> str:
        """Take what fits into one SMS."""
        text = sms.normalise(self.cleaned_data["text"])
        if sms.measure(text).parts > sms.MAX_PARTS:
            raise forms.ValidationError(_("No phone sends so long an SMS. Shorten it."))
        return text
