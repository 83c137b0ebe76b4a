"""STOP: honoured in every spelling, whatever the balance, however late, and free."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings

from accounts.models import CreditEntry, Customer, EntryKind, SmsAccount, TrailEntry, User
from messaging import campaigns
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Message, OptOut, Revision, Status
from messaging.recipients import optout
from replies.models import Refusal, ReplyState
from senders.models import Lease, Sender
from tests import answers, factories, scenes
from tests.answers import OVERSEAS, SHORT
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONE = scenes.PHONE
CLAUSE = settings.STOP_NUMBER


def opted_out_of(phone: str = PHONE) -> list[int]:
    found = OptOut.objects.filter(phone=phone, until__isnull=True).order_by("account")
    return list(found.values_list("account_id", flat=True))


def charged() -> bool:
    return CreditEntry.objects.filter(kind=EntryKind.REPLY).exists()


@pytest.mark.parametrize(
    "text", ["STOP", " stop. ", "Arrêt!", f"STOP {SHORT}", f"Stop {CLAUSE}", "STOP Martin"]
)
def test_stop_joins_the_opt_outs_of_the_account_that_wrote_and_costs_nothing(
    account: SmsAccount, sender: Sender, now: datetime, text: str
) -> None:
    lease = answers.lend(account, at=now, message_id=17)
    reply = answers.receive_one(at=now + HOUR, text=text)
    assert (reply.state, reply.account, reply.lease) == (ReplyState.STOPPED, account, lease)
    assert (reply.price_hundredths, reply.message_id, reply.excerpt) == (0, 17, text.strip())
    assert opted_out_of() == [account.pk]
    assert not charged()
    opt_out = OptOut.objects.get()
    assert (opt_out.cause, opt_out.since) == ("stop", now + HOUR)
    assert TrailEntry.objects.get(event="opt_out.added").actor is None


@pytest.mark.parametrize("text", ["Ne stop pas", "stop au feu", "STOP Dupont", "Stoppez-moi?"])
def test_a_sentence_with_the_word_is_an_ordinary_reply(
    account: SmsAccount, sender: Sender, now: datetime, text: str
) -> None:
    answers.lend(account, at=now)
    assert answers.receive_one(at=now, text=text).state == ReplyState.OPEN
    assert opted_out_of() == []


def test_stop_without_credit_is_honoured(customer: Customer, now: datetime) -> None:
    poor = factories.make_account(customer)
    answers.lend(poor, at=now)
    assert answers.receive_one(at=now, text="STOP").state == ReplyState.STOPPED
    assert opted_out_of() == [poor.pk]


@pytest.mark.parametrize("after", [49 * HOUR, 29 * DAY], ids=["late", "in a month"])
def test_a_late_stop_belongs_to_the_account_that_had_the_number(
    account: SmsAccount, now: datetime, after: timedelta
) -> None:
    answers.close(answers.lend(account, at=now), at=now + 48 * HOUR)
    reply = answers.receive_one(at=now + after, text="STOP")
    assert (reply.state, reply.account) == (ReplyState.STOPPED, account)
    assert opted_out_of() == [account.pk]


def test_stop_does_not_wait_for_the_acceptance(account: SmsAccount, now: datetime) -> None:
    answers.lend(account, at=now, first_accepted_at=None, accepted_at=None)
    assert answers.receive_one(at=now, text="STOP").state == ReplyState.STOPPED


def test_stop_from_overseas_is_honoured(account: SmsAccount, now: datetime) -> None:
    answers.lend(account, at=now, phone=OVERSEAS)
    answers.receive_one(at=now, phone=OVERSEAS, text="STOP")
    assert opted_out_of(OVERSEAS) == [account.pk]


def test_stop_to_a_number_that_nothing_holds_concerns_nobody(
    account: SmsAccount, now: datetime
) -> None:
    lease = answers.lend(account, at=now)
    Lease.objects.filter(pk=lease.pk).update(is_open=False, is_held=False)
    assert answers.receive_one(at=now, text="STOP").refusal == Refusal.UNKNOWN
    assert opted_out_of() == []


def test_stop_said_twice_is_recorded_twice_and_one_opt_out(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    found = answers.receive([answers.reply(at=now, text="STOP") for _n in range(2)], now=now)
    assert [reply.state for reply in found] == [ReplyState.STOPPED] * 2
    assert opted_out_of() == [account.pk]


def test_a_stop_that_is_delivered_again_undoes_no_removal(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    answers.lend(account, at=now)
    told = answers.reply(at=now, text="STOP")
    answers.receive([told], now=now)
    optout.remove(account=account, phone=PHONE, by=alice, now=now + HOUR)
    answers.receive([told], now=now + HOUR)
    assert opted_out_of() == []


# --- To the number of the clause ----------------------------------------------------------------


def send(
    account: SmsAccount,
    by: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    *,
    now: datetime,
) -> Revision:
    """Send a commercial message, which has the clause, to the phone."""
    revision = scenes.compose(account, by, sender, now=now, is_commercial=True)
    campaigns.confirm(revision=revision, by=by, total_hundredths=100, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    return revision


@pytest.fixture
def wrote(
    account: SmsAccount,
    mallorys_account: SmsAccount,
    alice: User,
    mallory: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
) -> list[int]:
    """Let two accounts write to the phone, each under its name; give both."""
    rival = factories.make_sender(mallorys_account, name="Le Rival")
    send(account, alice, sender, carrier, now=now)
    send(mallorys_account, mallory, rival, carrier, now=now)
    return sorted([account.pk, mallorys_account.pk])


@pytest.mark.parametrize("text", ["STOP", f"STOP {CLAUSE}", "Désabonner", "STOP Dupont"])
def test_stop_to_the_clause_opts_out_of_every_account_that_sent_it_lately(
    wrote: list[int], now: datetime, text: str
) -> None:
    reply = answers.receive_one(at=now + 29 * DAY, number=CLAUSE, text=text)
    assert (reply.state, reply.account, reply.lease) == (ReplyState.STOPPED, None, None)
    assert opted_out_of() == wrote
    assert not charged()


def test_stop_with_the_name_of_a_sender_opts_out_of_that_one(
    wrote: list[int], account: SmsAccount, now: datetime
) -> None:
    answers.receive_one(at=now + HOUR, number=CLAUSE, text="stop martin")
    assert opted_out_of() == [account.pk]


def test_after_30_days_nobody_is_found(wrote: list[int], now: datetime) -> None:
    reply = answers.receive_one(at=now + 31 * DAY, number=CLAUSE, text="STOP")
    assert reply.refusal == Refusal.NO_SENDER
    assert opted_out_of() == []


@pytest.mark.parametrize("text", ["Bonjour", "Ne stop pas", "CONTACT", ""])
def test_anything_else_sent_to_the_clause_does_nothing(
    wrote: list[int], now: datetime, text: str
) -> None:
    assert answers.receive_one(at=now, number=CLAUSE, text=text).refusal == Refusal.NO_STOP
    assert opted_out_of() == []


# --- What follows -------------------------------------------------------------------------------


def test_a_stop_between_confirmation_and_hand_over_skips_and_gives_back(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,  # noqa: F811 (the fixture)
    now: datetime,
) -> None:
    answers.lend(account, at=now)
    revision = scenes.compose(
        account, alice, sender, now=now, numbers=(PHONE, "+33612345679"), is_commercial=True
    )
    campaigns.confirm(revision=revision, by=alice, total_hundredths=200, now=now)
    scenes.leave_all(revision, now=now)
    assert answers.balance(account) == 998
    answers.receive_one(at=now, text="STOP")
    scenes.hand_over_all(revision, carrier, now=now + timedelta(seconds=1))
    skipped = Message.objects.get(recipient=PHONE)
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "opted_out")
    assert Message.objects.exclude(recipient=PHONE).get().status is None
    assert answers.balance(account) == 999
    assert len(carrier.shown_on(PHONE)) == 0
