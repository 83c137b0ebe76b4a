"""What comes in: stored first, judged in groups, and what follows from each verdict.

A reply belongs to the lease of the number it was sent to and the phone it came from, also when it
is late. In time, it is recorded and charged once. STOP is honoured whatever the balance and however
late, and never charged. Everything else is refused with a reason for staff, and nothing follows.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from django.db import transaction

from accounts import retrying
from accounts.models import SmsAccount
from messaging import sms, threads
from messaging.carrier import base
from messaging.models import OptOutCause
from messaging.recipients import optout
from replies import charging, judging
from replies.judging import InTime, Refused, Stopped, Verdict, Wait
from replies.models import Reply, ReplyState
from senders.models import Lease

log = structlog.stdlib.get_logger(__name__)

GROUP = 100


@retrying.on_deadlock
def store(*, replies: Iterable[base.Reply], now: datetime) -> None:
    """Put replies into the inbox; one that is there already is left alone.

    Sorted: two that store the same ones wait for each other at the same reply.
    """
    rows = [
        Reply(
            carrier=reply.carrier,
            carrier_id=reply.carrier_id,
            phone=reply.phone,
            number=reply.number,
            text=reply.text,
            parts=sms.measure(reply.text).parts,
            received_at=reply.received_at,
            stored_at=now,
            not_before=now,
        )
        for reply in sorted(replies, key=lambda r: (r.carrier, r.carrier_id))
    ]
    with transaction.atomic():
        Reply.objects.bulk_create(rows, ignore_conflicts=True)


@retrying.on_deadlock
def apply_group(*, now: datetime) -> int:
    """Judge the next group of replies and do what follows; give how many there were."""
    started = time.monotonic()
    with transaction.atomic():
        group = _next_group(now=now)
        leases = _lock_leases(group)
        verdicts = [
            (reply, judging.judge(reply=reply, lease=leases.get(_pair(reply)), now=now))
            for reply in group
        ]
        _refuse([(r, v) for r, v in verdicts if isinstance(v, Refused)], now=now)
        _put_off([(r, v) for r, v in verdicts if isinstance(v, Wait)])
        _note_on_leases(verdicts)
        _stop([(r, v) for r, v in verdicts if isinstance(v, Stopped)], now=now)
        _take_in([(r, v) for r, v in verdicts if isinstance(v, InTime)], now=now)
    if group:
        duration = round((time.monotonic() - started) * 1000)
        log.info("replies.applied", **_counts(verdicts), duration_ms=duration)
    return len(group)


def oldest_waiting(*, now: datetime) -> datetime | None:
    """Give since when the oldest reply could be judged; one put off waits by intention."""
    waiting = Reply.objects.filter(state=ReplyState.WAITING, not_before__lte=now)
    return waiting.order_by("not_before", "id").values_list("not_before", flat=True).first()


def _next_group(*, now: datetime) -> list[Reply]:
    waiting = Reply.objects.filter(state=ReplyState.WAITING, not_before__lte=now)
    unlocked = waiting.select_for_update(skip_locked=True, no_key=True)
    return list(unlocked.order_by("not_before", "pk")[:GROUP])


def _pair(of: Reply | Lease) -> tuple[str, str]:
    return of.number, of.phone


def _lock_leases(group: Sequence[Reply]) -> dict[tuple[str, str], Lease]:
    """Give the leases held for the pairs of the group; no acceptance moves them meanwhile."""
    if not group:
        return {}
    held = Lease.objects.select_for_update(no_key=True).filter(
        is_held=True,
        number__in={reply.number for reply in group},
        phone__in={reply.phone for reply in group},
    )
    return {_pair(lease): lease for lease in held.order_by("phone", "pk")}


def _refuse(found: Sequence[tuple[Reply, Refused]], *, now: datetime) -> None:
    for reply, verdict in found:
        _decide(reply, state=ReplyState.REFUSED, refusal=verdict.refusal, now=now)


def _put_off(found: Sequence[tuple[Reply, Wait]]) -> None:
    for reply, verdict in found:
        Reply.objects.filter(pk=reply.pk).update(not_before=verdict.until)


def _note_on_leases(verdicts: Sequence[tuple[Reply, Verdict]]) -> None:
    """Note the last reply on each lease; all are locked."""
    leases: set[Lease] = set()
    for reply, verdict in verdicts:
        lease = verdict.lease if isinstance(verdict, InTime | Stopped) else None
        if lease is not None:
            lease.last_reply_at = max(lease.last_reply_at or reply.received_at, reply.received_at)
            leases.add(lease)
    Lease.objects.bulk_update(leases, ["last_reply_at"])


def _stop(found: Sequence[tuple[Reply, Stopped]], *, now: datetime) -> None:
    """Opt the phones out, account by account in one order, and record each STOP, free."""
    wanted = sorted({(a, r.phone) for r, verdict in found for a in verdict.accounts})
    accounts = SmsAccount.objects.in_bulk({account_id for account_id, _phone in wanted})
    for account_id, phone in wanted:
        optout.add(account=accounts[account_id], phone=phone, cause=OptOutCause.STOP, now=now)
    for reply, verdict in found:
        lease = verdict.lease
        _decide(
            reply,
            state=ReplyState.STOPPED,
            lease=lease,
            account_id=lease and lease.account_id,
            message_id=_answered(reply, lease) if lease else 0,
            excerpt=charging.excerpt_of(reply.text),
            now=now,
        )


def _take_in(found: Sequence[tuple[Reply, InTime]], *, now: datetime) -> None:
    """Charge what is in time, account by account; what the balance does not reach is locked."""
    by_account: defaultdict[int, list[tuple[Reply, Lease]]] = defaultdict(list)
    for reply, verdict in sorted(found, key=lambda pair: (pair[0].received_at, pair[0].pk)):
        by_account[verdict.lease.account_id].append((reply, verdict.lease))
    for account_id, replies in sorted(by_account.items()):
        # Whoever waits for credit comes first.
        charging.open_locked(account_id=account_id, now=now)
        for reply, lease in replies:
            _charge(reply, lease, now=now)


def _charge(reply: Reply, lease: Lease, *, now: datetime) -> None:
    price = charging.price_of(parts=reply.parts)
    is_paid = charging.pay(
        reply=reply, account_id=lease.account_id, price_hundredths=price, now=now
    )
    _decide(
        reply,
        state=ReplyState.OPEN if is_paid else ReplyState.LOCKED,
        lease=lease,
        account_id=lease.account_id,
        message_id=_answered(reply, lease),
        price_hundredths=price,
        opened_at=now if is_paid else None,
        excerpt=charging.excerpt_of(reply.text) if is_paid else "",
        now=now,
    )


def _decide(reply: Reply, *, state: ReplyState, now: datetime, **fields: object) -> None:
    Reply.objects.filter(pk=reply.pk, state=ReplyState.WAITING).update(
        state=state, decided_at=now, **fields
    )


def _answered(reply: Reply, lease: Lease) -> int:
    """Give the last message to the phone that was accepted before the reply, 0 if none is known."""
    last = lease.accepted_at
    if last is None or reply.received_at >= last or lease.first_accepted_at == last:
        return lease.message_id or 0
    earlier = threads.last_before(
        account_id=lease.account_id, phone=reply.phone, moment=reply.received_at
    )
    return earlier or lease.message_id or 0


def _counts(verdicts: Sequence[tuple[Reply, Verdict]]) -> dict[str, int]:
    names = {InTime: "in_time", Stopped: "stopped", Refused: "refused", Wait: "put_off"}
    counted = dict.fromkeys(names.values(), 0)
    for _reply, verdict in verdicts:
        counted[names[type(verdict)]] += 1
    return counted
