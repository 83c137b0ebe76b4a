"""The forms of staff about users and accounts: their shape and their wording."""

import uuid

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import credits as amounts
from accounts import gifts, trail
from accounts.models import User
from accounts.templatetags.credits import in_credits

REASON_LENGTH = 250


class AmountField(forms.CharField):
    """Credits as people write them; gives whole hundredths."""

    default_error_messages = {
        "amount": _("Write an amount with at most two decimals, for example 500 or 12.5."),
    }

    def clean(self, value: object) -> int:
        """Read the amount."""
        try:
            return amounts.parse(super().clean(value))
        except amounts.InvalidAmount as exc:
            raise ValidationError(self.error_messages["amount"], code="amount") from exc


class GiftForm(forms.Form):
    """Credits for an account; the token makes posting it twice harmless."""

    amount = AmountField(label=_("Credits"), max_length=20)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        help_text=_("The customer reads it in the statement of the account."),
    )
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_amount(self) -> int:
        """Refuse nothing, and what is likelier a slip of the finger."""
        amount = int(self.cleaned_data["amount"])
        if not 0 < amount <= gifts.LARGEST_HUNDREDTHS:
            raise ValidationError(
                _("Give more than 0 and at most %(largest)s."),
                code="range",
                params={"largest": in_credits(gifts.LARGEST_HUNDREDTHS)},
            )
        return amount


class ReasonForm(forms.Form):
    """Why staff do something; the words may end up in the audit trail."""

    reason = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH)

    def clean_reason(self) -> str:
        """Keep phone numbers out of the trail."""
        reason = str(self.cleaned_data["reason"])
        if trail.holds_number(reason):
            raise ValidationError(_("Leave phone numbers out of the reason."), code="number")
        return reason


def _lower(email: str) -> str:
    return User.objects.normalize_email(email).lower()


class UserAddForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """A new user, known by the e-mail address."""

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name"]

    def clean_email(self) -> str:
        """Keep the address in lower case, because people type it in any."""
        return _lower(self.cleaned_data["email"])


class UserEditForm(UserChangeForm):  # type: ignore[type-arg]  # not generic at run time
    """A known user."""

    def clean_email(self) -> str:
        """Keep the address in lower case, because people type it in any."""
        return _lower(self.cleaned_data["email"])
