"""Two members of staff decide on one request, or take it, at once."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts.models import SmsAccount, User
from senders import deciding, lateness, notices, review, validity
from senders.models import (
    Decision,
    DecisionReason,
    Outcome,
    SenderNotice,
    SenderRequest,
    SenderState,
    SenderValidity,
)
from tests import factories
from tests.races import crowd

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

# An account may have 20 that wait.
ROUNDS = 20
OUTCOMES = [
    (Outcome.APPROVED, DecisionReason.RIGHT_PROVEN),
    (Outcome.REFUSED, DecisionReason.NO_RIGHT),
]


@pytest.fixture
def kim(db: None) -> User:
    """Give another member of staff."""
    return factories.make_user("kim", is_staff=True)


def ask(account: SmsAccount, name: str) -> SenderRequest:
    return factories.request_of(factories.make_sender(account, name=name, enabled=False))


def decide(
    asked: SenderRequest, by: User, outcome: Outcome, reason: DecisionReason, *, now: datetime
) -> Decision:
    return deciding.decide(
        request=SenderRequest.objects.get(pk=asked.pk),
        outcome=outcome,
        reason=reason,
        text="",
        by=by,
        clock=lambda: now,
    )


def decide_naively(
    asked: SenderRequest, by: User, outcome: Outcome, _reason: DecisionReason
) -> str | None:
    """Look whether it is open, then move the sender: as if no row were locked."""
    with transaction.atomic():
        found = SenderRequest.objects.select_related("sender").get(pk=asked.pk)
        if found.closed_at is not None:
            return None
        state = SenderState.ENABLED if outcome is Outcome.APPROVED else SenderState.REFUSED
        type(found.sender).objects.filter(pk=found.sender_id).update(state=state)
        SenderRequest.objects.filter(pk=found.pk).update(closed_at=factories.NOW)
    return f"{by}: {outcome}"


def test_control_who_looks_first_and_moves_then_decides_twice(
    account: SmsAccount, sam: User, kim: User
) -> None:
    names = (f"Naive{n}" for n in range(crowd.TRIES))

    def race() -> bool:
        asked = ask(account, next(names))
        people = zip((sam, kim), OUTCOMES, strict=True)
        works = [partial(decide_naively, asked, by, *what) for by, what in people]
        return None not in crowd.at_once(works)

    crowd.show(race)


def test_one_decides_and_the_other_is_told(
    account: SmsAccount, sam: User, kim: User, now: datetime
) -> None:
    firsts = set()
    for n in range(ROUNDS):
        asked = ask(account, f"Shop{n}")
        people = zip((sam, kim), OUTCOMES, strict=True)
        works = [partial(decide, asked, by, *what, now=now) for by, what in people]
        results = crowd.at_once(works)
        (done,) = [r for r in results if isinstance(r, Decision)]
        (told,) = crowd.errors(results)
        assert isinstance(told, deciding.NoLongerOpen), told
        assert told.decision == done
        asked.sender.refresh_from_db()
        is_enabled = asked.sender.state == SenderState.ENABLED
        assert is_enabled == (done.outcome == Outcome.APPROVED)
        assert SenderValidity.objects.filter(sender=asked.sender).count() == is_enabled
        assert SenderNotice.objects.filter(decision=done).count() == 1
        firsts.add(done.by)
    assert Decision.objects.count() == ROUNDS
    print(f"first: {len(firsts)} different people in {ROUNDS} rounds")  # noqa: T201 (the proof)


def test_one_takes_it_and_the_other_is_told_who(
    account: SmsAccount, sam: User, kim: User, now: datetime
) -> None:
    for n in range(ROUNDS):
        asked = ask(account, f"Shop{n}")

        def take(by: User, asked: SenderRequest = asked) -> User:
            mine = SenderRequest.objects.get(pk=asked.pk)
            deciding.claim(request=mine, by=by, now=now)
            return by

        results = crowd.at_once([partial(take, sam), partial(take, kim)])
        (told,) = crowd.errors(results)
        assert isinstance(told, deciding.HeldByOther)
        asked.refresh_from_db()
        assert [asked.claimed_by] == [r for r in results if isinstance(r, User)] == [told.by]


def test_an_owner_who_takes_it_back_and_staff_who_decide_leave_one_of_both(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    for n in range(ROUNDS):
        asked = ask(account, f"Shop{n}")
        sender = asked.sender
        results = crowd.at_once(
            [
                partial(decide, asked, sam, *OUTCOMES[0], now=now),
                partial(review.remove, sender=sender, by=alice, clock=lambda: now),
            ]
        )
        errors = crowd.errors(results)
        assert all(isinstance(e, deciding.NoLongerOpen) for e in errors), errors
        sender.refresh_from_db()
        asked.refresh_from_db()
        # Enabled and then removed, or removed before anybody decided.
        assert sender.state == SenderState.REMOVED
        assert asked.closed_at is not None
        assert Decision.objects.filter(request=asked).count() == 1 - len(errors)
        assert not validity.is_valid(sender_id=sender.pk, now=now + timedelta(seconds=1))


def test_two_that_report_at_once_report_each_missed_promise_once(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    for n in range(ROUNDS // 2):
        ask(account, f"Shop{n}")
    late = now + timedelta(days=9)
    results = crowd.at_once([partial(lateness.report, now=late)] * 2)
    assert not crowd.errors(results), crowd.errors(results)
    assert sum(r for r in results if isinstance(r, int)) == ROUNDS // 2
    told = SenderNotice.objects.filter(to=sam).values_list("count", flat=True)
    assert sum(told) == ROUNDS // 2


def test_two_that_send_at_once_send_each_e_mail_once(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    for n in range(ROUNDS // 2):
        decide(ask(account, f"Shop{n}"), sam, *OUTCOMES[0], now=now)
    results = crowd.at_once([partial(notices.send_owed, clock=lambda: now)] * 2)
    assert sum(r for r in results if isinstance(r, int)) == ROUNDS // 2
