"""The tables of messaging, by topic.

campaigns: what was written and decided. sources: to whom, frozen. delivery: batches, hand-overs,
messages, counters. inbox: what the carrier tells us. pauses: when it wants nothing. pulse: the
sweep's sign of life. The way of a message: docs/architecture.md.
"""

from messaging.models.campaigns import Campaign, MessageClass, Revision, RevisionState
from messaging.models.delivery import (
    Batch,
    BatchCounter,
    BatchState,
    HandOver,
    HandOverState,
    IdBlock,
    Message,
    Status,
)
from messaging.models.inbox import Receipt, ReceiptOutcome, ReceiptPush
from messaging.models.pauses import CarrierPause
from messaging.models.pulse import Heartbeat
from messaging.models.sources import (
    OptOut,
    OptOutCause,
    RecipientSource,
    RefusedRow,
    SourceChunk,
    SourceKind,
)

__all__ = [
    "Batch",
    "BatchCounter",
    "BatchState",
    "Campaign",
    "CarrierPause",
    "HandOver",
    "HandOverState",
    "Heartbeat",
    "IdBlock",
    "Message",
    "MessageClass",
    "OptOut",
    "OptOutCause",
    "Receipt",
    "ReceiptOutcome",
    "ReceiptPush",
    "RecipientSource",
    "RefusedRow",
    "Revision",
    "RevisionState",
    "SourceChunk",
    "SourceKind",
    "Status",
]
