"""The life of a sender: asked for, enabled, refused, asked for again, disabled, withdrawn, removed.

Each step is a conditional update on the states it may start from, in one transaction with the
interval it opens or closes, the request it opens or decides, and its trail entry. A request is
locked before its sender. A sender is valid at a moment if an interval
holds it: its beginning is inside, its end is not. Who may take which step is the caller's matter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Greatest

from accounts import retrying, trail
from accounts.models import SmsAccount, User
from senders import kinds, notices, rounds, rules, virtualnumbers
from senders.models import (
    DecisionReason,
    Origin,
    Outcome,
    Sender,
    SenderKind,
    SenderRequest,
    SenderState,
    SenderValidity,
)

# Names of one account in all, and those of them that staff are asked about.
MOST = 100
MOST_WAITING = 20
# Requests of one account in 24 hours: each may bring files of 100 MB.
MOST_A_DAY = 50
REMOVABLE = [
    SenderState.WAITING,
    SenderState.REFUSED,
    SenderState.ENABLED,
    SenderState.DISABLED,
]
WITHDRAWABLE = [SenderState.ENABLED, SenderState.DISABLED]
IN_ORDER = (SenderKind.SHORT, SenderKind.VIRTUAL, SenderKind.ALPHANUMERIC)


class NameNotAllowed(Exception):
    """The name breaks the rules."""

    def __init__(self, *, problems: tuple[rules.Problem, ...]) -> None:
        """Keep what is wrong with the name."""
        super().__init__(*problems)
        self.problems = problems


class NameTaken(Exception):
    """The account has a sender of this name."""


class TooMany(Exception):
    """The account has as many senders, or requests that wait or of today, as it may have."""

    def __init__(self, *, limit: int) -> None:
        """Keep how many it may have."""
        super().__init__(limit)
        self.limit = limit


class WrongState(Exception):
    """The sender is not in a state from which this step may be taken."""

    def __init__(self, *, state: SenderState) -> None:
        """Keep the state in which the sender is."""
        super().__init__(state)
        self.state = state


def request(
    *,
    account: SmsAccount,
    name: str,
    description: str,
    by: User,
    now: datetime,
    origin: Origin = Origin.CUSTOM,
    reason: str = "",
) -> Sender:
    """Ask for a sender: it waits for validation. Raises NameNotAllowed, NameTaken or TooMany."""
    if problems := rules.problems(name):
        raise NameNotAllowed(problems=problems)
    try:
        with transaction.atomic():
            _keep_to_the_day(account, now=now)
            sender = _begin(account=account, name=name, description=description)
            rounds.begin(sender, origin=origin, reason=reason, by=by, now=now)
            _record("sender.requested", sender=sender, by=by, now=now)
            return sender
    except IntegrityError as exc:
        raise NameTaken(name) from exc


def ask_again(
    *, sender: Sender, description: str, reason: str, changes: str, by: User, now: datetime
) -> SenderRequest:
    """Ask again for a refused sender, and say what is different now.

    Raises WrongState or TooMany.
    """
    with transaction.atomic():
        _keep_to_the_day(sender.account, now=now)
        _move(sender, start=[SenderState.REFUSED], end=SenderState.WAITING)
        Sender.objects.filter(pk=sender.pk).update(description=description)
        sender.description = description
        opened = rounds.begin(
            sender, origin=rounds.origin_of(sender), reason=reason, changes=changes, by=by, now=now
        )
        _record("sender.asked_again", sender=sender, by=by, now=now)
        return opened


def enable(
    *,
    sender: Sender,
    by: User | None,
    now: datetime,
    reason: DecisionReason = DecisionReason.RIGHT_PROVEN,
    text: str = "",
) -> None:
    """Let a waiting or disabled sender be used from now on. Raises WrongState.

    What waits is decided with it; `by` None is the platform, for names that staff had verified.
    """
    with transaction.atomic():
        rounds.decide(sender, outcome=Outcome.APPROVED, reason=reason, text=text, by=by, now=now)
        _move(sender, start=[SenderState.WAITING, SenderState.DISABLED], end=SenderState.ENABLED)
        _let_be_valid(sender, by=by, now=now)


def reenable(*, sender: Sender, by: User, now: datetime) -> None:
    """Let its owner use a sender again that was put aside. Raises WrongState."""
    with transaction.atomic():
        _move(sender, start=[SenderState.DISABLED], end=SenderState.ENABLED)
        _let_be_valid(sender, by=by, now=now)


@retrying.on_deadlock
def disable(*, sender: Sender, by: User, clock: Callable[[], datetime]) -> None:
    """Put an enabled sender aside, until enabled again. Raises WrongState."""
    with transaction.atomic():
        now = _lock(sender, clock=clock)
        _move(sender, start=[SenderState.ENABLED], end=SenderState.DISABLED)
        _close(sender, now=now)
        _record("sender.disabled", sender=sender, by=by, now=now)


@retrying.on_deadlock
def withdraw(*, sender: Sender, by: User, reason: str, clock: Callable[[], datetime]) -> None:
    """Take a sender away for good; its owner cannot enable it again. Raises WrongState."""
    with transaction.atomic():
        now = _lock(sender, clock=clock)
        _move(sender, start=WITHDRAWABLE, end=SenderState.WITHDRAWN)
        _close(sender, now=now)
        if sender.kind == SenderKind.VIRTUAL:
            virtualnumbers.end_leases(sender=sender, at=now)
        _record("sender.withdrawn", sender=sender, by=by, now=now, reason=reason)
        notices.owe_withdrawal(sender=sender, reason=reason, now=now)


def refuse(
    *,
    sender: Sender,
    by: User,
    reason: str,
    now: datetime,
    outcome: Outcome = Outcome.REFUSED,
    code: DecisionReason = DecisionReason.OTHER,
) -> None:
    """Turn down a waiting sender, or until more has come; `reason` in words. Raises WrongState."""
    with transaction.atomic():
        rounds.decide(sender, outcome=outcome, reason=code, text=reason, by=by, now=now)
        _move(sender, start=[SenderState.WAITING], end=SenderState.REFUSED)
        # The words are for the customer, and may hold what the trail must not.
        _record("sender.refused", sender=sender, by=by, now=now, reason=code, outcome=outcome)


@retrying.on_deadlock
def remove(*, sender: Sender, by: User, clock: Callable[[], datetime]) -> None:
    """Take a name off the list of its owner; what it was stays. Raises WrongState."""
    with transaction.atomic():
        SenderRequest.objects.filter(sender=sender, closed_at__isnull=True).update(
            closed_at=clock()
        )
        now = _lock(sender, clock=clock)
        if sender.kind != SenderKind.ALPHANUMERIC:
            raise WrongState(state=SenderState(sender.state))
        _move(sender, start=REMOVABLE, end=SenderState.REMOVED)
        Sender.objects.filter(pk=sender.pk).update(is_default=False)
        _close(sender, now=now)
        _record("sender.removed", sender=sender, by=by, now=now)


@retrying.on_deadlock
def make_default(*, sender: Sender, by: User, now: datetime) -> None:
    """Let new messages of the account bear this one at first. Raises WrongState."""
    with transaction.atomic():
        of_account = Sender.objects.filter(account=sender.account_id)
        # In one order, so that two who choose at once wait for each other.
        list(of_account.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        of_account.filter(is_default=True).update(is_default=False)
        if not of_account.filter(pk=sender.pk, state=SenderState.ENABLED).update(is_default=True):
            sender.refresh_from_db(fields=["state"])
            raise WrongState(state=SenderState(sender.state))
        _record("sender.made_default", sender=sender, by=by, now=now)


def is_enabled(sender: Sender, *, at: datetime | None) -> bool:
    """Tell whether the sender as it was read may be used at a moment (none: now).

    For pages; what is handed over asks `validity`.
    """
    is_over = at and sender.term_ends_at and sender.term_ends_at <= at
    return sender.state == SenderState.ENABLED and not is_over


def choosable(*, account: SmsAccount, now: datetime) -> QuerySet[Sender]:
    """Give the senders a new message of the account may bear: first those that can be answered."""
    order = Case(*(When(kind=kind, then=place) for place, kind in enumerate(IN_ORDER)))
    return Sender.objects.filter(
        Q(term_ends_at__isnull=True) | Q(term_ends_at__gt=now),
        account=account,
        kind__in=kinds.offered_to(account.customer),
        state=SenderState.ENABLED,
    ).order_by(order, "name")


def _begin(*, account: SmsAccount, name: str, description: str) -> Sender:
    """Make the sender, or let one that was removed wait again."""
    mine = Sender.objects.filter(account=account, kind=SenderKind.ALPHANUMERIC)
    if mine.exclude(state=SenderState.REMOVED).count() >= MOST:
        raise TooMany(limit=MOST)
    if mine.filter(state=SenderState.WAITING).count() >= MOST_WAITING:
        raise TooMany(limit=MOST_WAITING)
    removed = mine.filter(name=name, state=SenderState.REMOVED)
    if removed.update(state=SenderState.WAITING, description=description):
        return mine.get(name=name)
    return Sender.objects.create(
        account=account, name=name, skeleton=rules.skeleton(name), description=description
    )


def _keep_to_the_day(account: SmsAccount, *, now: datetime) -> None:
    lately = SenderRequest.objects.filter(
        sender__account=account, requested_at__gt=now - timedelta(days=1)
    )
    if lately.count() >= MOST_A_DAY:
        raise TooMany(limit=MOST_A_DAY)


def _let_be_valid(sender: Sender, *, by: User | None, now: datetime) -> None:
    if sender.term_ends_at and sender.term_ends_at <= now:
        raise WrongState(state=SenderState.ENDED)
    SenderValidity.objects.create(sender=sender, since=now, until=sender.term_ends_at)
    _record("sender.enabled", sender=sender, by=by, now=now)


def _lock(sender: Sender, *, clock: Callable[[], datetime]) -> datetime:
    """Wait for the hand-overs being claimed under this sender, and give the moment after them."""
    Sender.objects.select_for_update().get(pk=sender.pk)
    return clock()


def _move(sender: Sender, *, start: list[SenderState], end: SenderState) -> None:
    moved = Sender.objects.filter(pk=sender.pk, state__in=start).update(state=end)
    sender.refresh_from_db(fields=["state", "term_ends_at"])
    if not moved:
        raise WrongState(state=SenderState(sender.state))


def _close(sender: Sender, *, now: datetime) -> None:
    # The one that runs ends with the term, or not at all. Another machine's clock may be behind:
    # an interval never ends before it began.
    SenderValidity.objects.filter(sender=sender, until=sender.term_ends_at).update(
        until=Greatest(F("since"), now)
    )


def _record(event: str, *, sender: Sender, by: User | None, now: datetime, **details: str) -> None:
    trail.record(
        event=event,
        subject=f"sender:{sender.pk}",
        actor=by,
        account=sender.account,
        now=now,
        **details,
    )
