"""The messages of a list in words, ready for the cells of their rows.

A list shows fifty rows of a dozen cells. Asking a template to walk from each message to its batch,
its campaign and its sender takes longer than reading them, so the walk is done here, once a row.
"""

from collections.abc import Iterable, Iterator

from django import template

from accounts import phones
from accounts.templatetags.credits import localised
from accounts.templatetags.moments import iso, stamp
from accounts.templatetags.pieces import badge, excerpt
from messaging.history import Line

register = template.Library()

SHOWN = 60


@register.filter
def worded(lines: Iterable[Line]) -> Iterator[dict[str, str]]:
    """Give the words of each line of the history by the name of their cell."""
    for line in lines:
        departed_at, text, revision = line.batch.departed_at, line.text, line.batch.revision
        assert departed_at is not None  # noqa: S101 (only what departed is in the history)
        yield {
            # Where its page lies below the history; to ask for each address takes as long as a row.
            "path": f"{revision.campaign.uuid}/{revision.number}/{line.position}/",
            "iso": iso(departed_at),
            "moment": stamp(departed_at),
            "phone": phones.display(line.message.recipient),
            "operator": line.message.operator or "–",
            "sender": revision.sender.short_label,
            "text": text,
            "excerpt": excerpt(text, SHOWN),
            "badge": badge(line.status.shown.label, line.status.tone),
            "reason": str(line.status.reason),
            "parts": str(line.message.parts),
            "price": localised(line.message.price_hundredths),
        }
