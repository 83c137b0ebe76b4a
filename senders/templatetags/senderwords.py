"""Filters that word senders for the people who own them."""

from django import template
from django.utils.translation import gettext as _

from accounts import phones
from senders import wording
from senders.listing import Line
from senders.models import Sender, SenderKind

register = template.Library()


@register.filter
def short_label(sender: Sender) -> str:
    """Give the name alone, where its kind stands beside it."""
    if sender.kind == SenderKind.SHORT:
        return _("Short number")
    return phones.display(sender.name) if sender.kind == SenderKind.VIRTUAL else sender.name


@register.filter
def state_words(line: Line) -> str:
    """Say where a sender stands."""
    return wording.of_state(line)


@register.filter
def message_of_staff(line: Line) -> str:
    """Say what staff had to say, "" if nothing."""
    return wording.of_message(line)
