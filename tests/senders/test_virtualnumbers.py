"""Virtual numbers: one account's for a term, open to answers as long, nobody else's for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, TrailEntry, User
from senders import leases, review, upkeep, validity, virtualnumbers
from senders.bulk import Acceptance
from senders.models import Lease, Sender, SenderKind, SenderState
from tests import factories

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUMBER, PHONE, OTHER = "+33755512345", "+33612345678", "+33612345679"


@pytest.fixture
def end(now: datetime) -> datetime:
    """Give the end of the term."""
    return now + 90 * DAY


@pytest.fixture
def virtual(account: SmsAccount, sam: User, now: datetime, end: datetime) -> Sender:
    """Give a virtual number of Alice's account."""
    return assign(account, sam, until=end, now=now)


@pytest.fixture
def neighbour(sam: User) -> SmsAccount:
    """Give the account of another customer in France."""
    return factories.make_account(factories.make_customer(name="Boucherie Durand"))


def assign(account: SmsAccount, by: User, *, until: datetime, now: datetime) -> Sender:
    return virtualnumbers.assign(account=account, number=NUMBER, until=until, by=by, now=now)


def valid(sender: Sender, *moments: datetime) -> list[bool]:
    return [validity.is_valid(sender_id=sender.pk, now=m) for m in moments]


def test_an_assigned_number_is_a_sender_while_its_term_runs(
    virtual: Sender, now: datetime, end: datetime
) -> None:
    assert (virtual.kind, virtual.state) == (SenderKind.VIRTUAL, SenderState.ENABLED)
    assert valid(virtual, now - HOUR, now, end - HOUR, end) == [False, True, True, False]
    offered = [virtual in review.choosable(account=virtual.account, now=m) for m in (now, end)]
    assert offered == [True, False]
    entry = TrailEntry.objects.get(event="sender.assigned")
    assert entry.subject == f"sender:{virtual.pk}"


def test_a_customer_elsewhere_gets_none(
    mallorys_account: SmsAccount, sam: User, now: datetime, end: datetime
) -> None:
    with pytest.raises(virtualnumbers.NotInFrance):
        assign(mallorys_account, sam, until=end, now=now)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("+33123456789", id="a line in Paris"),
        pytest.param("+590690123456", id="overseas"),
        pytest.param("+447911123456", id="another country"),
        pytest.param("0755512345", id="not international"),
        pytest.param("+33 7 55 51 23 45", id="with spaces"),
        pytest.param("38001", id="a short number"),
    ],
)
def test_only_mobile_numbers_of_metropolitan_france_are_assigned(
    number: str, account: SmsAccount, sam: User, now: datetime, end: datetime
) -> None:
    with pytest.raises(virtualnumbers.NotMetropolitan):
        virtualnumbers.assign(account=account, number=number, until=end, by=sam, now=now)


def test_a_term_ends_later_than_now(account: SmsAccount, sam: User, now: datetime) -> None:
    with pytest.raises(virtualnumbers.TermOver):
        assign(account, sam, until=now, now=now)


def test_a_number_is_one_accounts_at_a_time(
    virtual: Sender, neighbour: SmsAccount, sam: User, now: datetime, end: datetime
) -> None:
    for account in (virtual.account, neighbour):
        with pytest.raises(virtualnumbers.NumberTaken):
            assign(account, sam, until=end, now=now)


def test_a_number_goes_to_another_account_when_nothing_of_it_is_held(
    virtual: Sender, neighbour: SmsAccount, sam: User, now: datetime, end: datetime
) -> None:
    virtualnumbers.lend(sender=virtual, phones=[PHONE], now=now)
    upkeep.run(now=end)
    later = end + 30 * DAY
    with pytest.raises(virtualnumbers.NumberHeld):
        assign(neighbour, sam, until=later + DAY, now=end + HOUR)
    upkeep.run(now=later)
    assert assign(neighbour, sam, until=later + DAY, now=later).account == neighbour
    virtual.refresh_from_db()
    assert virtual.state == SenderState.ENDED


def test_the_same_account_may_have_it_again_at_once(
    virtual: Sender, sam: User, now: datetime, end: datetime
) -> None:
    virtualnumbers.lend(sender=virtual, phones=[PHONE], now=now)
    again = assign(virtual.account, sam, until=end + DAY, now=end)
    assert again == virtual
    assert valid(again, end - HOUR, end, end + DAY) == [True, True, False]
    upkeep.run(now=end)
    assert virtualnumbers.lend(sender=again, phones=[PHONE], now=end) == {PHONE: NUMBER}
    lease = Lease.objects.get()
    assert (lease.is_open, lease.closed_at, lease.expires_at) == (True, None, end + DAY)


def test_the_number_is_lent_to_each_phone_until_the_term_ends(
    virtual: Sender, now: datetime, end: datetime
) -> None:
    for moment in (now, now + 60 * DAY):
        lent = leases.lend(sender=virtual, phones=[PHONE, OTHER, PHONE], now=moment)
        assert lent == {PHONE: NUMBER, OTHER: NUMBER}
    for lease in Lease.objects.all():
        assert (lease.kind, lease.opened_at, lease.expires_at) == ("virtual", now, end)


def test_a_message_does_not_move_the_end_of_a_virtual_lease(
    virtual: Sender, now: datetime, end: datetime
) -> None:
    leases.lend(sender=virtual, phones=[PHONE], now=now)
    told = Acceptance(number=NUMBER, phone=PHONE, message_id=7, accepted_at=end - HOUR)
    leases.accept(account_id=virtual.account_id, acceptances=[told])
    lease = Lease.objects.get()
    assert (lease.message_id, lease.expires_at) == (7, end)


def test_the_short_number_and_a_virtual_one_are_lent_to_the_same_phone(
    virtual: Sender, now: datetime
) -> None:
    factories.make_pool(3, now=now)
    short = factories.short_sender(virtual.account)
    lent = [leases.lend(sender=s, phones=[PHONE], now=now) for s in (short, virtual, short)]
    assert lent[0] == lent[2] != lent[1]
    assert Lease.objects.filter(is_open=True).count() == 2


def test_moving_the_end_moves_validity_and_leases(
    virtual: Sender, sam: User, now: datetime, end: datetime
) -> None:
    leases.lend(sender=virtual, phones=[PHONE], now=now)
    virtualnumbers.move_end(sender=virtual, until=end + DAY, by=sam, now=now)
    assert valid(virtual, end, end + DAY) == [True, False]
    assert Lease.objects.get().expires_at == end + DAY == virtual.term_ends_at


def test_an_end_is_not_moved_into_the_past_nor_after_it(
    virtual: Sender, sam: User, now: datetime, end: datetime
) -> None:
    with pytest.raises(virtualnumbers.TermOver):
        virtualnumbers.move_end(sender=virtual, until=now, by=sam, now=now)
    with pytest.raises(virtualnumbers.NotRunning):
        virtualnumbers.move_end(sender=virtual, until=end + DAY, by=sam, now=end)


def test_a_number_put_aside_comes_back_until_its_term_ends(
    virtual: Sender, alice: User, now: datetime, end: datetime
) -> None:
    review.disable(sender=virtual, by=alice, clock=lambda: now + HOUR)
    assert virtual not in review.choosable(account=virtual.account, now=now + HOUR)
    review.enable(sender=virtual, by=alice, now=now + 2 * HOUR)
    moments = [now, now + HOUR, now + 2 * HOUR, end]
    assert valid(virtual, *moments) == [True, False, True, False]


def test_a_number_put_aside_does_not_come_back_after_its_term(
    virtual: Sender, alice: User, now: datetime, end: datetime
) -> None:
    review.disable(sender=virtual, by=alice, clock=lambda: now)
    with pytest.raises(review.WrongState) as refusal:
        review.enable(sender=virtual, by=alice, now=end)
    assert refusal.value.state == SenderState.ENDED
    assert Sender.objects.get(pk=virtual.pk).state == SenderState.DISABLED


def test_a_number_that_staff_withdraw_is_over_at_once(
    virtual: Sender, sam: User, now: datetime
) -> None:
    leases.lend(sender=virtual, phones=[PHONE], now=now)
    stop = now + HOUR
    review.withdraw(sender=virtual, by=sam, reason="abuse", clock=lambda: stop)
    assert valid(virtual, now, stop) == [True, False]
    upkeep.run(now=stop)
    assert not Lease.objects.get().is_open


@pytest.mark.parametrize("step", [upkeep.run, virtualnumbers.end_terms])
def test_a_term_ends_once(step: Callable[..., None], virtual: Sender, end: datetime) -> None:
    step(now=end)
    step(now=end)
    assert Sender.objects.get(pk=virtual.pk).state == SenderState.ENDED
    assert TrailEntry.objects.filter(event="sender.ended").count() == 1
