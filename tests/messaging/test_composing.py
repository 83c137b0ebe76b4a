"""Composing: one recipient leaves at once, several wait for a review, nothing is sent twice."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts import ledger
from accounts.models import CreditEntry, Destination, EntryKind, SmsAccount, User
from messaging import campaigns, composing, sms
from messaging.models import (
    BatchState,
    Campaign,
    Message,
    OptOutCause,
    RefusedRow,
    Revision,
    RevisionState,
)
from messaging.recipients import optout
from senders import review
from senders.models import Sender
from tests import scenes

PARIS = ZoneInfo("Europe/Paris")

pytestmark = pytest.mark.django_db


def debits(account: SmsAccount) -> list[int]:
    entries = CreditEntry.objects.filter(account=account, kind=EntryKind.CAMPAIGN)
    return list(entries.values_list("amount_hundredths", flat=True))


def test_one_recipient_is_planned_and_debited_at_once(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    before = ledger.balance(account_id=account.pk)
    revision = scenes.compose(account, alice, sender, now=now)

    assert revision.state == RevisionState.SCHEDULED
    assert revision.total_hundredths == 100
    assert ledger.balance(account_id=account.pk) == before - 100
    batch = scenes.batch_of(revision)
    assert (batch.state, batch.not_before, batch.messages) == (BatchState.SCHEDULED, now, 1)
    message = Message.objects.get()
    assert (message.recipient, message.country, message.parts) == (scenes.PHONE, "FR", 1)
    assert message.operator == "SFR"


def test_a_price_is_parts_times_the_destination(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    Destination.objects.update_or_create(country="IN", defaults={"price_hundredths": 40})
    revision = scenes.compose(
        account, alice, sender, now=now, numbers=("+919876543210",), text="a" * 161
    )
    assert revision.total_hundredths == 80
    assert debits(account) == [-80]


def test_commercial_texts_carry_and_pay_for_the_clause(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    short = scenes.compose(account, alice, sender, now=now, is_commercial=True, text="a" * 149)
    long = scenes.compose(account, alice, sender, now=now, is_commercial=True, text="a" * 150)

    assert short.clause == "\nSTOP:36111"
    assert (short.total_hundredths, long.total_hundredths) == (100, 200)
    assert short.declared_by is None


def test_a_declaration_of_not_commercial_keeps_who_and_when(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    assert (revision.declared_by, revision.declared_at) == (alice, now)
    assert revision.clause == ""


def test_a_commercial_sms_waits_for_legal_hours(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    night = datetime(2027, 3, 10, 22, tzinfo=PARIS)
    revision = scenes.compose(account, alice, sender, now=night, is_commercial=True)
    assert scenes.batch_of(revision).not_before == datetime(2027, 3, 11, 8, tzinfo=PARIS)


def test_several_recipients_wait_for_a_review_and_cost_nothing_yet(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    given = ("+33612345678", "0033612345679", "0612345680", "+33 6 12 34 56 78", "+1264")
    revision = scenes.compose(account, alice, sender, now=now, numbers=given)

    assert revision.state == RevisionState.QUOTED
    assert (revision.messages, revision.duplicates, revision.refused) == (2, 1, 2)
    assert revision.total_hundredths == 200
    assert debits(account) == []
    refused = RefusedRow.objects.order_by("position").values_list("position", "given", "reason")
    assert list(refused) == [(3, "0612345680", "NATIONAL_FORMAT"), (5, "+1264", "TOO_SHORT")]


def test_opted_out_recipients_are_left_out_of_the_quote(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    optout.add(account=account, phone="+33612345678", cause=OptOutCause.MANUAL, now=now)
    revision = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))
    one_less = scenes.compose(
        account, alice, sender, now=now, numbers=(*scenes.numbers(2), scenes.PHONE)
    )
    assert (revision.messages, revision.opted_out) == (2, 0)
    assert (one_less.messages, one_less.opted_out) == (2, 1)


def test_the_same_form_again_is_the_same_revision(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    draft = scenes.make_draft(sender)
    first = composing.compose(account=account, by=alice, draft=draft, now=now)
    again = [
        composing.compose(account=account, by=alice, draft=draft, now=now + timedelta(seconds=s))
        for s in range(20)
    ]
    assert {r.pk for r in again} == {first.pk}
    assert debits(account) == [-100]


def test_the_same_form_with_other_words_is_refused_and_sends_nothing(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    key = uuid.uuid4()
    scenes.compose(account, alice, sender, now=now, key=key)
    with pytest.raises(composing.AlreadySent):
        scenes.compose(account, alice, sender, now=now, key=key, text="Autre chose")
    assert debits(account) == [-100]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"text": ""}, composing.BadText, id="empty text"),
        pytest.param({"text": " \u200b\n"}, composing.BadText, id="invisible text"),
        pytest.param({"text": "a\0"}, composing.BadText, id="NUL"),
        pytest.param({"text": "a\ud83d"}, composing.BadText, id="lone surrogate"),
        pytest.param({"text": "a" * 40_000}, composing.TooManyParts, id="more than 255 parts"),
        pytest.param({"numbers": ()}, campaigns.NoRecipient, id="nobody"),
        pytest.param({"numbers": ("12",)}, campaigns.NoRecipient, id="a wrong number"),
        pytest.param({"numbers": ("+819012345678",)}, campaigns.NoRecipient, id="no price"),
    ],
)
def test_a_refused_draft_writes_nothing(
    account: SmsAccount,
    alice: User,
    sender: Sender,
    now: datetime,
    changes: dict[str, object],
    refusal: type[Exception],
) -> None:
    Destination.objects.filter(country="JP").delete()
    with pytest.raises(refusal):
        scenes.compose(account, alice, sender, now=now, **changes)
    assert not Campaign.objects.exists()
    assert not Message.objects.exists()
    assert debits(account) == []


def test_a_text_of_255_parts_is_taken(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now, text="a" * 153 * sms.MAX_PARTS)
    assert revision.parts == sms.MAX_PARTS


def test_a_moment_in_the_past_is_refused(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    with pytest.raises(campaigns.PastMoment):
        scenes.compose(account, alice, sender, now=now, due_at=now - timedelta(seconds=1))
    with pytest.raises(campaigns.TooFarAhead):
        scenes.compose(account, alice, sender, now=now, due_at=now + timedelta(days=367))


def test_without_credit_nothing_is_written(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    parts = ledger.balance(account_id=account.pk) // 100
    text = "a" * 153 * 250
    times = parts // 250
    for _time in range(times):
        scenes.compose(account, alice, sender, now=now, text=text)
    with pytest.raises(ledger.InsufficientCredits):
        scenes.compose(account, alice, sender, now=now, text=text)
    assert Revision.objects.count() == times
    assert ledger.balance(account_id=account.pk) >= 0


def test_a_disabled_sender_is_refused(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    review.disable(sender=sender, by=alice, clock=lambda: now)
    with pytest.raises(campaigns.SenderNotEnabled):
        scenes.compose(account, alice, sender, now=now + timedelta(seconds=1))
    assert not Revision.objects.exists()


def test_a_sender_of_another_account_is_refused(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, mallorys_account: SmsAccount
) -> None:
    with pytest.raises(campaigns.SenderNotEnabled):
        scenes.compose(mallorys_account, alice, sender, now=now)
