"""What people read about replies: the columns of their table, and how each sorts."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from replies.models import Reply

HEADS: dict[str, Promise] = {
    "received": _("Received"),
    "from": _("From"),
    "to": _("To"),
    "text": _("Text"),
    "answers": _("In answer to"),
    "credits": _("Credits"),
    "status": _("Status"),
}
# How a column is sorted, from its least and from its greatest.
WAYS: dict[str, tuple[Promise, Promise]] = {
    "received": (_("oldest first"), _("newest first")),
    "from": (_("ascending"), _("descending")),
    "to": (_("ascending"), _("descending")),
    "text": (_("A to Z"), _("Z to A")),
    "answers": (_("oldest message first"), _("newest message first")),
    "credits": (_("cheapest first"), _("dearest first")),
    "status": (_("ascending"), _("descending")),
}
# The choices of the page's form, in the order of the columns; the first is what holds without one.
SORTS = [
    (sign + name, format_lazy("{column}: {way}", column=HEADS[name], way=way))
    for name in HEADS
    for sign, way in (("-", WAYS[name][1]), ("", WAYS[name][0]))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column: what a press on it sorts by, and how it is sorted now ("" = not)."""

    name: str
    words: Promise
    next_sort: str
    sorted: str


def columns(*, sort: str) -> list[Column]:
    """Give the heads of the table; the first press on most sorts upwards, a second one back."""
    chosen, falls = sort.removeprefix("-"), sort.startswith("-")
    return [
        Column(
            name=name,
            words=words,
            next_sort=name if (falls if name == chosen else name != "received") else f"-{name}",
            sorted=("descending" if falls else "ascending") if name == chosen else "",
        )
        for name, words in HEADS.items()
    ]


def of_state(reply: Reply) -> str:
    """Word where a reply stands, for its customer."""
    if reply.is_locked:
        return gettext("Locked: top up to read")
    return reply.get_state_display()
