"""The review: a sender is valid in the intervals that its steps open and close."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, TrailEntry, User
from senders import review, validity
from senders.models import Sender, SenderState, SenderValidity
from senders.rules import Problem
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(account: SmsAccount) -> Sender:
    """Give a sender that waits for validation."""
    return factories.make_sender(account, name="FOURNIL", enabled=False)


def is_valid(sender: Sender, now: datetime) -> bool:
    return validity.is_valid(sender_id=sender.pk, now=now)


def test_a_sender_that_was_asked_for_waits_and_may_not_be_used(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    sender = review.request(account=account, name="Martin", description="us", by=alice, now=now)
    assert (sender.state, sender.description) == (SenderState.WAITING, "us")
    assert not is_valid(sender, now)
    assert sender not in review.choosable(account=account, now=now)


def test_a_name_against_the_rules_is_refused(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    with pytest.raises(review.NameNotAllowed) as refusal:
        review.request(account=account, name="36111", description="", by=alice, now=now)
    assert refusal.value.problems == (Problem.SHORT_NUMBER,)


def test_a_name_is_used_once_per_account(
    waiting: Sender, mallorys_account: SmsAccount, alice: User, now: datetime
) -> None:
    with pytest.raises(review.NameTaken):
        review.request(account=waiting.account, name="FOURNIL", description="", by=alice, now=now)
    assert factories.make_sender(mallorys_account, name="FOURNIL").pk


def test_an_enabled_sender_is_valid_from_then_on(waiting: Sender, sam: User, now: datetime) -> None:
    review.enable(sender=waiting, by=sam, now=now)
    assert waiting.state == SenderState.ENABLED
    assert [is_valid(waiting, m) for m in (now - HOUR, now, now + HOUR)] == [False, True, True]
    assert waiting in review.choosable(account=waiting.account, now=now)


def test_the_past_keeps_its_validity(sender: Sender, alice: User, sam: User, now: datetime) -> None:
    review.disable(sender=sender, by=alice, clock=lambda: now + HOUR)
    review.enable(sender=sender, by=alice, now=now + 2 * HOUR)
    review.withdraw(sender=sender, by=sam, reason="fraud", clock=lambda: now + 3 * HOUR)
    valid = [is_valid(sender, now + n * HOUR / 2) for n in range(8)]
    assert valid == [True, True, False, False, True, True, False, False]
    assert SenderValidity.objects.filter(sender=sender).count() == 2
    assert sender not in review.choosable(account=sender.account, now=now)


def enable(sender: Sender, by: User, now: datetime) -> None:
    review.enable(sender=sender, by=by, now=now)


def disable(sender: Sender, by: User, now: datetime) -> None:
    review.disable(sender=sender, by=by, clock=lambda: now)


def withdraw(sender: Sender, by: User, now: datetime) -> None:
    review.withdraw(sender=sender, by=by, reason="fraud", clock=lambda: now)


def refuse(sender: Sender, by: User, now: datetime) -> None:
    review.refuse(sender=sender, by=by, reason="no document", now=now)


Step = Callable[[Sender, User, datetime], None]
ALLOWED: dict[Step, set[SenderState]] = {
    enable: {SenderState.WAITING, SenderState.DISABLED},
    disable: {SenderState.ENABLED},
    withdraw: {SenderState.ENABLED, SenderState.DISABLED},
    refuse: {SenderState.WAITING},
}
WAYS: dict[SenderState, list[Step]] = {
    SenderState.WAITING: [],
    SenderState.ENABLED: [enable],
    SenderState.DISABLED: [enable, disable],
    SenderState.WITHDRAWN: [enable, withdraw],
    SenderState.REFUSED: [refuse],
}


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("step", ALLOWED)
def test_a_step_is_taken_from_its_states_only(
    waiting: Sender,
    sam: User,
    now: datetime,
    state: SenderState,
    step: Step,
) -> None:
    for way in WAYS[state]:
        way(waiting, sam, now)
    intervals = list(waiting.validities.values_list("since", "until"))
    if state in ALLOWED[step]:
        step(waiting, sam, now)
        assert waiting.state != state
        return
    with pytest.raises(review.WrongState) as refusal:
        step(waiting, sam, now)
    assert refusal.value.state == state == Sender.objects.get(pk=waiting.pk).state
    assert list(waiting.validities.values_list("since", "until")) == intervals


def test_a_stale_copy_cannot_take_a_step_again(waiting: Sender, sam: User, now: datetime) -> None:
    stale = Sender.objects.get(pk=waiting.pk)
    review.refuse(sender=waiting, by=sam, reason="no document", now=now)
    with pytest.raises(review.WrongState):
        review.enable(sender=stale, by=sam, now=now)
    assert not waiting.validities.exists()


def test_a_clock_that_is_behind_leaves_an_empty_interval(
    sender: Sender, sam: User, now: datetime
) -> None:
    review.disable(sender=sender, by=sam, clock=lambda: now - HOUR)
    interval = sender.validities.get()
    assert interval.since == interval.until == now


def test_the_trail_names_each_step_with_its_reason(
    waiting: Sender, sam: User, now: datetime
) -> None:
    review.refuse(sender=waiting, by=sam, reason="no document", now=now)
    entry = TrailEntry.objects.get(event="sender.refused")
    assert (entry.subject, entry.actor) == (f"sender:{waiting.pk}", sam)
    assert entry.details == {"reason": "other", "outcome": "refused"}


def test_words_to_the_customer_may_hold_a_phone_number_and_stay_out_of_the_trail(
    waiting: Sender, sam: User, now: datetime
) -> None:
    review.refuse(sender=waiting, by=sam, reason="Call 01 23 45 67 89", now=now)
    entry = TrailEntry.objects.get(event="sender.refused")
    assert "Call" not in str(entry.details)


def test_only_ones_own_senders_can_be_chosen(
    sender: Sender, mallorys_account: SmsAccount, now: datetime
) -> None:
    theirs = factories.make_sender(mallorys_account, name="MalloryCo")
    assert list(review.choosable(account=mallorys_account, now=now)) == [theirs]
    assert theirs not in review.choosable(account=sender.account, now=now)


def test_senders_that_can_be_answered_come_first(sender: Sender, now: datetime) -> None:
    account = sender.account
    first, virtual = factories.short_sender(account), factories.make_virtual(account)
    other = factories.make_sender(account, name="Atelier")
    assert list(review.choosable(account=account, now=now)) == [first, virtual, other, sender]


def test_a_customer_who_leaves_france_chooses_among_names_alone(
    sender: Sender, now: datetime
) -> None:
    factories.make_virtual(sender.account)
    sender.account.customer.country = "BE"
    assert list(review.choosable(account=sender.account, now=now)) == [sender]


@pytest.mark.parametrize(
    ("make", "label"),
    [
        pytest.param(factories.short_sender, "Short number (allows a reply)", id="short number"),
        pytest.param(
            factories.make_virtual,
            "+33 7 55 51 23 45 (virtual number, allows replies)",
            id="virtual number",
        ),
        pytest.param(factories.make_sender, "Martin", id="name"),
    ],
)
def test_a_sender_is_labelled_for_people(
    make: Callable[[SmsAccount], Sender], label: str, account: SmsAccount
) -> None:
    sender = make(account)
    assert sender.label == str(sender) == label
