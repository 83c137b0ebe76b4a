"""The pool of short numbers: asked from the carrier, kept by `senders`.

A call that fails changes nothing: what was known last is lent further.
"""

from datetime import datetime

import structlog

from messaging.carrier import base
from senders import shortnumbers

log = structlog.stdlib.get_logger(__name__)

# Nobody waits for it; another try follows.
CALL_LIMIT = 10.0


def refresh(*, carrier: base.Carrier, now: datetime) -> None:
    """Ask the carrier for its short numbers and keep them."""
    try:
        numbers = carrier.numbers(deadline=CALL_LIMIT)
    except base.CarrierError as exc:
        log.warning("pool.unanswered", error=type(exc).__name__)
        return
    shortnumbers.set_pool(numbers=numbers, now=now)
