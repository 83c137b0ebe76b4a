"""What people read about senders: what is wrong with a name or a file, and the columns of the list.

Rules give codes; here are the words, so that none of them stands in a rule.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from senders.documents import Fault
from senders.listing import Line
from senders.models import Outcome, SenderState
from senders.rules import Caution, Caveat, Problem, Told

OF_PROBLEMS: dict[Problem, Promise] = {
    Problem.TOO_SHORT: _("Use at least 3 characters."),
    Problem.TOO_LONG: _("Use at most 11 characters."),
    Problem.BAD_CHARS: _("Use letters without accents, digits, spaces and - . , & + _ only."),
    Problem.HIDDEN_SPACE: _("Take away spaces at the ends and double spaces."),
    Problem.NO_LETTER: _("Use at least one letter."),
    Problem.SHORT_NUMBER: _("Use at least one letter: this looks like a short number."),
    Problem.PHONE_NUMBER: _("Use at least one letter: this looks like a phone number."),
    Problem.TAKEN: _("This account has a sender of this name."),
}
OF_FAULTS: dict[Fault, Promise] = {
    Fault.EMPTY: _("the file is empty."),
    Fault.TOO_LARGE: _("the file is larger than 10 MB."),
    Fault.OTHER_TYPE: _("this is no PDF, JPEG or PNG, whatever its name says."),
    Fault.AMBIGUOUS: _("the file holds something else besides. Save it anew, or scan it."),
    Fault.BROKEN: _("the file cannot be opened. Save it anew, or scan it."),
    Fault.LOCKED: _("the file asks for a password. Save it without one."),
    Fault.TOO_MANY_PIXELS: _("the picture is too large. 50 million pixels are the most."),
    Fault.TOO_MANY_PAGES: _("the file has too many pages. 50 are the most."),
    Fault.TOO_HEAVY: _("the file takes too long to open. Save it anew, or scan it."),
}
OF_CAVEATS: dict[Caveat, Promise] = {
    Caveat.REPLACED: _("The name is replaced by a number, or not delivered:"),
    Caveat.NUMBERS_ONLY: _("Operators let numbers pass only:"),
    Caveat.FILTERED: _("Some operators hold names back:"),
}
HEADS: dict[str, Promise] = {
    "name": _("Sender"),
    "kind": _("Kind"),
    "origin": _("Origin"),
    "description": _("Description"),
    "status": _("Status"),
    "message": _("Message from staff"),
    "promised": _("Answer promised by"),
    "used": _("Last used"),
}
# The choices of the page's form, in the order of the columns; the first is what holds without one.
SORTS: list[tuple[str, Promise]] = [
    ("name", _("Sender: A to Z")),
    ("-name", _("Sender: Z to A")),
    ("kind", _("Kind: A to Z")),
    ("-kind", _("Kind: Z to A")),
    ("origin", _("Origin: A to Z")),
    ("-origin", _("Origin: Z to A")),
    ("description", _("Description: A to Z")),
    ("-description", _("Description: Z to A")),
    ("status", _("Status: A to Z")),
    ("-status", _("Status: Z to A")),
    ("message", _("Message from staff: A to Z")),
    ("-message", _("Message from staff: Z to A")),
    ("promised", _("Answer promised by: soonest first")),
    ("-promised", _("Answer promised by: latest first")),
    ("-used", _("Last used: newest first")),
    ("used", _("Last used: oldest first")),
]


def of_told(told: Told) -> list[str]:
    """Word what somebody should know of a name that may be asked for."""
    words = []
    if Caution.RESEMBLES in told.cautions:
        name = told.resembled[0]
        words.append(
            gettext("It resembles “%(name)s”: staff will ask for proof that it is yours.")
            % {"name": name}
        )
    if Caution.SPACE in told.cautions:
        words.append(gettext("With a space in it, Australia (Telstra) reports no delivery."))
    if Caution.PUNCTUATION in told.cautions:
        words.append(gettext("Some phones do not show punctuation."))
    return words


def of_state(line: Line) -> str:
    """Word where a sender stands."""
    if line.needs_more:
        return str(Outcome.MORE_NEEDED.label)
    return str(SenderState(line.sender.state).label)


def of_message(line: Line) -> str:
    """Word what staff had to say last, if it still matters."""
    if line.withdrawn_because:
        return line.withdrawn_because
    decision = line.decision
    if decision is None or line.sender.state != SenderState.REFUSED:
        return ""
    label, text = decision.get_reason_display(), decision.text
    return gettext("%(reason)s: %(words)s") % {"reason": label, "words": text} if text else label
