"""The forms of senders: their shape, and the words for what the rules find wrong."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.phones import InvalidNumber, parse
from senders import rules, virtualnumbers
from senders.models import Sender, VirtualNumber
from senders.wording import OF_PROBLEMS


class SenderForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A sender to be asked for."""

    class Meta:
        model = Sender
        fields = ["account", "name", "description"]

    def clean_name(self) -> str:
        """Say everything that is wrong with the name at once."""
        name = str(self.cleaned_data["name"])
        if found := rules.problems(name):
            raise ValidationError([ValidationError(str(OF_PROBLEMS[p]), code=p) for p in found])
        return name


OF_NUMBERS = {
    virtualnumbers.NotInFrance: _("This customer is not established in France."),
    virtualnumbers.NotMetropolitan: _(
        "Write a French mobile number in international form, for example +33 7 55 51 23 45."
    ),
    virtualnumbers.TermOver: _("This moment has passed. Choose a later one."),
    virtualnumbers.NumberTaken: _("An account has this number until its term ends."),
    virtualnumbers.NumberHeld: _(
        "Answers to the account that had this number may still come: it rests for 30 days."
    ),
    virtualnumbers.NotRunning: _("The term of this number is over: assign it again."),
}
FIELDS = {virtualnumbers.NotInFrance: "account", virtualnumbers.TermOver: "term_ends_at"}


class VirtualNumberForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A number for an account, or another end of its term; `now` is set by the page."""

    now: ClassVar[datetime]
    number = forms.CharField(label=_("number"), max_length=40)

    class Meta:
        model = VirtualNumber
        fields = ["account", "term_ends_at"]

    def __init__(self, *args: Any, **options: Any) -> None:
        """Ask for an end in any case."""
        super().__init__(*args, **options)
        self.fields["term_ends_at"].required = True

    def clean_number(self) -> str:
        """Read the number in international form."""
        try:
            return parse(self.cleaned_data["number"]).e164
        except InvalidNumber as exc:
            raise ValidationError(OF_NUMBERS[virtualnumbers.NotMetropolitan]) from exc

    def clean(self) -> dict[str, Any]:
        """Ask the rules, once every field can be read."""
        said = super().clean() or self.cleaned_data
        try:
            if self.instance.pk:
                if said.get("term_ends_at", self.now) <= self.now:
                    raise virtualnumbers.TermOver
            elif {"account", "number", "term_ends_at"} <= said.keys():
                virtualnumbers.check(
                    account=said["account"],
                    number=said["number"],
                    until=said["term_ends_at"],
                    now=self.now,
                )
        except virtualnumbers.NotAssignable as refusal:
            self.add_error(FIELDS.get(type(refusal), "number"), OF_NUMBERS[type(refusal)])
        return said
