"""What workers do: read the clock, make one domain call with an id. The rules are elsewhere.

Every task may run twice, and twice at once. None carries a number or a text.
"""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from messaging import closing, delivery, doorbell, losses, pool, quote, receipts, recovery, silence
from messaging import sweep as sweeping
from messaging.carrier.base import Carrier
from messaging.carrier.http import HttpCarrier

# Groups of receipts applied by one task before it makes room for others: some 0.2 seconds, which a
# single SMS may have to wait.
GROUPS_AT_ONCE = 5


def carrier() -> Carrier:
    """Give the carrier that the settings name."""
    return HttpCarrier(url=settings.CARRIER_URL, token=settings.CARRIER_TOKEN)


@shared_task
def load(revision_id: int) -> None:
    """Quote a revision to its end."""
    quote.load_by_id(revision_id=revision_id, clock=timezone.now)


@shared_task
def leave(batch_id: int) -> None:
    """Let a due batch leave, and what is due with it."""
    delivery.leave_with_others(batch_id=batch_id, clock=timezone.now)


@shared_task
def hand_over(hand_over_id: int) -> None:
    """Give a hand-over to the carrier."""
    delivery.hand_over(hand_over_id=hand_over_id, carrier=carrier(), clock=timezone.now)


@shared_task
def deliver(account_id: int) -> None:
    """Give what of an account waits to the carrier, for a while."""
    delivery.deliver(account_id=account_id, carrier=carrier(), clock=timezone.now)


@shared_task
def recover(hand_over_id: int) -> None:
    """Ask the carrier about a hand-over whose lease ended."""
    recovery.recover(hand_over_id=hand_over_id, carrier=carrier(), clock=timezone.now)


@shared_task
def expire(hand_over_id: int) -> None:
    """Give up a hand-over whose validity is over."""
    recovery.expire(hand_over_id=hand_over_id, clock=timezone.now)


@shared_task
def sweep() -> None:
    """Ring for all that is due."""
    sweeping.run(now=timezone.now())


@shared_task
def apply_receipts() -> None:
    """Apply what the inbox holds, and wake another to help when it is much."""
    if receipts.are_many():
        doorbell.ring_task(task="messaging.tasks.help_to_apply_receipts", queue="receipts")
    if _apply_groups():
        # Who stores a push wakes nobody as long as older ones wait.
        doorbell.ring_task(task="messaging.tasks.apply_receipts", queue="receipts")


@shared_task
def help_to_apply_receipts() -> None:
    """Apply what the inbox holds beside somebody else, who sees to it that nothing is left."""
    _apply_groups()


def _apply_groups() -> bool:
    """Apply groups for a while; false once none is left."""
    return all(receipts.apply_group(now=timezone.now()) for _group in range(GROUPS_AT_ONCE))


@shared_task
def refresh_pool() -> None:
    """Ask the carrier for its short numbers."""
    pool.refresh(carrier=carrier(), now=timezone.now())


@shared_task
def finish_batches() -> None:
    """Finish batches that are through, but whose last worker died."""
    closing.finish_forgotten(most=200)


@shared_task
def tidy() -> None:
    """Close quiet batches and drop stale quotes."""
    now = timezone.now()
    silence.close_quiet_batches(now=now, most=200)
    quote.expire(now=now)


@shared_task
def tell_losses() -> None:
    """Owe e-mails about senders that are lost to what was planned."""
    losses.tell(now=timezone.now())
