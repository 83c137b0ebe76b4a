"""The compose form: everything one says to send an SMS.

Rules of the domain stay where they are: the form finds out what was said and words what the domain
refuses, beside the field it is about. Nothing typed is lost.
"""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts import phones
from accounts.ledger import InsufficientCredits
from accounts.models import SmsAccount
from messaging import campaigns, composing, overview, sms, wording
from messaging.composing import Draft
from messaging.estimate import Estimate, estimate
from messaging.forms.moment import MomentForm, text_of
from messaging.models import Campaign, MessageClass, Revision
from senders import review
from senders.models import Sender, SenderKind

# Beyond any SMS (255 parts are 39,015 characters) and well below what would keep a page busy.
LONGEST_TEXT = 100_000


class ComposeForm(MomentForm):
    """Everything one says to send an SMS."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    # The campaign that is changed, and the number of its revision that stood when it was read.
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)
    standing = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=1, max_value=32_767
    )
    sender: "forms.ModelChoiceField[Sender]" = forms.ModelChoiceField(
        label=_("Sender"),
        queryset=Sender.objects.none(),
        to_field_name="name",
        empty_label=None,
        error_messages={
            "invalid_choice": _("This sender is not enabled. Choose another one."),
            "required": _("Choose a sender."),
        },
    )
    recipients = forms.CharField(
        label=_("Recipients"),
        required=False,
        strip=False,
        help_text=_(
            "One or several numbers in international form (+33… or 0033…), one per line or "
            "separated by commas or semicolons."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "inputmode": "tel"}),
    )
    text = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    not_commercial = forms.BooleanField(
        label=_("This SMS is not commercial"),
        required=False,
        help_text=_(
            "Unticked, the SMS is commercial: it leaves from 8:00 to 20:00, Monday to Saturday, "
            "not on public holidays, by the recipient's clock, and under a sender name it ends "
            "with the STOP clause. By ticking you declare that it advertises nothing; we keep who "
            "declared it, and when."
        ),
    )
    message_class = forms.ChoiceField(
        label=_("Class"),
        choices=MessageClass.choices,
        initial=MessageClass.STANDARD,
        widget=forms.RadioSelect,
    )

    # As one thinks of them: the moment comes last.
    field_order = (
        "key", "replaces", "standing", "sender", "recipients", "text", "not_commercial",
        "message_class", "when", "date", "time", "moment",
    )  # fmt: skip

    def __init__(
        self, data: QueryDict | None = None, *, account: SmsAccount, now: datetime, **options: Any
    ) -> None:
        """Offer what this account may choose from at this moment."""
        super().__init__(data, account=account, now=now, **options)
        # What this form made before with other words, and what it can no longer change.
        self.earlier: Revision | None = None
        self.unchanged: Revision | None = None
        self._offer_senders(review.choosable(account=account, now=now))

    def _offer_senders(self, choosable: "QuerySet[Sender]") -> None:
        """Offer senders read once: the field itself would ask for them three times a page."""
        senders = list(choosable)
        self.has_sender = bool(senders)
        self._kinds = {sender.name: sender.kind for sender in senders}
        field = self.fields["sender"]
        field.queryset = choosable  # type: ignore[attr-defined]
        field.choices = [(sender.name, sender.label) for sender in senders]  # type: ignore[attr-defined]
        chosen = [sender.name for sender in senders if sender.is_default]
        field.initial = next(iter([*chosen, *self._kinds]), None)
        if SenderKind.SHORT in self._kinds.values():
            field.help_text = _(
                "The short number allows a reply for 48 hours. It reaches mobile numbers of "
                "metropolitan France only, and accepts no web address."
            )

    def clean_text(self) -> str:
        """Keep the text as it will be sent: LF, composed letters, nothing trimmed."""
        text = sms.normalise(self.cleaned_data["text"])
        if problem := sms.problem(text):
            raise ValidationError(wording.of_text(problem))
        return text

    def clean_recipients(self) -> tuple[str, ...]:
        """Cut what was typed into numbers; a wrong one on its own is told at once."""
        numbers = tuple(phones.split(self.cleaned_data["recipients"]))
        if not numbers:
            raise ValidationError(wording.of_number("EMPTY"))
        if len(numbers) == 1:
            try:
                phones.parse(numbers[0])
            except phones.InvalidNumber as refusal:
                raise ValidationError(wording.of_number(refusal.reason)) from refusal
        return numbers

    def clean_replaces(self) -> Campaign | None:
        """Find the campaign that is changed, among those of the account."""
        wanted = self.cleaned_data["replaces"]
        found = wanted and overview.latest(account_id=self.account.pk, campaign=wanted)
        if wanted and not found:
            raise ValidationError(_("The campaign to change is not here."))
        return found.campaign if found else None

    def clean(self) -> dict[str, Any]:
        """Say aloud, once, that a hidden field is broken."""
        said = super().clean()
        for name in ("key", "replaces", "standing", "moment"):
            if name in self.errors:
                self.renew_hidden(name, value=str(uuid.uuid4()) if name == "key" else "")
        return said

    def draft(self) -> Draft:
        """Give what was said, once the form is valid."""
        said = self.cleaned_data
        return Draft(
            key=said["key"],
            sender=said["sender"],
            numbers=said["recipients"],
            text=said["text"],
            is_commercial=not said["not_commercial"],
            message_class=said["message_class"],
            due_at=said["due_at"],
            replaces=said["replaces"],
            standing=said["standing"],
        )

    def refuse(self, refusal: campaigns.Refused | InsufficientCredits) -> None:
        """Say what the domain refused; what was meant as a change goes on as an SMS of its own."""
        super().refuse(refusal)
        match refusal:
            case composing.AlreadySent():
                self.earlier = refusal.revision
                self.set("key", str(uuid.uuid4()))
            case campaigns.NoLongerPlanned() | campaigns.NotConfirmable():
                self.unchanged = self.replaced
                self.set("replaces", "")
                self.set("standing", "")

    @property
    def replaced(self) -> Revision | None:
        """The confirmed revision whose place this takes, by what stands in the fields."""
        try:
            campaign = uuid.UUID(text_of(self["replaces"]))
        except ValueError:
            return None
        return overview.standing(account_id=self.account.pk, campaign=campaign)

    def estimate(self) -> Estimate:
        """Estimate what stands in the fields, valid or not."""
        replaced = self.replaced
        returned = replaced.total_hundredths if replaced and replaced.is_changeable else 0
        return estimate(
            account=self.account,
            kind=self._kinds.get(text_of(self["sender"]), SenderKind.ALPHANUMERIC),
            text=text_of(self["text"])[:LONGEST_TEXT],
            typed=phones.split(text_of(self["recipients"])),
            is_commercial=not self["not_commercial"].value(),
            due_at=self.due_so_far,
            returned_hundredths=returned,
            now=self.now,
        )
