"""The compose form: everything one says to send an SMS.

Rules of the domain stay where they are: the form finds out what was said and words what the domain
refuses, beside the field it is about. Nothing typed is lost.
"""

import uuid
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_time
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import phones
from accounts.ledger import InsufficientCredits
from accounts.models import SmsAccount
from messaging import calendar, campaigns, composing, overview, sms, wording
from messaging.composing import Draft
from messaging.estimate import Estimate, estimate
from messaging.forms.readable import ReadableForm
from messaging.models import Campaign, MessageClass, Revision
from senders import review
from senders.models import Sender, SenderKind

# Beyond any SMS (255 parts are 39,015 characters) and well below what would keep a page busy.
LONGEST_TEXT = 100_000


class When(models.TextChoices):
    """Whether it leaves at once or at a moment."""

    NOW = "now", pgettext_lazy("when", "Now")
    LATER = "later", pgettext_lazy("when", "Later")


class ComposeForm(ReadableForm):
    """Everything one says to send an SMS."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)
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
    when = forms.ChoiceField(
        label=_("When"),
        choices=When.choices,
        initial=When.NOW,
        widget=forms.RadioSelect,
    )
    date = forms.DateField(
        label=_("Date"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    time = forms.TimeField(
        label=_("Time"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    # One of the moments offered when the clocks change at the typed time.
    moment = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        account: SmsAccount,
        now: datetime,
        **options: Any,
    ) -> None:
        """Offer what this account may choose from at this moment."""
        super().__init__(data, **options)
        self.account, self.now = account, now
        days = {"min": localdate(now), "max": localdate(now + campaigns.HORIZON)}
        self.fields["date"].widget.attrs |= {name: str(day) for name, day in days.items()}
        self.offered: tuple[calendar.Candidate, ...] = ()
        self.earlier: Revision | None = None
        self._offer_senders(review.choosable(account=account, now=now))

    def _offer_senders(self, choosable: "QuerySet[Sender]") -> None:
        """Offer senders read once: the field itself would ask for them three times a page."""
        senders = list(choosable)
        self.has_sender = bool(senders)
        self._kinds = {sender.name: sender.kind for sender in senders}
        field = self.fields["sender"]
        field.queryset = choosable  # type: ignore[attr-defined]
        field.choices = [(sender.name, sender.label) for sender in senders]  # type: ignore[attr-defined]
        field.initial = next(iter(self._kinds), None)
        if SenderKind.SHORT in self._kinds.values():
            field.help_text = _(
                "The short number can be answered for 48 hours. It reaches mobile numbers of "
                "metropolitan France only, and lets no address of a website pass."
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
        """Find the campaign whose open quote is edited, among those of the account."""
        wanted = self.cleaned_data["replaces"]
        found = wanted and overview.latest(account_id=self.account.pk, campaign=wanted)
        if wanted and not found:
            raise ValidationError(_("The campaign to change is not here."))
        return found.campaign if found else None

    def clean(self) -> dict[str, Any]:
        """Find the moment to leave; both fields of it are needed for later."""
        said = super().clean()
        said["due_at"] = None
        if said.get("when") == When.LATER:
            for name in ("date", "time"):
                if name not in self.errors and not said.get(name):
                    self.add_error(name, _("Choose when it should leave."))
            if said.get("date") and said.get("time"):
                said["due_at"] = self._read_moment(said)
        for name in ("key", "replaces", "moment"):
            if name in self.errors:
                self._renew_hidden(name)
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
        )

    def refuse(self, refusal: campaigns.Refused | InsufficientCredits) -> None:
        """Say what the domain refused, beside the field it is about."""
        self.add_error(wording.field_of(refusal), wording.of_refusal(refusal))
        if isinstance(refusal, composing.AlreadySent):
            self.earlier = refusal.revision
            self._set("key", str(uuid.uuid4()))
        if isinstance(refusal, campaigns.NotConfirmable):
            self._set("replaces", "")

    def estimate(self) -> Estimate:
        """Estimate what stands in the fields, valid or not."""
        return estimate(
            account=self.account,
            kind=self._kinds.get(_text(self["sender"]), SenderKind.ALPHANUMERIC),
            text=str(self["text"].value() or "")[:LONGEST_TEXT],
            typed=phones.split(str(self["recipients"].value() or "")),
            is_commercial=not self["not_commercial"].value(),
            due_at=self.due_so_far,
            now=self.now,
        )

    @property
    def is_undated(self) -> bool:
        """Whether it shall leave later, and when is not said yet."""
        return self["when"].value() == When.LATER and self.due_so_far is None

    @property
    def due_so_far(self) -> datetime | None:
        """The moment that stands in the fields, valid or not."""
        if self["when"].value() != When.LATER:
            return None
        try:
            day, clock = parse_date(_text(self["date"])), parse_time(_text(self["time"]))
            if day is None or clock is None:
                return None
            return _moment(day, clock, zone=self.account.time_zone, chosen=_text(self["moment"]))
        except ValueError:
            return None

    def _read_moment(self, said: dict[str, Any]) -> datetime | None:
        zone, chosen = self.account.time_zone, str(said.get("moment", ""))
        try:
            moment = _moment(said["date"], said["time"], zone=zone, chosen=chosen)
            campaigns.check_moment(moment, now=self.now)
            return moment
        except campaigns.Refused as refusal:
            self.refuse(refusal)
        except calendar.AmbiguousTime as change:
            self.offered = change.candidates
            self.add_error("time", _("The clocks go back: this time comes twice. Choose which."))
        except calendar.NonexistentTime as change:
            self.offered = change.candidates
            self.add_error(
                "time", _("The clocks go forward: this time does not exist. Choose another.")
            )
        except ValueError:
            self.add_error("date", wording.of_refusal(campaigns.TooFarAhead()))
        return None

    def _renew_hidden(self, name: str) -> None:
        """A hidden field that is broken is said aloud once and made anew."""
        del self.errors[name]
        self._set(name, str(uuid.uuid4()) if name == "key" else "")
        self.add_error(None, _("The form was damaged on its way. Please check it and send again."))

    def _set(self, name: str, value: str) -> None:
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[name] = value
        self.data = data


def _text(field: forms.BoundField) -> str:
    return str(field.value() or "")


def _moment(day: date, clock: time, *, zone: str, chosen: str) -> datetime:
    """Give the moment of a local time. Raises what calendar.to_utc does unless one is chosen."""
    try:
        return calendar.to_utc(
            local=datetime.combine(day, clock),
            zone=zone,
        )
    except calendar.ClockChange as change:
        for candidate in change.candidates:
            if candidate.utc.isoformat() == chosen:
                return candidate.utc
        raise
