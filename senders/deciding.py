"""Deciding on requests: who works on which, and what was decided, once.

The one way in which staff decide, at the desk and in the admin site; `senders.review` moves the
sender and writes the decision. The request's row is locked first, so that of two who decide the
second is told what the first one did. Nobody decides for a customer they belong to.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from accounts import access, retrying
from accounts.models import User
from senders import notices, review
from senders.models import Decision, DecisionReason, Outcome, SenderRequest

log = structlog.stdlib.get_logger(__name__)

# So long a request belongs to whoever took it; then others may.
CLAIM = timedelta(minutes=15)

# What may be said of each outcome; the first is what the form offers first.
REASONS: dict[Outcome, tuple[DecisionReason, ...]] = {
    Outcome.APPROVED: (DecisionReason.RIGHT_PROVEN, DecisionReason.VERIFIED),
    Outcome.REFUSED: (
        DecisionReason.NO_RIGHT,
        DecisionReason.RESEMBLES,
        DecisionReason.MISLEADING,
        DecisionReason.NOT_ALLOWED,
        DecisionReason.UNREADABLE,
        DecisionReason.INCOMPLETE,
        DecisionReason.OTHER,
    ),
    Outcome.MORE_NEEDED: (
        DecisionReason.INCOMPLETE,
        DecisionReason.UNREADABLE,
        DecisionReason.NO_RIGHT,
        DecisionReason.OTHER,
    ),
}


class NotDecidable(Exception):
    """A request cannot be taken or decided by this person now; each subclass is one fact."""


class OwnRequest(NotDecidable):
    """The person belongs to the customer who asks."""


class NoLongerOpen(NotDecidable):
    """Somebody decided, or the owner took the request back: then there is no decision."""

    def __init__(self, *, decision: Decision | None) -> None:
        """Keep what was decided."""
        super().__init__()
        self.decision = decision


class HeldByOther(NotDecidable):
    """Somebody else took the request a short time ago."""

    def __init__(self, *, by: User) -> None:
        """Keep who."""
        super().__init__()
        self.by = by


class WordsMissing(Exception):
    """The customer could not tell what to do: the outcome needs words."""


class ReasonNotFitting(Exception):
    """The reason does not go with the outcome."""


def claim(*, request: SenderRequest, by: User, now: datetime) -> None:
    """Take a request for a while, or keep it longer. Raises NotDecidable."""
    if is_own(request, by=by):
        raise OwnRequest
    open_ = SenderRequest.objects.filter(pk=request.pk, closed_at__isnull=True)
    taken = open_.filter(free_for(by, now=now)).update(claimed_by=by, claimed_at=now)
    request.refresh_from_db()
    if not taken:
        _test_open(request)
        _test_free(request, by=by, now=now)
        # It came free between the two statements.
        claim(request=request, by=by, now=now)


def free_for(user: User, *, now: datetime) -> Q:
    """Match what somebody may take at a moment: nobody else did a short time ago."""
    return Q(claimed_by=None) | Q(claimed_by=user) | Q(claimed_at__lte=now - CLAIM)


def release(*, request: SenderRequest, by: User) -> None:
    """Let others take it again; harmless for whoever does not hold it."""
    SenderRequest.objects.filter(pk=request.pk, closed_at__isnull=True, claimed_by=by).update(
        claimed_by=None, claimed_at=None
    )
    request.refresh_from_db()


def is_own(request: SenderRequest, *, by: User) -> bool:
    """Tell whether a person belongs to the customer who asks."""
    return access.is_member(customer_id=request.sender.account.customer_id, user=by)


def holder(request: SenderRequest, *, now: datetime) -> User | None:
    """Give who works on a request at a moment, for all others to keep away."""
    if request.closed_at or request.claimed_at is None or request.claimed_at <= now - CLAIM:
        return None
    return request.claimed_by


@retrying.on_deadlock
def decide(
    *,
    request: SenderRequest,
    outcome: Outcome,
    reason: DecisionReason,
    text: str,
    by: User,
    clock: Callable[[], datetime],
) -> Decision:
    """Decide on an open request, once, and let its customer know.

    Raises NotDecidable, review.WrongState, WordsMissing or ReasonNotFitting.
    """
    check_words(outcome, reason=reason, text=text)
    with transaction.atomic():
        found = SenderRequest.objects.select_for_update(of=("self",), no_key=True).get(
            pk=request.pk
        )
        now = clock()
        _test_open(found)
        if is_own(found, by=by):
            raise OwnRequest
        _test_free(found, by=by, now=now)
        _take_step(found, outcome=outcome, reason=reason, text=text.strip(), by=by, now=now)
        decision = Decision.objects.select_related("request__sender").get(request=found)
        notices.owe_decision(decision=decision, now=now)
    request.refresh_from_db()
    log.info("request.decided", request=str(request.uuid), outcome=outcome.value)
    return decision


def check_words(outcome: Outcome, *, reason: DecisionReason, text: str) -> None:
    """See that an outcome can be understood. Raises ReasonNotFitting or WordsMissing."""
    if reason not in REASONS[outcome]:
        raise ReasonNotFitting
    needs_words = outcome is Outcome.MORE_NEEDED or reason is DecisionReason.OTHER
    if needs_words and not text.strip():
        raise WordsMissing


def _test_open(request: SenderRequest) -> None:
    if request.closed_at is not None:
        raise NoLongerOpen(decision=Decision.objects.filter(request=request).first())


def _test_free(request: SenderRequest, *, by: User, now: datetime) -> None:
    other = holder(request, now=now)
    if other is not None and other != by:
        raise HeldByOther(by=other)


def _take_step(
    request: SenderRequest,
    *,
    outcome: Outcome,
    reason: DecisionReason,
    text: str,
    by: User,
    now: datetime,
) -> None:
    sender = request.sender
    if outcome is Outcome.APPROVED:
        review.enable(sender=sender, by=by, now=now, reason=reason, text=text)
    else:
        review.refuse(sender=sender, by=by, now=now, outcome=outcome, code=reason, reason=text)
