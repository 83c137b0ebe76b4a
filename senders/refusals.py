"""The words for why a request cannot be decided, for whoever tried."""

from django.utils.translation import gettext as _

from senders import deciding, review
from senders.models import SenderRequest, SenderState

Refusal = deciding.NotDecidable | review.WrongState


def of(refusal: Refusal, *, request: SenderRequest) -> str:
    """Say what stood in the way, and what somebody else did."""
    name = request.sender.name
    match refusal:
        case deciding.OwnRequest():
            words = _("%(sender)s: you belong to this customer, so somebody else decides.")
        case deciding.HeldByOther(by=by):
            words = _("%(sender)s: %(person)s works on it at the moment.")
            return words % {"sender": name, "person": by}
        case deciding.NoLongerOpen(decision=None):
            words = _("%(sender)s: its owner took the request back.")
        case deciding.NoLongerOpen(decision=decision) if decision:
            words = _("%(sender)s: %(person)s decided first: %(outcome)s.")
            person = decision.by or _("the platform")
            outcome = decision.get_outcome_display()
            return words % {"sender": name, "person": person, "outcome": outcome}
        case review.WrongState(state=state):
            words = _("%(sender)s was left as it is: %(state)s.")
            return words % {"sender": name, "state": SenderState(state).label}
    return words % {"sender": name}
