"""What comes in: once, to whom it belongs, in time or not, and what it is an answer to."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import CreditEntry, EntryKind, SmsAccount, User
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Message
from replies import inbound, judging
from replies.models import Refusal, Reply, ReplyState
from senders.models import Lease, LeaseKind, Sender
from tests import answers, scenes
from tests.answers import OVERSEAS, SHORT
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def entries(account: SmsAccount) -> list[tuple[str, int]]:
    found = CreditEntry.objects.filter(account=account, kind=EntryKind.REPLY).order_by("pk")
    return list(found.values_list("reference", "amount_hundredths"))


def test_a_reply_in_time_is_recorded_and_charged_once(account: SmsAccount, now: datetime) -> None:
    lease = answers.lend(account, at=now)
    reply = answers.receive_one(at=now + HOUR)
    assert (reply.state, reply.account, reply.lease) == (ReplyState.OPEN, account, lease)
    assert (reply.price_hundredths, reply.opened_at) == (100, now + HOUR)
    assert entries(account) == [(f"reply:{reply.uuid}", -100)]
    lease.refresh_from_db()
    assert lease.last_reply_at == now + HOUR


def test_the_same_reply_however_often_it_is_delivered_is_one(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    told = answers.reply(at=now)
    for _delivery in range(3):
        answers.receive([told, told], now=now)
    answers.receive([answers.reply(at=now, carrier_id=told.carrier_id, text="Autre")], now=now)
    assert Reply.objects.get().text == told.text
    assert answers.balance(account) == 999


def test_two_replies_with_the_same_words_are_two(account: SmsAccount, now: datetime) -> None:
    answers.lend(account, at=now)
    answers.receive([answers.reply(at=now), answers.reply(at=now)], now=now)
    assert answers.balance(account) == 998


@pytest.mark.parametrize(
    ("text", "credits"),
    [
        pytest.param("", 1, id="empty"),
        pytest.param("Oui", 1, id="one part"),
        pytest.param("x" * 161, 2, id="two parts"),
        pytest.param("ê" * 70, 1, id="one part of Unicode"),
        pytest.param("ê" * 661, 10, id="ten parts of Unicode"),
        pytest.param("x" * 10_240, 67, id="ten thousand characters"),
        pytest.param("\ufffd", 1, id="what could not be read"),
        pytest.param("{}" * 80, 3, id="pairs"),
    ],
)
def test_each_part_costs_a_credit_and_a_reply_at_least_one(
    account: SmsAccount,
    now: datetime,
    text: str,
    credits: int,  # noqa: A002 (the word of the trade)
) -> None:
    answers.lend(account, at=now)
    reply = answers.receive_one(at=now, text=text)
    assert (reply.state, reply.text) == (ReplyState.OPEN, text)
    assert entries(account) == [(reply.debit_reference, -100 * credits)]


# --- In time or not -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "state", "refusal"),
    [
        (-5 * MINUTE, ReplyState.OPEN, ""),
        (-5 * MINUTE - SECOND, ReplyState.REFUSED, Refusal.EARLY),
        (48 * HOUR, ReplyState.OPEN, ""),
        (48 * HOUR + SECOND, ReplyState.REFUSED, Refusal.LATE),
    ],
    ids=["five minutes before", "earlier", "the last second", "a second late"],
)
def test_the_carriers_moment_decides(
    account: SmsAccount, now: datetime, after: timedelta, state: str, refusal: str
) -> None:
    answers.lend(account, at=now)
    reply = answers.receive_one(at=now + after, now=now + 60 * HOUR)
    assert (reply.state, reply.refusal) == (state, refusal)


def test_a_late_reply_is_charged_to_nobody_and_belongs_to_nobody(
    account: SmsAccount, now: datetime
) -> None:
    lease = answers.lend(account, at=now)
    answers.close(lease, at=now + 48 * HOUR)
    reply = answers.receive_one(at=now + 49 * HOUR)
    assert (reply.account, reply.lease, reply.excerpt) == (None, None, "")
    assert answers.balance(account) == 1_000
    lease.refresh_from_db()
    assert lease.last_reply_at is None


def test_a_reply_in_time_that_is_brought_after_the_lease_closed_is_in_time(
    account: SmsAccount, now: datetime
) -> None:
    answers.close(answers.lend(account, at=now), at=now + 48 * HOUR)
    reply = answers.receive_one(at=now + 47 * HOUR, now=now + 50 * HOUR)
    assert reply.state == ReplyState.OPEN


def test_a_further_message_opens_the_window_anew(account: SmsAccount, now: datetime) -> None:
    answers.lend(account, at=now, accepted_at=now + 40 * HOUR, expires_at=now + 88 * HOUR)
    assert answers.receive_one(at=now + 88 * HOUR).state == ReplyState.OPEN
    assert answers.receive_one(at=now + 88 * HOUR + SECOND).refusal == Refusal.LATE


def test_a_virtual_number_takes_replies_until_its_term_ends(
    account: SmsAccount, now: datetime
) -> None:
    year = timedelta(days=365)
    answers.lend(account, at=now, kind=LeaseKind.VIRTUAL, expires_at=now + year)
    assert answers.receive_one(at=now + year).state == ReplyState.OPEN
    assert answers.receive_one(at=now + year + SECOND).refusal == Refusal.LATE


# --- Whose it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"phone": "+33612345679"}, Refusal.OTHER_PHONE, id="another phone"),
        pytest.param({"number": "38999"}, Refusal.OTHER_NUMBER, id="another number"),
        pytest.param(
            {"phone": "+33612345679", "number": "38999"}, Refusal.UNKNOWN, id="nobody knows"
        ),
        pytest.param({"phone": OVERSEAS}, Refusal.NOT_METROPOLITAN, id="overseas"),
        pytest.param({"phone": "+32470123456"}, Refusal.NOT_METROPOLITAN, id="abroad"),
        pytest.param({"phone": "+33123456789"}, Refusal.NOT_METROPOLITAN, id="no mobile"),
        pytest.param({"phone": "MAISON"}, Refusal.NOT_METROPOLITAN, id="a name"),
    ],
)
def test_what_belongs_to_no_lease_is_refused_with_the_reason(
    account: SmsAccount, now: datetime, changes: dict[str, Any], refusal: Refusal
) -> None:
    lease = answers.lend(account, at=now)
    reply = answers.receive_one(at=now, **changes)
    assert (reply.state, reply.refusal, reply.account) == (ReplyState.REFUSED, refusal, None)
    assert answers.balance(account) == 1_000
    lease.refresh_from_db()
    assert lease.last_reply_at is None


def test_a_phone_overseas_is_refused_even_under_a_lease(account: SmsAccount, now: datetime) -> None:
    answers.lend(account, at=now, phone=OVERSEAS)
    reply = answers.receive_one(at=now, phone=OVERSEAS)
    assert reply.refusal == Refusal.NOT_METROPOLITAN


def test_a_number_of_which_nothing_is_held_any_more_is_unknown(
    account: SmsAccount, now: datetime
) -> None:
    lease = answers.lend(account, at=now)
    Lease.objects.filter(pk=lease.pk).update(is_open=False, is_held=False)
    assert answers.receive_one(at=now).refusal == Refusal.UNKNOWN


def test_a_number_lent_to_two_phones_of_two_accounts_keeps_them_apart(
    account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    other = "+33612345679"
    answers.lend(account, at=now)
    answers.lend(mallorys_account, at=now, phone=other)
    mine, theirs = answers.receive(
        [answers.reply(at=now), answers.reply(at=now, phone=other)], now=now
    )
    assert (mine.account, theirs.account) == (account, mallorys_account)


# --- Before the acceptance is recorded ----------------------------------------------------------


def test_a_reply_that_comes_before_the_acceptance_waits_until_it_is_recorded(
    account: SmsAccount, now: datetime
) -> None:
    lease = answers.lend(account, at=now, first_accepted_at=None, accepted_at=None)
    reply = answers.receive_one(at=now)
    assert (reply.state, reply.not_before) == (ReplyState.WAITING, now + judging.PAUSE)
    assert inbound.apply_group(now=now + SECOND) == 0
    Lease.objects.filter(pk=lease.pk).update(first_accepted_at=now, accepted_at=now)
    assert inbound.apply_group(now=now + judging.PAUSE) == 1
    reply.refresh_from_db()
    assert reply.state == ReplyState.OPEN


def test_a_reply_to_what_the_carrier_never_confirmed_is_refused_in_the_end(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now, first_accepted_at=None, accepted_at=None)
    reply = answers.receive_one(at=now)
    looks, at = 0, now
    while reply.state == ReplyState.WAITING:
        at = reply.not_before
        looks += inbound.apply_group(now=at)
        reply.refresh_from_db()
    assert reply.refusal == Refusal.UNCONFIRMED
    assert timedelta(0) < at - now - judging.PATIENCE < 8 * HOUR
    assert looks < 150


def test_a_late_reply_waits_for_a_further_message_that_is_handed_over_just_now(
    account: SmsAccount, now: datetime
) -> None:
    sent_again = now + 47 * HOUR
    lease = answers.lend(account, at=now, expires_at=sent_again + 48 * HOUR)
    reply = answers.receive_one(at=now + 49 * HOUR)
    assert reply.state == ReplyState.WAITING
    Lease.objects.filter(pk=lease.pk).update(accepted_at=sent_again)
    inbound.apply_group(now=reply.not_before)
    reply.refresh_from_db()
    assert reply.state == ReplyState.OPEN


def test_a_late_reply_is_late_if_the_further_message_does_not_get_through(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now, expires_at=now + 95 * HOUR)
    at = now + 49 * HOUR
    reply = answers.receive_one(at=at)
    inbound.apply_group(now=at + judging.PATIENCE_WHEN_LATE + SECOND)
    reply.refresh_from_db()
    assert reply.refusal == Refusal.LATE


# --- In reply to --------------------------------------------------------------------------------


def test_a_reply_answers_the_last_message_under_the_lease(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now, message_id=17)
    assert answers.receive_one(at=now + HOUR).message_id == 17
    assert answers.receive_one(at=now - MINUTE).message_id == 17


def test_a_reply_from_before_the_last_message_answers_the_one_before_it(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
) -> None:
    for at in (now, now + 2 * HOUR):
        revision = scenes.compose(account, alice, sender, now=at)
        scenes.hand_over_all(revision, carrier, now=at)
    first, last = Message.objects.order_by("pk").values_list("pk", flat=True)
    answers.lend(account, at=now, accepted_at=now + 2 * HOUR, message_id=last)
    assert answers.receive_one(at=now + HOUR, now=now + 3 * HOUR).message_id == first
    assert answers.receive_one(at=now + 3 * HOUR).message_id == last


def test_the_last_reply_is_the_one_with_the_latest_moment(
    account: SmsAccount, now: datetime
) -> None:
    lease = answers.lend(account, at=now)
    answers.receive_one(at=now + 2 * HOUR)
    answers.receive([answers.reply(at=now), answers.reply(at=now + HOUR)], now=now + 3 * HOUR)
    lease.refresh_from_db()
    assert lease.last_reply_at == now + 2 * HOUR


# --- Dying in the middle ------------------------------------------------------------------------


def test_what_fails_half_way_leaves_no_trace_and_is_judged_again(
    account: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.lend(account, at=now)
    inbound.store(replies=[answers.reply(at=now) for _n in range(3)], now=now)
    decide, calls = inbound._decide, []

    def dies(*args: Any, **fields: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        decide(*args, **fields)

    monkeypatch.setattr(inbound, "_decide", dies)
    with pytest.raises(KeyboardInterrupt):
        inbound.apply_group(now=now)
    assert answers.balance(account) == 1_000
    assert set(Reply.objects.values_list("state", flat=True)) == {ReplyState.WAITING}
    monkeypatch.undo()
    assert inbound.apply_group(now=now) == 3
    assert answers.balance(account) == 997


def test_more_than_a_group_is_judged_group_by_group(
    account: SmsAccount, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "GROUP", 3)
    answers.lend(account, at=now)
    inbound.store(replies=[answers.reply(at=now) for _n in range(7)], now=now)
    assert [inbound.apply_group(now=now) for _group in range(4)] == [3, 3, 1, 0]
    assert answers.balance(account) == 993


def test_the_oldest_that_waits_is_known_and_one_put_off_is_not_late(
    account: SmsAccount, now: datetime
) -> None:
    assert inbound.oldest_waiting(now=now) is None
    answers.lend(account, at=now, first_accepted_at=None, accepted_at=None)
    reply = answers.receive_one(at=now)
    assert inbound.oldest_waiting(now=now) is None
    assert inbound.oldest_waiting(now=now + MINUTE) == reply.not_before


def test_the_number_of_a_lease_is_compared_as_the_carrier_writes_it(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    assert answers.receive_one(at=now, number=f"+{SHORT}").refusal == Refusal.OTHER_NUMBER
