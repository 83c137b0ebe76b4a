"""The audit trail: who did what, without a phone number."""

import uuid
from datetime import datetime

import pytest

from accounts import trail
from accounts.models import SmsAccount, TrailEntry, User


def test_an_entry_says_who_did_what_to_which_thing_and_when(
    account: SmsAccount, alice: User, now: datetime
) -> None:
    entry = trail.record(
        event="campaign.confirmed",
        subject="campaign:1",
        actor=alice,
        account=account,
        now=now,
        messages=3,
        commercial=True,
        note=None,
    )
    entry.refresh_from_db()
    assert (entry.event, entry.subject, entry.at) == ("campaign.confirmed", "campaign:1", now)
    assert (entry.actor, entry.account) == (alice, account)
    assert entry.details == {"messages": 3, "commercial": True, "note": None}


@pytest.mark.django_db
def test_the_platform_itself_may_be_the_actor(now: datetime) -> None:
    entry = trail.record(event="x.done", subject="x:1", actor=None, account=None, now=now)
    assert (entry.actor, entry.account) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+33612345678", id="international"),
        pytest.param("0612345678", id="national"),
        pytest.param("06 12 34 56 78", id="spaced"),
        pytest.param("06.12.34.56.78", id="dotted"),
        pytest.param("+33 (0)6-12-34-56-78", id="in every style"),
        pytest.param("0033612345678", id="with 00"),
        pytest.param("33612345678", id="bare"),
        pytest.param("asked by +4179123456 again", id="in a sentence"),
        pytest.param("asked by 0612345678, again", id="national in a sentence"),
    ],
)
@pytest.mark.django_db
def test_a_phone_number_is_refused_wherever_it_stands(text: str, now: datetime) -> None:
    for words in ({"subject": text}, {"subject": "x:1", "reason": text}):
        with pytest.raises(trail.NumberInTrail) as refusal:
            trail.record(event="x.done", actor=None, account=None, now=now, **words)
        assert text not in str(refusal.value)
    assert not TrailEntry.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+336******78", id="masked"),
        pytest.param("campaign:12345678-1234-4234-8234-123456789012:1", id="UUID of digits"),
        pytest.param("12345678-1234-4234-8234-12345678901a", id="UUID alone"),
        pytest.param("batch:1234567890:1", id="long id"),
        pytest.param("2027-03-10", id="date"),
        pytest.param("2027-03-10 10:00:00+01:00", id="moment"),
        pytest.param("account:sms-am12345-1", id="account"),
        pytest.param("order 123456", id="short number"),
    ],
)
def test_ids_moments_and_masks_are_let_through(text: str) -> None:
    assert not trail.holds_number(text)


def test_no_uuid_is_taken_for_a_number() -> None:
    ids = [uuid.UUID(int=n * 0x123456789ABCDEF123456789) for n in range(1, 2_000)]
    assert not [i for i in ids if trail.holds_number(f"campaign:{i}:1")]
