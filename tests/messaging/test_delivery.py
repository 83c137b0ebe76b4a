"""Delivery: claimed once, handed over once, recovered by asking, refunded when it never left."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn
from zoneinfo import ZoneInfo

import pytest

from accounts import ledger, suspension
from accounts.models import SmsAccount, User
from messaging import (
    campaigns,
    claims,
    closing,
    delivery,
    hand_overs,
    pauses,
    quote,
    recording,
    recovery,
    sweep,
)
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Ending
from messaging.hand_overs import Others
from messaging.models import (
    Batch,
    BatchState,
    CarrierPause,
    HandOver,
    HandOverState,
    Message,
    OptOutCause,
    Revision,
    RevisionState,
    Status,
)
from messaging.recipients import optout
from senders import review
from senders.models import Sender
from tests import scenes

PARIS = ZoneInfo("Europe/Paris")

pytestmark = pytest.mark.django_db


class Broken:
    """A carrier that fails as it is told, after doing the work or not."""

    name = "broken"

    def __init__(self, carrier: base.Carrier, *, error: Exception, works: bool) -> None:
        self._carrier, self._error, self._works = carrier, error, works

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        if self._works:
            self._carrier.submit(chunk, deadline=deadline)
        raise self._error

    def look_up(self, references: Sequence[str], *, deadline: float) -> dict[str, base.Answer]:
        raise self._error

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        raise self._error


@pytest.fixture
def planned(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A confirmed campaign to 700 phones: one batch, two hand-overs."""
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(700))
    quote.load_by_id(revision_id=revision.pk, clock=scenes.at(now))
    revision.refresh_from_db()
    campaigns.confirm(
        revision=revision, by=alice, total_hundredths=revision.total_hundredths, now=now
    )
    revision.refresh_from_db()
    return revision


def be_at_work(batch: Batch, *, count: int, now: datetime) -> None:
    """Have others hold so many hand-overs of a batch."""
    HandOver.objects.bulk_create(
        HandOver(
            account_id=batch.account_id,
            batch=batch,
            first_message_id=-n,
            last_message_id=-n,
            state=HandOverState.CLAIMED,
            not_before=now,
            valid_until=now,
        )
        for n in range(1, count + 1)
    )


def taken(carrier: InProcessCarrier) -> int:
    """Count the messages that the carrier accepted: each phone shows its own."""
    return sum(len(carrier.shown_on(phone)) for phone in scenes.numbers(700))


def test_a_batch_leaves_when_it_is_due_and_not_before(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    due = now + timedelta(hours=1)
    revision = scenes.compose(account, alice, sender, now=now, due_at=due)
    assert scenes.leave_all(revision, now=due - timedelta(seconds=1)) == []

    [hand_over] = scenes.leave_all(revision, now=due)
    batch, revision = scenes.batch_of(revision), Revision.objects.get()
    assert (batch.state, batch.departed_at) == (BatchState.LEAVING, due)
    assert revision.state == RevisionState.LEAVING
    assert hand_over.state == HandOverState.READY


def test_a_sender_tells_when_it_was_last_used(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for minutes, told in ((0, 0), (0.9, 0), (1, 1), (30, 30)):
        moment = now + timedelta(minutes=minutes)
        scenes.leave_all(scenes.compose(account, alice, sender, now=moment), now=moment)
        sender.refresh_from_db()
        assert sender.last_used_at == now + timedelta(minutes=told)


def test_a_campaign_goes_through_in_chunks_and_is_then_left(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    scenes.hand_over_all(planned, carrier, now=now)
    planned.refresh_from_db()
    assert planned.state == RevisionState.LEFT
    assert [h.state for h in HandOver.objects.all()] == [HandOverState.ANSWERED] * 2
    assert taken(carrier) == 700


def test_a_hand_over_rung_for_twice_reaches_the_carrier_once(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    for _ring in range(3):
        delivery.hand_over(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(now))
    first.refresh_from_db()
    assert (first.state, first.attempt) == (HandOverState.ANSWERED, 1)
    assert taken(carrier) == 500


def test_what_the_carrier_refuses_is_given_back(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, carrier: InProcessCarrier
) -> None:
    before = ledger.balance(account_id=account.pk)
    revision = scenes.compose(
        account, alice, sender, now=now, numbers=(scenes.phone_ending(Ending.REFUSED),)
    )
    scenes.hand_over_all(revision, carrier, now=now)
    message = Message.objects.get()
    assert message.status == Status.REFUSED
    assert message.reason
    assert ledger.balance(account_id=account.pk) == before


@pytest.mark.parametrize(
    ("error", "delay"),
    [
        pytest.param(base.NotHandedOver(), 2, id="connection refused"),
        pytest.param(base.Unavailable(), 2, id="not now"),
        pytest.param(base.Throttled(7.0), 7, id="too fast"),
        pytest.param(base.Misconfigured(), 60, id="wrong token"),
    ],
)
def test_a_chunk_that_was_not_taken_is_put_off(
    planned: Revision,
    carrier: InProcessCarrier,
    now: datetime,
    error: base.CarrierError,
    delay: int,
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    broken = Broken(carrier, error=error, works=False)
    delivery.hand_over(hand_over_id=first.pk, carrier=broken, clock=scenes.at(now))
    first.refresh_from_db()
    assert first.state == HandOverState.READY
    assert first.not_before == now + timedelta(seconds=delay)
    assert not Message.objects.filter(status__isnull=False).exists()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        pytest.param(base.Throttled(7.0), 7, id="too fast"),
        pytest.param(base.Misconfigured(), 60, id="wrong token"),
    ],
)
def test_nobody_hands_over_while_the_carrier_wants_a_pause(
    planned: Revision,
    carrier: InProcessCarrier,
    now: datetime,
    error: base.CarrierError,
    seconds: int,
) -> None:
    first, second = scenes.leave_all(planned, now=now)
    broken = Broken(carrier, error=error, works=False)
    delivery.hand_over(hand_over_id=first.pk, carrier=broken, clock=scenes.at(now))
    meanwhile = now + timedelta(seconds=seconds - 1)
    delivery.hand_over(hand_over_id=second.pk, carrier=carrier, clock=scenes.at(meanwhile))
    assert taken(carrier) == 0
    afterwards = now + timedelta(seconds=seconds)
    delivery.deliver(account_id=planned.account_id, carrier=carrier, clock=scenes.at(afterwards))
    assert taken(carrier) == 700


def test_a_carrier_that_takes_nothing_for_now_does_not_stop_the_others(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    first, second = scenes.leave_all(planned, now=now)
    broken = Broken(carrier, error=base.Unavailable(), works=False)
    delivery.hand_over(hand_over_id=first.pk, carrier=broken, clock=scenes.at(now))
    delivery.hand_over(hand_over_id=second.pk, carrier=carrier, clock=scenes.at(now))
    assert taken(carrier) == 200


def test_a_shorter_pause_does_not_end_a_longer_one(now: datetime) -> None:
    pauses.begin(until=now + timedelta(seconds=60))
    pauses.begin(until=now + timedelta(seconds=1))
    assert CarrierPause.objects.get().until == now + timedelta(seconds=60)


@pytest.mark.parametrize("works", [True, False], ids=["it was taken", "it was not"])
def test_an_unknown_outcome_is_asked_about_and_nothing_is_sent_twice(
    planned: Revision,
    carrier: InProcessCarrier,
    now: datetime,
    works: bool,
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    broken = Broken(carrier, error=base.OutcomeUnknown(), works=works)
    delivery.hand_over(hand_over_id=first.pk, carrier=broken, clock=scenes.at(now))
    first.refresh_from_db()
    assert first.state == HandOverState.CLAIMED

    later = now + timedelta(seconds=3)
    recovery.recover(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(later))
    first.refresh_from_db()
    assert first.state == (HandOverState.ANSWERED if works else HandOverState.READY)
    delivery.hand_over(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(later))
    assert taken(carrier) == 500


def test_what_the_carrier_fails_to_take_is_tried_again_with_growing_pauses(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    broken = Broken(carrier, error=base.OutcomeUnknown(), works=False)
    waits = []
    for _time in range(7):
        delivery.hand_over(hand_over_id=first.pk, carrier=broken, clock=scenes.at(now))
        now += delivery.ASK_AFTER
        recovery.recover(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(now))
        first.refresh_from_db()
        waits.append((first.not_before - now).total_seconds())
        now = first.not_before
    assert waits == [0, 2, 5, 15, 30, 60, 60]


def test_a_worker_that_wakes_after_its_lease_records_nothing(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    claim = claims.claim(hand_over_id=first.pk, clock=scenes.at(now))
    assert claim is not None
    later = now + claims.LEASE
    recovery.recover(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(later))
    refused = [
        base.Answer(
            reference=r, accepted=False, carrier_id="", code=base.Refusal.NUMBER, accepted_at=None
        )
        for r in claim.ids
    ]

    recording.of_answers(claim, refused, now=later).record()
    first.refresh_from_db()
    assert first.state == HandOverState.READY
    assert not Message.objects.filter(status__isnull=False).exists()


def disable_sender(revision: Revision, by: User, now: datetime) -> None:
    review.disable(sender=revision.sender, by=by, clock=lambda: now)


def opt_all_out(revision: Revision, by: User, now: datetime) -> None:
    for phone in scenes.numbers(700):
        optout.add(account=revision.account, phone=phone, cause=OptOutCause.STOP, now=now)


@pytest.mark.parametrize("happens", [disable_sender, opt_all_out])
def test_what_may_no_longer_be_sent_is_skipped_and_given_back(
    planned: Revision,
    carrier: InProcessCarrier,
    alice: User,
    now: datetime,
    happens: Callable[[Revision, User, datetime], None],
) -> None:
    balance = ledger.balance(account_id=planned.account_id)
    happens(planned, alice, now)
    scenes.hand_over_all(planned, carrier, now=now + timedelta(seconds=1))
    planned.refresh_from_db()
    assert planned.state == RevisionState.LEFT
    assert Message.objects.filter(status=Status.SKIPPED).count() == 700
    assert ledger.balance(account_id=planned.account_id) == balance + 70_000
    assert taken(carrier) == 0


def test_who_opted_out_since_the_quote_is_skipped_alone(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    phone = scenes.numbers(3)[2]
    optout.add(account=planned.account, phone=phone, cause=OptOutCause.STOP, now=now)
    scenes.hand_over_all(planned, carrier, now=now)
    skipped = Message.objects.get(status=Status.SKIPPED)
    assert (skipped.recipient, skipped.reason) == (phone, "opted_out")
    assert taken(carrier) == 699


def test_a_suspended_account_waits(
    planned: Revision, carrier: InProcessCarrier, sam: User, now: datetime
) -> None:
    suspension.suspend(account=planned.account, by=sam, reason="unpaid", clock=lambda: now)
    scenes.hand_over_all(planned, carrier, now=now + timedelta(seconds=1))
    assert {h.trouble for h in HandOver.objects.all()} == {"suspended"}
    assert taken(carrier) == 0


def test_a_commercial_hand_over_that_meets_the_evening_waits_for_the_morning(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier
) -> None:
    evening = datetime(2027, 3, 10, 19, 58, 59, tzinfo=PARIS)
    revision = scenes.compose(account, alice, sender, now=evening, is_commercial=True)
    [hand_over] = scenes.leave_all(revision, now=evening)
    closed = evening + timedelta(seconds=1)
    delivery.hand_over(hand_over_id=hand_over.pk, carrier=carrier, clock=scenes.at(closed))
    hand_over.refresh_from_db()
    assert (hand_over.state, hand_over.trouble) == (HandOverState.READY, "legal_hours")
    assert hand_over.not_before == datetime(2027, 3, 11, 8, tzinfo=PARIS)
    assert taken(carrier) == 0


def test_cancelled_while_it_waited_is_not_claimed(
    planned: Revision, carrier: InProcessCarrier, alice: User, now: datetime
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    Batch.objects.update(cancel_requested=True)
    delivery.hand_over(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(now))
    first.refresh_from_db()
    assert first.state == HandOverState.CLOSED
    assert Message.objects.filter(status=Status.CANCELLED).count() == 500
    assert taken(carrier) == 0


def test_what_never_left_within_its_validity_is_given_back(
    planned: Revision, now: datetime
) -> None:
    balance = ledger.balance(account_id=planned.account_id)
    hand_overs = scenes.leave_all(planned, now=now)
    late = now + claims.VALIDITY
    for h in hand_overs:
        recovery.expire(hand_over_id=h.pk, clock=scenes.at(late - timedelta(seconds=1)))
    assert not Message.objects.filter(status__isnull=False).exists()
    for h in hand_overs:
        recovery.expire(hand_over_id=h.pk, clock=scenes.at(late))
    assert Message.objects.filter(status=Status.NOT_SENT).count() == 700
    assert ledger.balance(account_id=planned.account_id) == balance + 70_000


@pytest.mark.parametrize(
    ("state", "others"),
    [
        (HandOverState.READY, Others.WAIT),
        (HandOverState.CLAIMED, Others.ARE_WITH_THE_CARRIER),
        (HandOverState.ANSWERED, Others.ARE_THROUGH),
        (HandOverState.CLOSED, Others.ARE_THROUGH),
    ],
)
def test_an_answer_is_told_how_far_the_others_of_its_batch_are(
    planned: Revision, now: datetime, state: HandOverState, others: Others
) -> None:
    one, other = scenes.leave_all(planned, now=now)
    HandOver.objects.filter(pk=one.pk).update(state=HandOverState.CLAIMED, attempt=1)
    HandOver.objects.filter(pk=other.pk).update(state=state)
    mark = partial(hand_overs.mark_answered, hand_over_id=one.pk, answered_at=now)
    assert mark(attempt=2) is None
    assert mark(attempt=1) is others


def test_a_batch_is_finished_in_the_transaction_of_its_last_answer(
    planned: Revision, carrier: InProcessCarrier, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "finish_if_through", lambda *, batch_id: None)
    one, other = scenes.leave_all(planned, now=now)
    for hand_over, state in ((one, BatchState.LEAVING), (other, BatchState.LEFT)):
        delivery.hand_over(hand_over_id=hand_over.pk, carrier=carrier, clock=scenes.at(now))
        assert scenes.batch_of(planned).state == state


def test_an_account_has_a_bounded_number_of_hand_overs_in_flight(
    planned: Revision, carrier: InProcessCarrier, now: datetime
) -> None:
    first, _second = scenes.leave_all(planned, now=now)
    be_at_work(first.batch, count=claims.IN_FLIGHT, now=now)
    delivery.hand_over(hand_over_id=first.pk, carrier=carrier, clock=scenes.at(now))
    first.refresh_from_db()
    assert first.state == HandOverState.READY


@pytest.mark.parametrize(
    ("at_work", "waiting", "rung"),
    [
        pytest.param(0, 0, 1, id="nobody"),
        pytest.param(claims.IN_FLIGHT - 1, 0, 1, id="another may go"),
        pytest.param(claims.IN_FLIGHT, 0, 0, id="as many as may be are at work"),
        pytest.param(0, 1, 0, id="somebody was called already"),
    ],
)
def test_a_batch_that_leaves_wakes_nobody_who_comes_anyway(
    planned: Revision,
    now: datetime,
    rings: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
    at_work: int,
    waiting: int,
    rung: int,
) -> None:
    batch = scenes.batch_of(planned)
    be_at_work(batch, count=at_work + waiting, now=now)
    HandOver.objects.filter(first_message_id__lt=-at_work).update(
        state=HandOverState.READY, valid_until=now + timedelta(hours=1)
    )
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        delivery.leave(batch_id=batch.pk, clock=scenes.at(now))
    assert rings == [("deliver", planned.account_id)] * rung


@pytest.mark.parametrize(
    ("waiting", "others", "trouble", "rung"),
    [
        pytest.param(1, 0, None, 0, id="all there is"),
        pytest.param(2, 0, None, 0, id="the next is taken by who asks"),
        pytest.param(3, 0, None, 1, id="more waits"),
        pytest.param(3, claims.IN_FLIGHT - 2, None, 1, id="one more may go"),
        pytest.param(3, claims.IN_FLIGHT - 1, None, 0, id="as many as may be are at work"),
        pytest.param(3, 0, base.NotHandedOver(), 0, id="the carrier cannot be reached"),
    ],
)
def test_who_finds_much_to_hand_over_wakes_another(
    planned: Revision,
    carrier: InProcessCarrier,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    rings: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
    waiting: int,
    others: int,
    trouble: base.CarrierError | None,
    rung: int,
) -> None:
    monkeypatch.setattr(delivery, "HAND_OVER_SIZE", 200)
    first, *more = scenes.leave_all(planned, now=now)
    for hand_over in more[waiting - 1 :]:
        hand_over.delete()
    be_at_work(first.batch, count=others, now=now)

    def fail(*_args: object, **_kwargs: object) -> NoReturn:
        raise trouble or AssertionError

    if trouble:
        monkeypatch.setattr(carrier, "submit", fail)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        delivery.deliver(account_id=planned.account_id, carrier=carrier, clock=scenes.at(now))
    assert rings == [("deliver", planned.account_id)] * rung
    assert taken(carrier) == (0 if trouble else 200 * waiting)


def test_the_sweep_rings_for_everything_that_is_due(
    planned: Revision,
    now: datetime,
    rings: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    def swept(moment: datetime) -> list[str]:
        rings.clear()
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            sweep.run(now=moment)
        return [task for task, _row in rings]

    assert swept(now) == ["leave"]
    first, _second = scenes.leave_all(planned, now=now)
    assert swept(now) == ["deliver"]
    claims.claim(hand_over_id=first.pk, clock=scenes.at(now))
    assert swept(now) == ["deliver"]
    assert swept(now + claims.LEASE) == ["deliver", "recover"]
    assert swept(now + claims.VALIDITY) == ["recover", "expire"]
