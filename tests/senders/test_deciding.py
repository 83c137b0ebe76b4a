"""Deciding on a request: once, by one person, for customers of others."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Membership, Role, SmsAccount, TrailEntry, User
from senders import deciding, review
from senders.models import (
    Decision,
    DecisionReason,
    NoticeKind,
    Outcome,
    Sender,
    SenderNotice,
    SenderRequest,
    SenderState,
)
from tests import factories

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def asked(account: SmsAccount) -> SenderRequest:
    """Give the request for a sender that waits."""
    return factories.request_of(factories.make_sender(account, name="FOURNIL", enabled=False))


@pytest.fixture
def kim(db: None) -> User:
    """Give another member of staff."""
    return factories.make_user("kim", is_staff=True)


def decide(
    asked: SenderRequest,
    by: User,
    now: datetime,
    outcome: Outcome = Outcome.APPROVED,
    *,
    text: str = "",
) -> Decision:
    reason = deciding.REASONS[outcome][0]
    return deciding.decide(
        request=asked, outcome=outcome, reason=reason, text=text, by=by, clock=lambda: now
    )


def state_of(asked: SenderRequest) -> str:
    return Sender.objects.values_list("state", flat=True).get(pk=asked.sender_id)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.APPROVED, SenderState.ENABLED),
        (Outcome.REFUSED, SenderState.REFUSED),
        (Outcome.MORE_NEEDED, SenderState.REFUSED),
    ],
)
def test_a_decision_moves_the_sender_and_closes_the_request(
    asked: SenderRequest, sam: User, now: datetime, outcome: Outcome, state: SenderState
) -> None:
    decision = decide(asked, sam, now + HOUR, outcome, text="  A stamp, please. ")
    assert state_of(asked) == state
    assert asked.closed_at == decision.at == now + HOUR
    assert (decision.by, decision.outcome, decision.text) == (sam, outcome, "A stamp, please.")
    assert decision.worked_seconds == 3600


def test_the_second_to_decide_is_told_what_the_first_did(
    asked: SenderRequest, sam: User, kim: User, now: datetime
) -> None:
    stale = SenderRequest.objects.get(pk=asked.pk)
    decide(asked, sam, now)
    with pytest.raises(deciding.NoLongerOpen) as refusal:
        decide(stale, kim, now, Outcome.REFUSED)
    assert refusal.value.decision is not None
    assert refusal.value.decision.by == sam
    assert Decision.objects.count() == 1
    assert state_of(asked) == SenderState.ENABLED


def test_what_its_owner_took_back_is_not_decided(
    asked: SenderRequest, alice: User, sam: User, now: datetime
) -> None:
    review.remove(sender=asked.sender, by=alice, clock=lambda: now)
    with pytest.raises(deciding.NoLongerOpen) as refusal:
        decide(asked, sam, now)
    assert refusal.value.decision is None
    with pytest.raises(deciding.NoLongerOpen):
        deciding.claim(request=asked, by=sam, now=now)


@pytest.mark.parametrize("role", Role)
def test_nobody_takes_or_decides_for_a_customer_they_belong_to(
    asked: SenderRequest, sam: User, now: datetime, role: Role
) -> None:
    factories.make_member(asked.sender.account.customer, sam, role=role)
    with pytest.raises(deciding.OwnRequest):
        decide(asked, sam, now)
    with pytest.raises(deciding.OwnRequest):
        deciding.claim(request=asked, by=sam, now=now)
    assert not Decision.objects.exists()


def test_what_somebody_took_is_theirs_for_a_while(
    asked: SenderRequest, sam: User, kim: User, now: datetime
) -> None:
    deciding.claim(request=asked, by=sam, now=now)
    assert deciding.holder(asked, now=now) == sam
    almost = now + deciding.CLAIM - timedelta(seconds=1)
    for act in (
        lambda: decide(asked, kim, almost),
        lambda: deciding.claim(request=asked, by=kim, now=almost),
    ):
        with pytest.raises(deciding.HeldByOther) as refusal:
            act()
        assert refusal.value.by == sam
    decide(asked, sam, almost)


def test_a_claim_ends_by_itself(asked: SenderRequest, sam: User, kim: User, now: datetime) -> None:
    deciding.claim(request=asked, by=sam, now=now)
    after = now + deciding.CLAIM
    assert deciding.holder(asked, now=after) is None
    deciding.claim(request=asked, by=kim, now=after)
    assert deciding.holder(asked, now=after) == kim
    with pytest.raises(deciding.HeldByOther):
        decide(asked, sam, after)


def test_taking_it_again_keeps_it_longer(
    asked: SenderRequest, sam: User, kim: User, now: datetime
) -> None:
    deciding.claim(request=asked, by=sam, now=now)
    deciding.claim(request=asked, by=sam, now=now + 10 * MINUTE)
    with pytest.raises(deciding.HeldByOther):
        deciding.claim(request=asked, by=kim, now=now + deciding.CLAIM)


def test_only_who_took_it_lets_it_go(
    asked: SenderRequest, sam: User, kim: User, now: datetime
) -> None:
    deciding.claim(request=asked, by=sam, now=now)
    deciding.release(request=asked, by=kim)
    assert deciding.holder(asked, now=now) == sam
    deciding.release(request=asked, by=sam)
    assert deciding.holder(asked, now=now) is None


def test_asking_again_is_another_round_with_a_promise_of_its_own(
    asked: SenderRequest, alice: User, sam: User, now: datetime
) -> None:
    decide(asked, sam, now, Outcome.MORE_NEEDED, text="A stamp, please.")
    sender = Sender.objects.get(pk=asked.sender_id)
    later = now + timedelta(days=7)
    again = review.ask_again(
        sender=sender, description="", reason="", changes="With a stamp", by=alice, now=later
    )
    assert (again.round, again.closed_at) == (2, None)
    assert again.promised_at is not None
    assert again.promised_at > later
    decide(again, sam, later + HOUR)
    assert state_of(asked) == SenderState.ENABLED


@pytest.mark.parametrize(
    ("outcome", "reason", "text", "refusal"),
    [
        (Outcome.MORE_NEEDED, DecisionReason.INCOMPLETE, " ", deciding.WordsMissing),
        (Outcome.REFUSED, DecisionReason.OTHER, "", deciding.WordsMissing),
        (Outcome.APPROVED, DecisionReason.MISLEADING, "", deciding.ReasonNotFitting),
        (Outcome.REFUSED, DecisionReason.RIGHT_PROVEN, "", deciding.ReasonNotFitting),
    ],
)
def test_a_customer_must_be_able_to_tell_what_to_do(
    asked: SenderRequest,
    sam: User,
    now: datetime,
    outcome: Outcome,
    reason: DecisionReason,
    text: str,
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        deciding.decide(
            request=asked, outcome=outcome, reason=reason, text=text, by=sam, clock=lambda: now
        )
    assert state_of(asked) == SenderState.WAITING


def test_each_outcome_has_reasons() -> None:
    assert set(deciding.REASONS) == set(Outcome)
    assert {r for reasons in deciding.REASONS.values() for r in reasons} == set(DecisionReason)


def test_owners_are_owed_an_e_mail_and_readers_are_not(
    asked: SenderRequest, alice: User, bob: User, sam: User, now: datetime
) -> None:
    decision = decide(asked, sam, now)
    notice = SenderNotice.objects.get()
    assert (notice.kind, notice.to, notice.decision) == (NoticeKind.DECIDED, alice, decision)
    assert Membership.objects.filter(user=bob).exists()


def test_the_trail_names_who_decided_and_the_code(
    asked: SenderRequest, sam: User, now: datetime
) -> None:
    decide(asked, sam, now, Outcome.REFUSED, text="Call 01 23 45 67 89")
    entry = TrailEntry.objects.get(event="sender.refused")
    assert entry.actor == sam
    assert entry.details == {"reason": "no_right", "outcome": "refused"}
