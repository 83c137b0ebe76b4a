"""The forms of senders: their shape, and the words for what the rules find wrong."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.phones import InvalidNumber, parse
from senders import deciding, rules, virtualnumbers
from senders.models import (
    Decision,
    DecisionReason,
    Origin,
    Outcome,
    Sender,
    VirtualNumber,
)
from senders.queue import Filter, Show
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


class DecisionForm(forms.Form):
    """What staff decide, why, and what they write to the customer.

    The outcome is that of the button. Who approves need not say why; a reason that belongs to a
    refusal is then taken for a slip of the hand.
    """

    outcome = forms.ChoiceField(choices=Outcome.choices, widget=forms.HiddenInput)
    # The desk's script leads there with a key.
    reason = forms.ChoiceField(
        label=_("Reason"), required=False, widget=forms.Select(attrs={"data-key": "reason"})
    )
    text = forms.CharField(
        label=_("Message to the customer"),
        max_length=Decision._meta.get_field("text").max_length,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is sent as you write it, below the reason in the customer's language."),
    )

    def __init__(self, *args: Any, outcomes: Iterable[Outcome] = Outcome, **options: Any) -> None:
        """Offer the reasons that go with these outcomes."""
        super().__init__(*args, **options)
        offered = {reason for outcome in outcomes for reason in deciding.REASONS[outcome]}
        choices = [(r.value, r.label) for r in DecisionReason if r in offered]
        self.fields["reason"].choices = [("", _("Choose a reason")), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """See that the customer will know what to do."""
        said = super().clean() or self.cleaned_data
        if "outcome" not in said or "reason" not in said:
            return said
        outcome = said["outcome"] = Outcome(said["outcome"])
        if not said["reason"] and outcome is Outcome.APPROVED:
            said["reason"] = deciding.REASONS[outcome][0]
        if not said["reason"]:
            self.add_error("reason", _("Choose a reason."))
            return said
        said["reason"] = DecisionReason(said["reason"])
        try:
            deciding.check_words(outcome, reason=said["reason"], text=said.get("text", ""))
        except deciding.ReasonNotFitting:
            self.add_error("reason", _("This reason does not go with this decision."))
        except deciding.WordsMissing:
            self.add_error("text", _("Tell the customer what is missing."))
        return said


class QueueForm(forms.Form):
    """What of the queue is listed; whatever cannot be read lists what waits."""

    show = forms.ChoiceField(label=_("Status"), choices=Show.choices, required=False)
    origin = forms.ChoiceField(
        label=_("Origin"), choices=[("", _("All")), *Origin.choices], required=False
    )
    text = forms.CharField(
        label=_("Customer, SMS account or sender"), max_length=120, required=False
    )

    def wanted(self) -> Filter:
        """Give what is to be listed."""
        self.full_clean()
        said = self.cleaned_data
        return Filter(
            show=Show(said.get("show") or Show.WAITING),
            origin=said.get("origin", ""),
            text=said.get("text", ""),
        )


OF_NUMBERS = {
    virtualnumbers.NotInFrance: _("This customer is not established in France."),
    virtualnumbers.NotMetropolitan: _(
        "Write a French mobile number in international form, for example +33 7 55 51 23 45."
    ),
    virtualnumbers.TermOver: _("This moment has passed. Choose a later one."),
    virtualnumbers.NumberTaken: _("An account has this number until its term ends."),
    virtualnumbers.NumberHeld: _(
        "Replies to the account that had this number may still come: it rests for 30 days."
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
