"""What people read about replies: the columns of their table, and how each sorts."""

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from replies.models import Reply

HEADS: dict[str, Promise] = {
    "received": pgettext_lazy("moment", "Received"),
    "from": _("From"),
    "to": _("To"),
    "text": _("Text"),
    "answers": _("In reply to"),
    "credits": _("Credits"),
    "status": _("Status"),
}
# The choices of the page's form, in the order of the columns; the first is what holds without one.
SORTS: list[tuple[str, Promise]] = [
    ("-received", _("Received: newest first")),
    ("received", _("Received: oldest first")),
    ("from", _("From: lowest number first")),
    ("-from", _("From: highest number first")),
    ("to", _("To: lowest number first")),
    ("-to", _("To: highest number first")),
    ("text", _("Text: A to Z")),
    ("-text", _("Text: Z to A")),
    ("-answers", _("In reply to: newest SMS first")),
    ("answers", _("In reply to: oldest SMS first")),
    ("-credits", _("Credits: most first")),
    ("credits", _("Credits: fewest first")),
    ("status", _("Status: locked first")),
    ("-status", _("Status: STOP first")),
]


def of_state(reply: Reply) -> str:
    """Word where a reply stands, for its customer."""
    if reply.is_locked:
        return gettext("Locked: top up to read")
    return reply.get_state_display()
