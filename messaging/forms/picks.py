"""What was ticked or pressed: campaigns, each with the revision that was on the page."""

import re
import uuid
from collections.abc import Iterable

from django import forms

from messaging.cancelling import MOST, Choice

_PICK = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9][0-9]{0,4})", re.ASCII)


class SeenForm(forms.Form):
    """Which revision was on the page when a button was pressed."""

    revision = forms.IntegerField(min_value=1, max_value=32_767)


def choices(ticked: Iterable[str]) -> list[Choice]:
    """Read the values of ticked boxes, `<campaign>:<revision>`; what is none is left out."""
    found = [_PICK.fullmatch(value) for value in ticked]
    return [(uuid.UUID(m[1]), int(m[2])) for m in found if m][:MOST]
