"""Upkeep: what senders and leases come to by themselves, with time.

Terms of virtual numbers end, leases are closed and their pairs let go, accounts that came to
France are offered short numbers, missed promises are reported. Safe to run at any moment, twice
and at once.
"""

from datetime import datetime

from senders import lateness, leases, shortnumbers, virtualnumbers

# Groups of leases closed, and let go, in one run: a large campaign's leases end within minutes.
GROUPS = 100


def run(*, now: datetime) -> None:
    """Do all that is due."""
    virtualnumbers.end_terms(now=now)
    for step in (leases.close_ended, leases.let_go):
        for _group in range(GROUPS):
            if step(now=now) < leases.GROUP:
                break
    shortnumbers.offer_missing(now=now)
    lateness.report(now=now)
