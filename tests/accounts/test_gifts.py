"""Gifts of credits: with a reason, within a limit, once."""

import uuid
from datetime import datetime
from typing import Any

import pytest

from accounts import gifts, ledger
from accounts.models import CreditEntry, SmsAccount, TrailEntry, User

TOKEN = uuid.UUID(int=7)


@pytest.fixture
def give(account: SmsAccount, sam: User, now: datetime) -> Any:
    """Give 5 credits to Alice's account, unless told otherwise."""

    def give(**changes: Any) -> CreditEntry:
        words: dict[str, Any] = {"amount_hundredths": 500, "reason": "a trade fair", "token": TOKEN}
        return gifts.give(account=account, by=sam, now=now, **(words | changes))

    return give


def test_a_gift_is_in_the_ledger_and_in_the_trail(
    give: Any, account: SmsAccount, sam: User
) -> None:
    entry = give()
    assert (entry.amount_hundredths, entry.reason, entry.actor) == (500, "a trade fair", sam)
    trailed = TrailEntry.objects.get(event="credits.given", details__entry=entry.pk)
    assert (trailed.actor, trailed.details["amount_hundredths"]) == (sam, 500)


def test_a_gift_posted_twice_is_booked_once(give: Any, account: SmsAccount) -> None:
    before = ledger.balance(account_id=account.pk)
    give()
    with pytest.raises(ledger.AlreadyBooked):
        give()
    assert ledger.balance(account_id=account.pk) == before + 500


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_gift_without_a_reason_is_refused(give: Any, reason: str) -> None:
    with pytest.raises(gifts.ReasonMissing):
        give(reason=reason)


@pytest.mark.parametrize("amount", [0, -1, gifts.LARGEST_HUNDREDTHS + 1])
def test_a_gift_out_of_range_is_refused(give: Any, amount: int) -> None:
    with pytest.raises(gifts.AmountOutOfRange):
        give(amount_hundredths=amount)
