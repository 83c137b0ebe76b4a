"""The few things that PostgreSQL and SQLite say differently, for the checks' SQL.

Each word stands in braces in a check. `r` is a revision, `c` its campaign, `e` a credit entry and
`h` a hand-over wherever a word speaks of them.
"""

from django.conf import settings

from messaging import campaigns, lifeline
from messaging.models import RevisionState, Status

# A claim reads senders, suspensions, opt-outs and cancellations as they are committed, while
# whoever changes them reads the clock first and commits a little later: so long may a change seem
# to be older than a claim that could not see it yet.
TOLERANCE_SECONDS = 2

_CONFIRMED = (*campaigns.CONFIRMED, RevisionState.REPLACED)

_COMMON = {
    # States of a revision that was charged.
    "confirmed": ", ".join(f"'{state}'" for state in _CONFIRMED),
    # From this status on the price of a message was given back.
    "refunded": str(int(min(s for s in Status if s.is_refunded))),
    "skipped": str(int(Status.SKIPPED)),
    # Messages that no number was used for.
    "never_sent": ", ".join(str(int(status)) for status in lifeline.NEVER_SENT),
    "stop_number": settings.STOP_NUMBER,
}

_POSTGRESQL = {
    "debit_reference": "('campaign:' || CAST(c.uuid AS text) || ':' || r.number)",
    "claimed_earlier": f"(h.claimed_at - INTERVAL '{TOLERANCE_SECONDS} seconds')",
    "claimed_later": f"(h.claimed_at + INTERVAL '{TOLERANCE_SECONDS} seconds')",
    "_batch": "CASE WHEN e.reference ~ '^batch:[0-9]{1,18}:[0-9]{1,9}$' "
    "THEN CAST(split_part(e.reference, ':', 2) AS bigint) END",
    "_number": "CASE WHEN e.reference ~ '^batch:[0-9]{1,18}:[0-9]{1,9}$' "
    "THEN CAST(split_part(e.reference, ':', 3) AS bigint) END",
}

# SQLite keeps a UUID as 32 digits and a moment as text; a cast reads the digits in front.
_DASHED = " || '-' || ".join(
    f"substr(c.uuid, {first}, {length})"
    for first, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
_SQLITE = {
    "debit_reference": f"('campaign:' || {_DASHED} || ':' || r.number)",
    "claimed_earlier": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', h.claimed_at, "
    f"'-{TOLERANCE_SECONDS} seconds')",
    "claimed_later": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', h.claimed_at, "
    f"'+{TOLERANCE_SECONDS} seconds')",
    "_batch": "CASE WHEN e.reference GLOB 'batch:[0-9]*:[0-9]*' "
    "THEN CAST(substr(e.reference, 7) AS integer) END",
    "_number": "CASE WHEN e.reference GLOB 'batch:[0-9]*:[0-9]*' "
    "THEN CAST(substr(e.reference, 7 + instr(substr(e.reference, 7), ':')) AS integer) END",
}


def words(*, vendor: str) -> dict[str, str]:
    """Give what stands for each brace on this database."""
    own = _POSTGRESQL if vendor == "postgresql" else _SQLITE
    # Refunds with the batch and the number that their reference names, or null.
    refunds = (
        f"(SELECT e.id, e.account_id, e.amount_hundredths, {own['_batch']} AS batch_id, "  # noqa: S608 (constants)
        f"{own['_number']} AS number FROM accounts_creditentry e WHERE e.kind = 'refund')"
    )
    return {**_COMMON, **own, "refunds": refunds}
