"""The form of a sender: its shape, and the words for what the rules find wrong."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from senders import rules
from senders.models import Sender
from senders.rules import Problem

WORDS = {
    Problem.TOO_SHORT: _("Use at least 3 characters."),
    Problem.TOO_LONG: _("Use at most 11 characters."),
    Problem.BAD_CHARS: _("Use letters without accents, digits, spaces and - . , & + _ only."),
    Problem.HIDDEN_SPACE: _("Take away spaces at the ends and double spaces."),
    Problem.NO_LETTER: _("Use at least one letter."),
    Problem.SHORT_NUMBER: _("Use at least one letter: this looks like a short number."),
    Problem.PHONE_NUMBER: _("Use at least one letter: this looks like a phone number."),
}


class SenderForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A sender to be asked for."""

    class Meta:
        model = Sender
        fields = ["account", "name", "description"]

    def clean_name(self) -> str:
        """Say everything that is wrong with the name at once."""
        name = str(self.cleaned_data["name"])
        if found := rules.problems(name):
            raise ValidationError([ValidationError(WORDS[p], code=p) for p in found])
        return name
