"""The forms of the demo's pages."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.phones import InvalidNumber, parse
from accounts.readable import ReadableForm
from messaging import sms


class PhoneForm(ReadableForm):
    """The number of a phone to look at, in any form."""

    number = forms.CharField(
        label=_("Number of the phone"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"type": "tel", "placeholder": "+33 6 12 34 56 78", "autocomplete": "off"}
        ),
    )

    def clean_number(self) -> str:
        """Read the number."""
        try:
            return parse(self.cleaned_data["number"], lenient=True).e164
        except InvalidNumber as exc:
            raise ValidationError(
                _("This is no mobile number. Write it like +33 6 12 34 56 78.")
            ) from exc


class AnswerForm(ReadableForm):
    """What a simulated phone answers to an SMS; `key` makes a second press harmless."""

    message = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    # Empty, because phones send that too; not stripped, because they send blanks.
    text = forms.CharField(
        label=pgettext_lazy("verb", "Reply"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_text(self) -> str:
        """Take what fits into one SMS."""
        text = sms.normalise(self.cleaned_data["text"])
        if sms.measure(text).parts > sms.MAX_PARTS:
            raise ValidationError(_("No phone sends so long an SMS. Shorten it."))
        return text
