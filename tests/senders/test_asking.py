"""Asking for names: in one's own words, or among names known as the customer's."""

from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, TrailEntry, User
from senders import asking, promise, review, validity
from senders.asking import Offer, Words
from senders.models import (
    Decision,
    IdentityKind,
    Origin,
    Outcome,
    Sender,
    SenderRequest,
    SenderState,
)
from tests import factories

WORDS = Words(description="Shop", reason="Orders that are ready")
HOUR = timedelta(hours=1)


def ask(account: SmsAccount, by: User, now: datetime, name: str = "FOURNIL") -> Sender:
    return asking.ask(account=account, name=name, words=WORDS, papers=[], by=by, now=now)


def verify(account: SmsAccount, by: User, now: datetime, *values: str, kind: str = "name") -> None:
    for value in values:
        asking.confirm_identity(customer=account.customer, kind=kind, value=value, by=by, now=now)


def test_a_request_keeps_what_was_said_and_until_when_an_answer_is_promised(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    sender = ask(account, alice, now)
    asked = SenderRequest.objects.get(sender=sender)
    assert (sender.state, asked.round, asked.origin) == (SenderState.WAITING, 1, Origin.CUSTOM)
    assert (asked.reason, asked.description, asked.asked_by) == (WORDS.reason, "Shop", alice)
    assert asked.promised_at == promise.due_at(now)
    assert asked.closed_at is None


def test_a_decision_closes_the_request_once(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    sender = ask(account, alice, now)
    review.enable(sender=sender, by=sam, now=now + HOUR)
    decision = Decision.objects.get(request__sender=sender)
    assert (decision.outcome, decision.by, decision.at) == (Outcome.APPROVED, sam, now + HOUR)
    assert decision.request.closed_at == now + HOUR
    review.disable(sender=sender, by=alice, clock=lambda: now + 2 * HOUR)
    review.reenable(sender=sender, by=alice, now=now + 3 * HOUR)
    assert Decision.objects.count() == 1


def test_an_owner_cannot_enable_what_waits(account: SmsAccount, alice: User, now: datetime) -> None:
    sender = ask(account, alice, now)
    with pytest.raises(review.WrongState):
        review.reenable(sender=sender, by=alice, now=now)
    assert not sender.validities.exists()


def test_asking_again_opens_the_next_round(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    sender = ask(account, alice, now)
    review.refuse(
        sender=sender, by=sam, reason="Send the Kbis", now=now, outcome=Outcome.MORE_NEEDED
    )
    words = Words(description="Bakery", reason="Orders", changes="The Kbis is there")
    asking.ask_again(sender=sender, words=words, papers=[], by=alice, now=now + HOUR)
    rounds = SenderRequest.objects.filter(sender=sender).order_by("round")
    assert [(r.round, r.closed_at is None, r.changes) for r in rounds] == [
        (1, False, ""),
        (2, True, "The Kbis is there"),
    ]
    sender.refresh_from_db()
    assert (sender.state, sender.description) == (SenderState.WAITING, "Bakery")
    with pytest.raises(review.WrongState):
        asking.ask_again(sender=sender, words=words, papers=[], by=alice, now=now + HOUR)


def test_a_removed_name_keeps_its_history_and_can_be_asked_for_again(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    sender = ask(account, alice, now)
    review.enable(sender=sender, by=sam, now=now)
    review.make_default(sender=sender, by=alice, now=now)
    review.remove(sender=sender, by=alice, clock=lambda: now + HOUR)
    sender.refresh_from_db()
    assert (sender.state, sender.is_default) == (SenderState.REMOVED, False)
    assert sender.validities.get().until == now + HOUR
    again = ask(account, alice, now + 2 * HOUR)
    assert again.pk == sender.pk
    assert [r.round for r in again.requests.order_by("round")] == [1, 2]


def test_what_its_owner_takes_back_is_closed_without_a_decision(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    sender = ask(account, alice, now)
    review.remove(sender=sender, by=alice, clock=lambda: now + HOUR)
    asked = SenderRequest.objects.get(sender=sender)
    assert asked.closed_at == now + HOUR
    assert not Decision.objects.exists()


def test_what_staff_withdrew_can_neither_be_removed_nor_asked_for_again(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    sender = factories.make_sender(account)
    review.withdraw(sender=sender, by=sam, reason="fraud", clock=lambda: now)
    with pytest.raises(review.WrongState):
        review.remove(sender=sender, by=alice, clock=lambda: now)
    with pytest.raises(review.NameTaken):
        ask(account, alice, now, name=sender.name)
    verify(account, sam, now, sender.name)
    assert asking.offers(account=account) == []


def test_numbers_are_not_removed(account: SmsAccount, alice: User, now: datetime) -> None:
    for sender in (factories.short_sender(account), factories.make_virtual(account)):
        with pytest.raises(review.WrongState):
            review.remove(sender=sender, by=alice, clock=lambda: now)


def test_an_account_has_so_many_names_at_most(
    account: SmsAccount, alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST", 2)
    ask(account, alice, now, name="One")
    two = ask(account, alice, now, name="Two")
    with pytest.raises(review.TooMany) as refusal:
        ask(account, alice, now, name="Three")
    assert refusal.value.limit == 2
    review.remove(sender=two, by=alice, clock=lambda: now)
    assert ask(account, alice, now, name="Three").pk


def test_staff_are_asked_about_so_many_at_once_at_most(
    account: SmsAccount, alice: User, sam: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_WAITING", 1)
    one = ask(account, alice, now, name="One")
    with pytest.raises(review.TooMany):
        ask(account, alice, now, name="Two")
    review.enable(sender=one, by=sam, now=now)
    assert ask(account, alice, now, name="Two").pk


def test_an_account_asks_so_often_a_day_at_most(
    account: SmsAccount, alice: User, sam: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_A_DAY", 2)
    one, two = (ask(account, alice, now, name=name) for name in ("One", "Two"))
    review.remove(sender=one, by=alice, clock=lambda: now)
    review.refuse(sender=two, by=sam, reason="no", now=now)
    later = now + timedelta(days=1) - timedelta(seconds=1)
    with pytest.raises(review.TooMany):
        ask(account, alice, later, name="One")
    with pytest.raises(review.TooMany):
        asking.ask_again(sender=two, words=WORDS, papers=[], by=alice, now=later)
    two.refresh_from_db()
    assert two.state == SenderState.REFUSED
    assert ask(account, alice, later + timedelta(seconds=1), name="One").pk


def test_the_name_of_the_customer_and_what_staff_verified_are_offered(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    account.customer.name = "Café Noir"
    account.customer.save()
    verify(account, sam, now, "Martin", "Boulangerie Martin", "x")
    verify(account, sam, now, "martin.fr", "boulangerie-martin.fr", kind=IdentityKind.DOMAIN)
    assert asking.offers(account=account) == [
        Offer(name="Cafe Noir", origin=Origin.PERSONAL, is_at_once=False),
        Offer(name="Martin", origin=Origin.PERSONAL, is_at_once=True),
        Offer(name="martin.fr", origin=Origin.DOMAIN, is_at_once=True),
    ]


def test_what_is_a_sender_already_is_not_offered(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    verify(account, sam, now, "Martin", "FOURNIL")
    factories.make_sender(account, name="Martin")
    assert [offer.name for offer in asking.offers(account=account)] == ["FOURNIL"]


def test_nothing_verified_of_somebody_else_is_offered(
    account: SmsAccount, mallorys_account: SmsAccount, sam: User, now: datetime
) -> None:
    verify(account, sam, now, "Martin")
    assert "Martin" not in [offer.name for offer in asking.offers(account=mallorys_account)]


def test_verified_names_are_enabled_at_once_and_the_others_go_to_the_desk(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    account.customer.name = "Cafe Noir"
    account.customer.save()
    verify(account, sam, now, "Martin")
    made = asking.ask_for_own(account=account, names=["Martin", "Cafe Noir"], by=alice, now=now)
    assert [(s.name, s.state) for s in made] == [
        ("Martin", SenderState.ENABLED),
        ("Cafe Noir", SenderState.WAITING),
    ]
    assert validity.is_valid(sender_id=made[0].pk, now=now)
    decision = Decision.objects.get()
    assert (decision.request.sender, decision.by) == (made[0], None)
    assert TrailEntry.objects.get(event="sender.enabled", subject=f"sender:{made[0].pk}")


def test_a_verified_name_that_resembles_a_protected_one_goes_to_the_desk(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    factories.make_protected("Orange")
    verify(account, sam, now, "0range")
    (made,) = asking.ask_for_own(account=account, names=["0range"], by=alice, now=now)
    assert made.state == SenderState.WAITING
    assert not Decision.objects.exists()


def test_several_are_asked_for_all_or_none(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    verify(account, sam, now, "Martin")
    with pytest.raises(asking.NotOffered):
        asking.ask_for_own(account=account, names=["Martin", "Orange"], by=alice, now=now)
    assert not Sender.objects.filter(account=account, name="Martin").exists()


def test_a_name_is_the_default_until_another_is(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    one, two = (factories.make_sender(account, name=name) for name in ("One", "Two"))
    for sender in (one, two):
        review.make_default(sender=sender, by=alice, now=now)
    assert list(Sender.objects.filter(is_default=True)) == [two]


def test_only_what_is_enabled_becomes_the_default(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    one = factories.make_sender(account, name="One")
    review.make_default(sender=one, by=alice, now=now)
    with pytest.raises(review.WrongState):
        review.make_default(
            sender=factories.make_sender(account, name="Two", enabled=False), by=alice, now=now
        )
    assert list(Sender.objects.filter(is_default=True)) == [one]
