"""What replies cost: charged once when they are opened, kept locked while the credit is missing.

A reply and its debit are one transaction. Locked ones are opened when credit arrives, oldest first,
up to the first that does not fit; a sweep looks for accounts that have both. Two that open the same
reply wait for each other at its row, and the second finds it open.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts import ledger, retrying
from accounts.credits import HUNDREDTHS
from accounts.models import EntryKind, SmsAccount
from replies.models import EXCERPT_LENGTH, Reply, ReplyState

log = structlog.stdlib.get_logger(__name__)

# One part of a reply costs one credit; a reply at least one.
PART_HUNDREDTHS = HUNDREDTHS
# Opened in one transaction, so that nobody waits long for the account.
GROUP = 100


def price_of(*, parts: int) -> int:
    """Give the price of a reply, in hundredths."""
    return max(parts, 1) * PART_HUNDREDTHS


def excerpt_of(text: str) -> str:
    """Give what lists show of a text that may be read."""
    return " ".join(text[: 4 * EXCERPT_LENGTH].split())[:EXCERPT_LENGTH]


def pay(*, reply: Reply, account_id: int, price_hundredths: int, now: datetime) -> bool:
    """Debit a reply; false if the balance does not suffice. Part of the caller's transaction."""
    try:
        ledger.debit(
            account_id=account_id,
            amount_hundredths=price_hundredths,
            kind=EntryKind.REPLY,
            reference=reply.debit_reference,
            actor=None,
            now=now,
        )
    except ledger.InsufficientCredits:
        return False
    return True


def open_locked(*, account_id: int, now: datetime) -> int:
    """Open what the balance allows, oldest first, up to GROUP; give how many were opened.

    Part of the caller's transaction.
    """
    locked = (
        Reply.objects.select_for_update(no_key=True)
        .filter(account_id=account_id, state=ReplyState.LOCKED)
        .order_by("received_at", "pk")
    )
    opened = 0
    for reply in locked[:GROUP]:
        price = reply.price_hundredths
        if not pay(reply=reply, account_id=account_id, price_hundredths=price, now=now):
            break
        opened += Reply.objects.filter(pk=reply.pk, state=ReplyState.LOCKED).update(
            state=ReplyState.OPEN, opened_at=now, excerpt=excerpt_of(reply.text)
        )
    return opened


def open_affordable(*, now: datetime) -> int:
    """Open the locked replies of all accounts that have credit; give how many were opened."""
    locked = Reply.objects.filter(account_id=OuterRef("pk"), state=ReplyState.LOCKED)
    accounts = SmsAccount.objects.filter(Exists(locked), balance_hundredths__gt=0)
    return sum(
        _open_all(account_id=pk, now=now)
        for pk in list(accounts.order_by("pk").values_list("pk", flat=True))
    )


def _open_all(*, account_id: int, now: datetime) -> int:
    total = 0
    while (opened := _open_group(account_id=account_id, now=now)) == GROUP:
        total += opened
    total += opened
    if total:
        log.info("replies.opened", account_id=account_id, opened=total)
    return total


@retrying.on_deadlock
def _open_group(*, account_id: int, now: datetime) -> int:
    with transaction.atomic():
        return open_locked(account_id=account_id, now=now)
