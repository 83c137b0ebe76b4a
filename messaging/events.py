"""What the log tells of a campaign: an event with ids and figures, once it is committed.

Never a number, a text or a name that somebody typed. What must be kept as evidence goes to
accounts.trail instead; a log line may be lost.
"""

from functools import partial

import structlog
from django.db import transaction

from messaging.models import Revision

log = structlog.stdlib.get_logger(__name__)


def tell(event: str, *, revision: Revision, **figures: int) -> None:
    """Log what became of a revision when the current transaction is committed."""
    transaction.on_commit(
        partial(
            log.info,
            event,
            account=revision.account.name,
            campaign=str(revision.campaign.uuid),
            revision=revision.number,
            **figures,
        )
    )
