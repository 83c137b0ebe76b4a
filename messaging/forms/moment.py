"""The moment at which something leaves: now, or later at a date and a time in the account's zone.

The compose form begins with it, and what is planned gets another one through it alone. The two
hours at which the clocks change are explained, and the nearest moments offered.
"""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_time
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.ledger import InsufficientCredits
from accounts.models import SmsAccount
from accounts.readable import ReadableForm
from messaging import calendar, campaigns, wording


class When(models.TextChoices):
    """Whether it leaves at once or at a moment."""

    NOW = "now", pgettext_lazy("when", "Now")
    LATER = "later", pgettext_lazy("when", "Later")


class MomentForm(ReadableForm):
    """When something leaves; `due_at` among the cleaned data, None for at once."""

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
        self, data: QueryDict | None = None, *, account: SmsAccount, now: datetime, **options: Any
    ) -> None:
        """Offer the days that may be chosen at this moment."""
        super().__init__(data, **options)
        self.account, self.now = account, now
        days = {"min": localdate(now), "max": localdate(now + campaigns.HORIZON)}
        self.fields["date"].widget.attrs |= {name: str(day) for name, day in days.items()}
        self.offered: tuple[calendar.Candidate, ...] = ()

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
        return said

    def refuse(self, refusal: campaigns.Refused | InsufficientCredits) -> None:
        """Say what the domain refused, beside the field it is about."""
        field = wording.field_of(refusal)
        self.add_error(field if field in self.fields else None, wording.of_refusal(refusal))

    def renew_hidden(self, name: str, *, value: str) -> None:
        """Say aloud, once, that a hidden field is broken, and make it anew."""
        del self.errors[name]
        self.set(name, value)
        self.add_error(None, _("The form was damaged on its way. Please check it and send again."))

    def set(self, name: str, value: str) -> None:
        """Let a field be shown with another value than was sent."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[name] = value
        self.data = data

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
            day, clock = parse_date(text_of(self["date"])), parse_time(text_of(self["time"]))
            if day is None or clock is None:
                return None
            chosen = text_of(self["moment"])
            return _moment(day, clock, zone=self.account.time_zone, chosen=chosen)
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


class MoveForm(MomentForm):
    """Another moment for something planned."""

    # What was on the page: the number of the revision, and when it was due ("" = at once).
    revision = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_seen(self) -> datetime | None:
        """Read the moment that was on the page."""
        given = self.cleaned_data["seen"]
        try:
            found = datetime.fromisoformat(given) if given else None
        except ValueError:
            raise ValidationError("") from None
        if found is not None and found.utcoffset() is None:
            raise ValidationError("")
        return found

    def clean(self) -> dict[str, Any]:
        """Say aloud, once, that a hidden field is broken."""
        said = super().clean()
        for name in ("revision", "seen", "moment"):
            if name in self.errors:
                self.renew_hidden(name, value="")
        return said


def initial_of(moment: datetime | None) -> dict[str, object]:
    """Fill in the fields of a moment; None leaves them at now."""
    if moment is None:
        return {}
    local = localtime(moment)
    return {
        "when": When.LATER,
        "date": local.date(),
        "time": local.time(),
        # Tells which of two equal times is meant.
        "moment": moment.isoformat(),
    }


def text_of(field: forms.BoundField) -> str:
    """Give what stands in a field."""
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
