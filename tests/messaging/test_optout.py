"""Opt-outs: joined once, left by a person with a name, told in the trail with a masked number."""

from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, TrailEntry, User
from messaging import campaigns
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import Message, OptOut, OptOutCause, Revision, Status
from messaging.recipients import optout
from senders.models import Sender
from tests import factories, scenes

MONTH = timedelta(days=30)


def opted_out(account: SmsAccount) -> bool:
    return bool(optout.opted_out(account_id=account.pk, phones=[scenes.PHONE]))


def stop(account: SmsAccount, *, now: datetime) -> bool:
    return optout.add(account=account, phone=scenes.PHONE, cause=OptOutCause.STOP, now=now)


def test_joining_twice_is_one_opt_out(account: SmsAccount, now: datetime) -> None:
    assert (stop(account, now=now), stop(account, now=now)) == (True, False)
    assert OptOut.objects.count() == 1
    assert opted_out(account)


def test_whoever_is_removed_gets_messages_again_and_may_join_again(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    stop(account, now=now)
    before = optout.mark(account_id=account.pk)
    later = now + timedelta(days=1)
    optout.remove(account=account, phone=scenes.PHONE, by=alice, now=later)
    assert not opted_out(account)
    assert stop(account, now=later)
    assert opted_out(account)
    assert optout.mark(account_id=account.pk) != before
    intervals = OptOut.objects.order_by("pk").values_list("since", "until")
    assert list(intervals) == [(now, later), (later, None)]


def test_nobody_is_removed_twice_or_from_another_account(
    account: SmsAccount, mallorys_account: SmsAccount, alice: User, now: datetime
) -> None:
    stop(account, now=now)
    with pytest.raises(optout.NotOptedOut):
        optout.remove(account=mallorys_account, phone=scenes.PHONE, by=alice, now=now)
    optout.remove(account=account, phone=scenes.PHONE, by=alice, now=now)
    with pytest.raises(optout.NotOptedOut):
        optout.remove(account=account, phone=scenes.PHONE, by=alice, now=now)


def test_a_clock_that_is_behind_closes_no_interval_backwards(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    stop(account, now=now)
    optout.remove(account=account, phone=scenes.PHONE, by=alice, now=now - timedelta(seconds=5))
    assert OptOut.objects.get().until == now


def test_the_trail_tells_who_did_it_and_masks_the_number(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    stop(account, now=now)
    optout.remove(account=account, phone=scenes.PHONE, by=alice, now=now)
    added, removed = TrailEntry.objects.filter(event__startswith="opt_out.").order_by("event")
    assert (added.event, added.actor) == ("opt_out.added", None)
    assert (removed.event, removed.actor) == ("opt_out.removed", alice)
    assert removed.details == {"number": "+33 6 •• •• •• 78", "cause": "stop"}
    assert added.account == removed.account == account


# --- Who sent a clause message ------------------------------------------------------------------


def send(
    account: SmsAccount,
    by: User,
    sender: Sender,
    carrier: InProcessCarrier,
    *,
    now: datetime,
    is_commercial: bool = True,
) -> Revision:
    revision = scenes.compose(account, by, sender, now=now, is_commercial=is_commercial)
    campaigns.confirm(revision=revision, by=by, total_hundredths=revision.total_hundredths, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    return revision


def test_the_senders_of_clause_messages_are_found_by_account_and_name(
    account: SmsAccount,
    mallorys_account: SmsAccount,
    alice: User,
    mallory: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
) -> None:
    theirs = factories.make_sender(mallorys_account, name="Rival")
    for owner, by, name in ((account, alice, sender), (mallorys_account, mallory, theirs)):
        send(owner, by, name, carrier, now=now)
        send(owner, by, name, carrier, now=now)
    found = optout.clause_senders(phone=scenes.PHONE, since=now - MONTH)
    assert found == sorted([(account.pk, "Martin"), (mallorys_account.pk, "Rival")])
    assert optout.clause_senders(phone="+33612345679", since=now - MONTH) == []
    assert optout.clause_senders(phone=scenes.PHONE, since=now + timedelta(seconds=1)) == []


def test_what_bore_no_clause_or_was_not_handed_over_does_not_count(
    account: SmsAccount, alice: User, sender: Sender, carrier: InProcessCarrier, now: datetime
) -> None:
    send(account, alice, sender, carrier, now=now, is_commercial=False)
    planned = scenes.compose(account, alice, sender, now=now, is_commercial=True)
    campaigns.confirm(revision=planned, by=alice, total_hundredths=100, now=now)
    scenes.leave_all(planned, now=now)
    skipped = send(account, alice, sender, carrier, now=now)
    Message.objects.filter(batch__revision=skipped).update(status=Status.SKIPPED)
    assert optout.clause_senders(phone=scenes.PHONE, since=now - MONTH) == []
