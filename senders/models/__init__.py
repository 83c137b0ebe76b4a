"""The tables of senders, by topic.

senders: what an account sends under, and when it was valid. requests: what staff are asked and
what they decided, with documents. identities: whose names are known. notices: e-mails owed.
leases: numbers lent.
"""

from senders.models.identities import (
    IdentityKind,
    ProtectedKind,
    ProtectedName,
    VerifiedIdentity,
)
from senders.models.leases import Lease, LeaseKind, ShortNumber
from senders.models.notices import NoticeKind, SenderNotice
from senders.models.requests import (
    ContentType,
    Decision,
    DecisionReason,
    Origin,
    Outcome,
    SenderDocument,
    SenderRequest,
)
from senders.models.senders import (
    SHORT_NAME,
    Sender,
    SenderKind,
    SenderState,
    SenderValidity,
    VirtualNumber,
)

__all__ = [
    "SHORT_NAME",
    "ContentType",
    "Decision",
    "DecisionReason",
    "IdentityKind",
    "Lease",
    "LeaseKind",
    "NoticeKind",
    "Origin",
    "Outcome",
    "ProtectedKind",
    "ProtectedName",
    "Sender",
    "SenderDocument",
    "SenderKind",
    "SenderNotice",
    "SenderRequest",
    "SenderState",
    "SenderValidity",
    "ShortNumber",
    "VerifiedIdentity",
    "VirtualNumber",
]
