"""Numbers on their way: each message bears the one lent for it, however often it is tried."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from accounts import ledger, suspension
from accounts.models import SmsAccount, User
from messaging import campaigns, delivery, doorbell, lifeline, pool, recovery
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Ending
from messaging.history import line as find_line
from messaging.models import BatchState, HandOver, HandOverState, Message, Revision, Status
from senders import leases, review, shortnumbers
from senders.models import Lease, Sender, ShortNumber
from tests import factories, scenes

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
PHONES = scenes.numbers(3)


@pytest.fixture
def short(account: SmsAccount, carrier: InProcessCarrier, now: datetime) -> Sender:
    """Give the short-number sender of Alice's account; the carrier's pool is known."""
    pool.refresh(carrier=carrier, now=now)
    return factories.short_sender(account)


@pytest.fixture
def planned(short: Sender, alice: User, now: datetime) -> Revision:
    """A confirmed campaign from the short number to three phones."""
    return plan(short, alice, now=now)


class Failing:
    """A carrier that fails the first submission, after doing the work or not."""

    def __init__(self, carrier: base.Carrier, *, error: Exception, works: bool) -> None:
        self._carrier, self._errors, self._works = carrier, [error], works
        self.submitted: list[base.Chunk] = []

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        self.submitted.append(chunk)
        if not self._errors:
            return self._carrier.submit(chunk, deadline=deadline)
        if self._works:
            self._carrier.submit(chunk, deadline=deadline)
        raise self._errors.pop()

    def look_up(self, references: Sequence[str], *, deadline: float) -> dict[str, base.Answer]:
        return self._carrier.look_up(references, deadline=deadline)

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        return self._carrier.numbers(deadline=deadline)


def plan(sender: Sender, by: User, *, now: datetime, numbers: Sequence[str] = PHONES) -> Revision:
    quoted = scenes.compose(sender.account, by, sender, now=now, numbers=tuple(numbers))
    campaigns.confirm(revision=quoted, by=by, total_hundredths=quoted.total_hundredths, now=now)
    quoted.refresh_from_db()
    return quoted


def lent() -> dict[str, str]:
    return dict(Lease.objects.filter(is_open=True).values_list("phone", "number"))


def senders_shown(carrier: InProcessCarrier) -> dict[str, str]:
    """Give what each phone shows as the sender of its newest message."""
    return {p: carrier.shown_on(p)[0].sender for p in PHONES if carrier.shown_on(p)}


def hand_over(revision: Revision, carrier: base.Carrier, now: datetime) -> HandOver:
    scenes.hand_over_all(revision, carrier, now=now)
    return HandOver.objects.get(batch__revision=revision)


def use_up(account: SmsAccount, phone: str, *, now: datetime) -> None:
    """Let another account hold every number of the pool for a phone."""
    for number in ShortNumber.objects.values_list("number", flat=True):
        factories.make_lease(account, number=number, phone=phone, now=now)


def test_each_message_bears_the_number_lent_for_its_phone(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    done = hand_over(planned, carrier, now + SECOND)
    assert done.state == HandOverState.ANSWERED
    assert senders_shown(carrier) == lent()
    assert set(lent().values()) <= set(carrier.numbers(deadline=1))


def test_the_leases_keep_the_message_and_the_carriers_moment(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    hand_over(planned, carrier, now + HOUR)
    ids = dict(Message.objects.values_list("recipient", "pk"))
    for lease in Lease.objects.all():
        assert lease.message_id == ids[lease.phone]
        assert (lease.first_accepted_at, lease.accepted_at) == (now, now)
        assert (lease.opened_at, lease.expires_at) == (now + HOUR, now + 49 * HOUR)


def test_a_later_campaign_bears_the_same_numbers(
    planned: Revision, short: Sender, alice: User, carrier: InProcessCarrier, now: datetime
) -> None:
    hand_over(planned, carrier, now + SECOND)
    first = senders_shown(carrier)
    hand_over(plan(short, alice, now=now), carrier, now + 40 * HOUR)
    assert senders_shown(carrier) == first
    assert all(len(carrier.shown_on(p)) == 2 for p in PHONES)
    assert Lease.objects.count() == 3


def test_a_virtual_number_is_borne_by_all(
    account: SmsAccount, alice: User, carrier: InProcessCarrier, now: datetime
) -> None:
    virtual = factories.make_virtual(account)
    hand_over(plan(virtual, alice, now=now), carrier, now + SECOND)
    assert senders_shown(carrier) == dict.fromkeys(PHONES, virtual.name) == lent()
    assert set(Lease.objects.values_list("accepted_at", flat=True)) == {now}


def test_a_name_needs_no_number(
    sender: Sender, alice: User, carrier: InProcessCarrier, now: datetime
) -> None:
    hand_over(plan(sender, alice, now=now), carrier, now + SECOND)
    assert senders_shown(carrier) == dict.fromkeys(PHONES, "Martin")
    assert not Lease.objects.exists()


def test_a_phone_without_a_free_number_is_skipped_and_refunded(
    planned: Revision, mallorys_account: SmsAccount, carrier: InProcessCarrier, now: datetime
) -> None:
    use_up(mallorys_account, PHONES[1], now=now)
    before = ledger.balance(account_id=planned.account_id)
    done = hand_over(planned, carrier, now + SECOND)
    assert done.state == HandOverState.ANSWERED
    assert senders_shown(carrier).keys() == {PHONES[0], PHONES[2]}
    skipped = Message.objects.get(recipient=PHONES[1])
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no_number")
    assert ledger.balance(account_id=planned.account_id) == before + skipped.price_hundredths


def test_a_hand_over_without_any_number_is_closed(
    planned: Revision, mallorys_account: SmsAccount, carrier: InProcessCarrier, now: datetime
) -> None:
    for phone in PHONES:
        use_up(mallorys_account, phone, now=now)
    before = ledger.balance(account_id=planned.account_id)
    done = hand_over(planned, carrier, now + SECOND)
    assert (done.state, done.lease_until) == (HandOverState.CLOSED, None)
    assert scenes.batch_of(planned).state == BatchState.LEFT
    assert ledger.balance(account_id=planned.account_id) == before + 300
    assert senders_shown(carrier) == {}


def test_while_no_number_is_known_the_hand_over_waits_and_the_carrier_is_asked(
    planned: Revision,
    carrier: InProcessCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "_publish_once", lambda task, queue: rung.append(task))
    ShortNumber.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        waiting = hand_over(planned, carrier, now + SECOND)
    assert (waiting.state, waiting.trouble) == (HandOverState.READY, "no_pool")
    assert rung == ["messaging.tasks.refresh_pool"]
    assert waiting.not_before > now + SECOND
    pool.refresh(carrier=carrier, now=now)
    delivery.hand_over(
        hand_over_id=waiting.pk, carrier=carrier, clock=scenes.at(waiting.not_before)
    )
    assert senders_shown(carrier) == lent()


@pytest.mark.parametrize(
    "error", [base.NotHandedOver(), base.Throttled(1.0), base.Unavailable()], ids=str
)
def test_a_second_try_bears_the_same_numbers(
    error: base.CarrierError, planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    failing = Failing(carrier, error=error, works=False)
    waiting = hand_over(planned, failing, now + SECOND)
    later = waiting.not_before + HOUR
    delivery.hand_over(hand_over_id=waiting.pk, carrier=failing, clock=scenes.at(later))
    first, second = failing.submitted
    assert first == second
    assert senders_shown(carrier) == lent()


def test_a_lost_answer_is_recovered_with_its_acceptance(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    failing = Failing(carrier, error=base.OutcomeUnknown(), works=True)
    claimed = hand_over(planned, failing, now + SECOND)
    assert not Lease.objects.filter(accepted_at__isnull=False).exists()
    recovery.recover(hand_over_id=claimed.pk, carrier=carrier, clock=scenes.at(now + HOUR))
    ids = dict(Message.objects.values_list("recipient", "pk"))
    noted = Lease.objects.values_list("phone", "message_id", "accepted_at")
    assert set(noted) == {(p, ids[p], now) for p in PHONES}


def test_what_the_carrier_took_of_a_chunk_is_noted_and_the_rest_goes_again(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    failing = Failing(carrier, error=base.OutcomeUnknown(), works=False)
    claimed = hand_over(planned, failing, now + SECOND)
    [chunk] = failing.submitted
    part = base.Chunk(
        sender="", text=chunk.text, message_class=chunk.message_class, clause=chunk.clause,
        validity=chunk.validity, recipients=chunk.recipients[:1],
    )  # fmt: skip
    carrier.submit(part, deadline=1)
    recovery.recover(hand_over_id=claimed.pk, carrier=carrier, clock=scenes.at(now + HOUR))
    assert Lease.objects.filter(accepted_at__isnull=False).get().phone == PHONES[0]
    delivery.hand_over(hand_over_id=claimed.pk, carrier=carrier, clock=scenes.at(now + HOUR))
    assert senders_shown(carrier) == {r.to: r.sender for r in chunk.recipients}
    assert not Lease.objects.filter(accepted_at__isnull=True).exists()


def test_what_the_carrier_refuses_is_not_noted(
    short: Sender, alice: User, carrier: InProcessCarrier, now: datetime
) -> None:
    refused = scenes.phone_ending(Ending.REFUSED)
    hand_over(plan(short, alice, now=now, numbers=(PHONES[0], refused)), carrier, now + SECOND)
    noted = dict(Lease.objects.values_list("phone", "accepted_at"))
    assert noted == {PHONES[0]: now, refused: None}
    assert Message.objects.get(recipient=refused).status == Status.REFUSED


def test_a_claim_that_passed_on_while_numbers_were_lent_hands_nothing_over(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    [waiting] = scenes.leave_all(planned, now=now)

    def clock() -> datetime:
        """Somebody else recovers and claims it before the numbers are on the messages."""
        claimed = HandOver.objects.filter(pk=waiting.pk, state=HandOverState.CLAIMED)
        claimed.update(attempt=F("attempt") + 2)
        return now

    delivery.hand_over(hand_over_id=waiting.pk, carrier=carrier, clock=clock)
    assert lent().keys() == set(PHONES)
    assert senders_shown(carrier) == {}


Stop = Callable[[Revision, User, datetime], object]


def withdraw(revision: Revision, by: User, now: datetime) -> None:
    review.withdraw(sender=revision.sender, by=by, reason="abuse", clock=lambda: now)


def suspend(revision: Revision, by: User, now: datetime) -> None:
    suspension.suspend(account=revision.account, by=by, reason="abuse", clock=lambda: now)


def cancel(revision: Revision, by: User, now: datetime) -> None:
    campaigns.cancel(revision=revision, by=by, now=now)


@pytest.mark.parametrize("stop", [withdraw, suspend, cancel])
def test_what_may_not_leave_takes_no_number(
    stop: Stop, planned: Revision, sam: User, carrier: InProcessCarrier, now: datetime
) -> None:
    scenes.leave_all(planned, now=now)
    stop(planned, sam, now)
    hand_over(planned, carrier, now + SECOND)
    assert not Lease.objects.exists()
    assert senders_shown(carrier) == {}


def test_a_lease_that_ended_between_two_tries_gives_way_to_another(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    failing = Failing(carrier, error=base.NotHandedOver(), works=False)
    waiting = hand_over(planned, failing, now + SECOND)
    HandOver.objects.filter(pk=waiting.pk).update(valid_until=now + 100 * HOUR)
    later = now + 60 * HOUR
    delivery.hand_over(hand_over_id=waiting.pk, carrier=failing, clock=scenes.at(later))
    first, second = ({r.to: r.sender for r in c.recipients} for c in failing.submitted)
    assert all(first[p] != second[p] for p in PHONES)
    assert senders_shown(carrier) == second == lent()


def test_the_number_of_a_message_is_known_afterwards(
    planned: Revision, short: Sender, carrier: InProcessCarrier, now: datetime
) -> None:
    def borne() -> str:
        found = find_line(
            account_id=planned.account_id, campaign=planned.campaign.uuid, revision=1, position=1
        )
        assert found
        return lifeline.short_number_of(line=found)

    assert borne() == ""
    hand_over(planned, carrier, now + SECOND)
    number = senders_shown(carrier)[PHONES[0]]
    assert borne() == number
    # Another number since: the message keeps the one it was sent from.
    later = now + 60 * HOUR
    leases.close_ended(now=later)
    again = shortnumbers.lend(account_id=short.account_id, phones=[PHONES[0]], now=later)
    assert again[PHONES[0]] != number == borne()
