"""Half characters at the door: a lone surrogate is an error beside its field, never a crash.

No browser sends one, but a program can, and it can neither be stored nor written on a page again.
"""

import re
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(data: QueryDict) -> tuple[QueryDict, frozenset[str]]:
    """Give what was sent with half characters replaced, and the names of the fields they were in.

    They cannot be written on a page again, nor stored.
    """
    clean = QueryDict(mutable=True)
    unreadable = set()
    for name, values in data.lists():
        cleaned = [_SURROGATE.sub("\ufffd", value) for value in map(str, values)]
        if cleaned != values:
            unreadable.add(name)
        clean.setlist(_SURROGATE.sub("\ufffd", name), cleaned)
    return clean, frozenset(unreadable)


class ReadableForm(forms.Form):
    """A form that answers half characters with an error beside their field."""

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        """Take what was sent, if anything was."""
        self._unreadable: frozenset[str] = frozenset()
        if data is not None:
            data, self._unreadable = readable(data)
        super().__init__(data, **options)

    def clean(self) -> dict[str, Any]:
        """Refuse what could not be read."""
        for name in self._unreadable & self.fields.keys():
            self.add_error(name, _("There is half a character in it; remove it."))
        return self.cleaned_data
