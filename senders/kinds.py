"""What each kind of sender allows: to whom, with which texts, for which customers.

The short number and virtual numbers can be answered, which is why they need no STOP clause. Both
belong to customers established in France; the short number does not leave its metropolis, and the
operators let no address of a website pass under it.
"""

from accounts.models import Customer
from accounts.phones import FRENCH_PLAN, Phone
from senders.models import SenderKind

FRANCE = "FR"
# The kinds that a recipient can answer.
ANSWERABLE = frozenset({SenderKind.SHORT, SenderKind.VIRTUAL})


def offered_to(customer: Customer) -> frozenset[SenderKind]:
    """Give the kinds of senders that a customer may use."""
    if customer.country == FRANCE:
        return frozenset(SenderKind)
    return frozenset(SenderKind) - ANSWERABLE


def ends_with_clause(kind: str) -> bool:
    """Tell whether a commercial text under such a sender must say how to opt out."""
    return kind not in ANSWERABLE


def lets_links_pass(kind: str) -> bool:
    """Tell whether a text under such a sender may hold the address of a website."""
    return kind != SenderKind.SHORT


def reaches(kind: str, phone: Phone) -> bool:
    """Tell whether a message under such a sender may go to a phone."""
    if kind == SenderKind.SHORT:
        return phone.is_metropolitan_mobile
    return kind != SenderKind.VIRTUAL or phone.country in FRENCH_PLAN
