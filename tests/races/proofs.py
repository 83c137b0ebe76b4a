"""What must hold after every race, whoever won."""

from collections import Counter

from django.db.models import Sum

from accounts.models import CreditEntry, EntryKind, SmsAccount
from messaging.models import (
    Batch,
    BatchCounter,
    BatchState,
    HandOver,
    HandOverState,
    Message,
    Revision,
    RevisionState,
    Status,
)


def money_adds_up(account: SmsAccount) -> None:
    """Check the balance against the entries, one by one."""
    account.refresh_from_db()
    there = 0
    for entry in CreditEntry.objects.filter(account=account).order_by("pk"):
        there += entry.amount_hundredths
    assert account.balance_hundredths == there >= 0


def entries(revision: Revision) -> list[int]:
    """Give the debits of a revision."""
    found = CreditEntry.objects.filter(
        account=revision.account_id, kind=EntryKind.CAMPAIGN, reference=revision.debit_reference
    )
    return list(found.values_list("amount_hundredths", flat=True))


def counters_are_rows(revision: Revision) -> None:
    """Check the counters of each batch, and its refunds, against its messages."""
    for batch in Batch.objects.filter(revision=revision):
        rows: Counter[int] = Counter()
        refunded = 0
        for status, price in Message.objects.filter(batch=batch).values_list(
            "status", "price_hundredths"
        ):
            rows[status or 0] += 1
            refunded += price if Status(status or 0).is_refunded else 0
        counted = BatchCounter.objects.filter(batch=batch, messages__gt=0)
        totals = counted.values_list("status").annotate(n=Sum("messages")).order_by()
        assert dict(totals) == dict(rows)
        if batch.state == BatchState.CANCELLED:
            refunded = batch.price_hundredths
        assert refunds(batch) == refunded


def refunds(batch: Batch) -> int:
    """Give what was refunded of a batch."""
    found = CreditEntry.objects.filter(
        kind=EntryKind.REFUND, reference__startswith=f"batch:{batch.pk}:"
    )
    return sum(found.values_list("amount_hundredths", flat=True))


def cancelled_cleanly(revision: Revision, *, sent: int) -> None:
    """Check that a revision came to an end, and that what was paid is what was sent."""
    revision.refresh_from_db()
    assert revision.state in (RevisionState.CANCELLED, RevisionState.LEFT)
    open_states = [HandOverState.READY, HandOverState.CLAIMED]
    assert not HandOver.objects.filter(batch__revision=revision, state__in=open_states).exists()
    counters_are_rows(revision)
    paid = -sum(entries(revision)) - sum(map(refunds, Batch.objects.filter(revision=revision)))
    assert paid == sent * (revision.total_hundredths // revision.messages)
