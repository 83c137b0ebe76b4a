"""How many numbers a second are lent to phones: by one process, and by several that get in each
other's way.

Each scene has its own accounts and phones; batches are as large as a hand-over. `conflicts` are
numbers that were drawn and found to be held. What was made is taken away, and the pool is put back.
"""

import multiprocessing
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Customer, SmsAccount
from messaging.models.delivery import HAND_OVER_SIZE
from senders import bulk, leases, shortnumbers
from senders.bulk import Acceptance
from senders.models import Lease, ShortNumber

PROCESSES = 4
LARGE_POOL, SMALL_POOL = 500, 12
# One process more than this is stuck (seconds).
PATIENCE = 600.0
Counts = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one process lends: an account, its phones, and whether the answers are noted too."""

    account_id: int
    phones: list[str]


def measure(*, count: int) -> dict[str, Any]:
    """Give leases per second and conflicts of each scene."""
    token = secrets.token_hex(4)
    customer = Customer.objects.create(name=f"Benchmark {token}", country="FR")
    accounts = [
        SmsAccount.objects.create(name=f"sms-lease{token}-{n}", customer=customer).pk
        for n in range(PROCESSES)
    ]
    one, *_others = accounts
    figures: dict[str, Any] = {"leases": count}
    try:
        with _pool(LARGE_POOL):
            figures |= _alone("fresh", one, _phones(1, count), work=_lend)
            figures |= _alone("extended", one, _phones(1, count), work=_lend)
            figures |= _alone("accepted", one, _phones(1, count), work=_accept)
            figures |= _crowd("accounts", accounts, _phones(2, count // PROCESSES))
            figures |= _crowd("one_account", [one] * PROCESSES, _phones(3, count // PROCESSES))
        with _pool(SMALL_POOL):
            figures |= _crowd("small_pool", accounts, _phones(4, count // PROCESSES))
        return figures | {"batch": HAND_OVER_SIZE, "processes": PROCESSES}
    finally:
        Lease.objects.filter(account__in=accounts).delete()
        SmsAccount.objects.filter(pk__in=accounts).delete()
        customer.delete()


def _phones(scene: int, count: int) -> list[str]:
    return [f"+336{scene}{n:07d}" for n in range(count)]


def _batches(phones: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(phones), HAND_OVER_SIZE):
        yield phones[start : start + HAND_OVER_SIZE]


def _lend(share: _Share) -> Counts:
    """Lend batch by batch; count what was lent, and the draws that met a held pair."""
    counts = {"lent": 0, "conflicts": 0}
    take = bulk.take

    def counted(**words: Any) -> Mapping[str, str]:
        taken = take(**words)
        counts["conflicts"] += len(words["drawn"]) - len(taken)
        return taken

    bulk.take = counted  # type: ignore[assignment]  # to look on, in a process of its own
    try:
        for batch in _batches(share.phones):
            lent = shortnumbers.lend(account_id=share.account_id, phones=batch, now=timezone.now())
            counts["lent"] += len(lent)
    finally:
        bulk.take = take
    return counts


def _accept(share: _Share) -> Counts:
    now = timezone.now()
    held = Lease.objects.filter(account=share.account_id, is_open=True)
    number = dict(held.values_list("phone", "number"))
    for at, batch in enumerate(_batches(share.phones)):
        leases.accept(
            account_id=share.account_id,
            acceptances=[
                Acceptance(number=number[p], phone=p, message_id=at, accepted_at=now) for p in batch
            ],
        )
    return {"lent": len(share.phones), "conflicts": 0}


def _alone(
    name: str, account_id: int, phones: list[str], *, work: Callable[[_Share], Counts]
) -> dict[str, Any]:
    start = time.monotonic()
    counts = work(_Share(account_id=account_id, phones=phones))
    return _figures(name, [counts], seconds=time.monotonic() - start)


def _crowd(name: str, accounts: list[int], phones: list[str]) -> dict[str, Any]:
    """Let one process per account lend to the same phones at once."""
    connection.close()
    context = multiprocessing.get_context("fork")
    ready, told = context.Barrier(len(accounts) + 1), context.Queue()
    processes = [
        context.Process(
            target=_run_share,
            args=(_Share(account_id=account_id, phones=phones), ready, told),
            daemon=True,
        )
        for account_id in accounts
    ]
    for process in processes:
        process.start()
    ready.wait(PATIENCE)
    start = time.monotonic()
    try:
        counts = [told.get(timeout=PATIENCE) for _process in processes]
    except Empty as exc:
        raise RuntimeError(f"{name}: a process did not come to its end") from exc
    seconds = time.monotonic() - start
    for process in processes:
        process.join(PATIENCE)
    return _figures(name, counts, seconds=seconds)


def _run_share(share: _Share, ready: Any, told: Any) -> None:
    connection.ensure_connection()
    ready.wait(PATIENCE)
    told.put(_lend(share))


def _figures(name: str, counts: list[Counts], *, seconds: float) -> dict[str, Any]:
    lent, conflicts = (sum(c[what] for c in counts) for what in ("lent", "conflicts"))
    return {f"{name}_per_second": lent / seconds, f"{name}_conflicts": conflicts}


@contextmanager
def _pool(size: int) -> Iterator[None]:
    """Let the carrier's pool have so many numbers for a while."""
    active = ShortNumber.objects.filter(is_active=True)
    before = list(active.values_list("number", flat=True))
    known = set(ShortNumber.objects.values_list("number", flat=True))
    ours = [f"{n}" for n in range(99_000, 99_000 + size)]
    shortnumbers.set_pool(numbers=ours, now=timezone.now())
    try:
        yield
    finally:
        ShortNumber.objects.filter(number__in=set(ours) - known).delete()
        ShortNumber.objects.filter(number__in=before).update(is_active=True)
        ShortNumber.objects.exclude(number__in=before).update(is_active=False)
