"""Several threads that lend to the same phones: on either database each pair is lent once."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import pytest

from accounts.models import SmsAccount
from senders import shortnumbers
from senders.models import Lease
from tests import factories, scenes
from tests.races import crowd

pytestmark = pytest.mark.django_db(transaction=True)

PHONES = scenes.numbers(40)


def works(accounts: Sequence[SmsAccount], *, now: datetime) -> list[Callable[[], object]]:
    """Let each account lend to all the phones, in different groups."""
    return [
        partial(lend_in_groups, account.pk, 7 + place, now)
        for place, account in enumerate(accounts)
    ]


def lend_in_groups(account_id: int, size: int, now: datetime) -> dict[str, str]:
    lent: dict[str, str] = {}
    for start in range(0, len(PHONES), size):
        group = PHONES[start : start + size]
        lent |= shortnumbers.lend(account_id=account_id, phones=group, now=now)
    return lent


@pytest.mark.parametrize("pool", [2, 3, 50])
def test_threads_of_two_accounts_share_no_pair(
    pool: int, account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    factories.make_pool(pool, now=now)
    results = crowd.at_once(works([account, mallorys_account] * 2, now=now))
    assert not crowd.errors(results), crowd.errors(results)
    ours, theirs, again, theirs_again = results
    assert (ours, theirs) == (again, theirs_again)
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert ours.keys() == theirs.keys() == set(PHONES)
    assert all(ours[p] != theirs[p] for p in PHONES)
    assert Counter(Lease.objects.values_list("phone", flat=True)) == dict.fromkeys(PHONES, 2)


def test_when_one_number_is_left_one_account_gets_it(
    account: SmsAccount, mallorys_account: SmsAccount, now: datetime
) -> None:
    factories.make_pool(1, now=now)
    results = crowd.at_once(works([account, mallorys_account], now=now))
    assert not crowd.errors(results), crowd.errors(results)
    lent = [phone for result in results if isinstance(result, dict) for phone in result]
    assert sorted(lent) == sorted(PHONES)
