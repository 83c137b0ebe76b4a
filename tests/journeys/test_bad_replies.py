"""What comes to the door that nobody planned for: decided each time, and never a broken page.

Signed and brought as the carrier does, judged by the worker's task, read on the customer's page.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, SmsAccount, User
from replies import tasks
from replies.models import Refusal, Reply, ReplyState
from tests import answers, factories
from tests.answers import OVERSEAS, SHORT
from tests.house_client import HouseClient
from tests.scenes import PHONE

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OPEN, LOCKED, REFUSED, STOPPED = (
    ReplyState.OPEN, ReplyState.LOCKED, ReplyState.REFUSED, ReplyState.STOPPED,
)  # fmt: skip
# Across the changes of the hour on 28 March and 31 October: 48 hours are 48 hours of time.
ACCEPTED = {
    "an ordinary day": datetime(2027, 3, 10, 10, 0, tzinfo=PARIS),
    "the clocks go forward": datetime(2027, 3, 27, 9, 30, tzinfo=PARIS),
    "a second before they do": datetime(2027, 3, 28, 1, 59, 59, tzinfo=PARIS),
    "the clocks go back": datetime(2027, 10, 30, 9, 30, tzinfo=PARIS),
    "in the hour that comes twice": datetime(2027, 10, 31, 2, 30, tzinfo=PARIS),
    "in its second time": datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=PARIS),
}
AFTER = {
    "a second before": (-SECOND, OPEN),
    "at once": (timedelta(0), OPEN),
    "47:59:59": (48 * HOUR - SECOND, OPEN),
    "48:00:00": (48 * HOUR, OPEN),
    "48:00:01": (48 * HOUR + SECOND, REFUSED),
}


def bring(*rows: dict[str, Any], now: datetime) -> list[Reply]:
    """Bring replies to the door, let the worker judge them, and give them as they stand."""
    with time_machine.travel(now, tick=False):
        assert answers.push(Client(), answers.body(*rows), now=now).status_code == 204
        tasks.apply_replies()
    return list(Reply.objects.order_by("pk"))


def page(client: HouseClient, account: SmsAccount, alice: User, *, now: datetime) -> None:
    """Read the page of received SMS and each of its replies."""
    with time_machine.travel(now, tick=False):
        client.force_login(alice)
        address = reverse("replies:reply-list", args=[account.name])
        assert client.get(address).status_code == 200
        for reply in Reply.objects.filter(account=account):
            assert client.get(f"{address}{reply.uuid}/").status_code == 200
        assert client.get(f"{address}export/").status_code == 200


@pytest.mark.parametrize("accepted", ACCEPTED.values(), ids=ACCEPTED.keys())
@pytest.mark.parametrize(("after", "state"), AFTER.values(), ids=AFTER.keys())
def test_the_48_hours_end_with_their_last_second(
    account: SmsAccount, accepted: datetime, after: timedelta, state: ReplyState
) -> None:
    at = accepted.astimezone(ZoneInfo("UTC"))
    answers.lend(account, at=at)
    # The carrier writes moments by the clock on its wall.
    received = (at + after).astimezone(PARIS)
    (reply,) = bring(answers.row(at=received), now=at + 49 * HOUR)
    assert (reply.state, reply.received_at) == (state, at + after)
    assert reply.refusal == ("" if state == OPEN else Refusal.LATE)
    assert answers.balance(account) == (999 if state == OPEN else 1_000)


@pytest.mark.parametrize(
    ("changes", "state", "refusal", "spent"),
    [
        pytest.param({"from": "+33612345679"}, REFUSED, "other_phone", 0, id="another phone"),
        pytest.param({"to": "38999"}, REFUSED, "other_number", 0, id="another number"),
        pytest.param({"from": OVERSEAS}, REFUSED, "not_metropolitan", 0, id="overseas"),
        pytest.param({"from": "MAISON"}, REFUSED, "not_metropolitan", 0, id="from a name"),
        pytest.param({"text": ""}, OPEN, "", 1, id="empty"),
        pytest.param({"text": " \n "}, OPEN, "", 1, id="blanks"),
        pytest.param({"text": "\0"}, OPEN, "", 1, id="NUL"),
        pytest.param({"text": "Oui\0 \ud83d"}, OPEN, "", 1, id="NUL and half a character"),
        pytest.param({"text": "x" * (9 * 153 + 1)}, OPEN, "", 10, id="ten parts"),
        pytest.param({"text": "\u00ea" * (9 * 67 + 1)}, OPEN, "", 10, id="ten parts of Unicode"),
        pytest.param({"text": "<script>alert(1)</script>"}, OPEN, "", 1, id="a script"),
        pytest.param({"text": "=1+1;https://exemple.fr"}, OPEN, "", 1, id="formula and address"),
        pytest.param({"text": "S.T.O.P !"}, STOPPED, "", 0, id="STOP, spelled"),
        pytest.param({"text": "arr\u00eat"}, STOPPED, "", 0, id="STOP in French"),
        pytest.param({"text": "STOP au 36111"}, STOPPED, "", 0, id="STOP to the clause"),
        pytest.param({"text": "\uff33\uff34\uff2f\uff30"}, STOPPED, "", 0, id="STOP, wide letters"),
    ],
)
def test_each_is_decided_and_the_pages_hold(
    account: SmsAccount,
    alice: User,
    house_client: HouseClient,
    now: datetime,
    changes: dict[str, str],
    state: ReplyState,
    refusal: str,
    spent: int,
) -> None:
    answers.lend(account, at=now)
    (reply,) = bring(answers.row(at=now + HOUR, **changes), now=now + HOUR)
    assert (reply.state, reply.refusal) == (state, refusal)
    assert (reply.account is None) is (state == REFUSED)
    assert answers.balance(account) == 1_000 - spent
    page(house_client, account, alice, now=now + HOUR)


def test_delivered_twice_in_one_push_and_again_later_it_is_one(
    account: SmsAccount, now: datetime
) -> None:
    answers.lend(account, at=now)
    told = answers.row(at=now)
    bring(told, told, now=now)
    (reply,) = bring(told, now=now + MINUTE)
    assert reply.state == OPEN
    assert answers.balance(account) == 999


def test_two_at_once_on_the_last_credit_open_one_and_lock_the_other(
    customer: Customer, alice: User, house_client: HouseClient, now: datetime
) -> None:
    poor = factories.make_account(customer, credits=1)
    answers.lend(poor, at=now)
    rows = [answers.row(at=now, id=f"r-{n}", text=f"Secret {n}") for n in (1, 2)]
    found = bring(*rows, now=now)
    assert [reply.state for reply in found] == [OPEN, LOCKED]
    assert answers.balance(poor) == 0
    page(house_client, poor, alice, now=now)
    factories.give(poor, credits=1)
    tasks.open_replies()
    assert not Reply.objects.filter(state=LOCKED).exists()
    assert answers.balance(poor) == 0


def test_what_is_refused_is_for_staff_and_not_for_the_customer(
    account: SmsAccount, alice: User, house_client: HouseClient, now: datetime
) -> None:
    answers.lend(account, at=now)
    bring(answers.row(at=now, text="Pas pour vous", **{"from": "+33612345679"}), now=now)
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        shown = house_client.get(reverse("replies:reply-list", args=[account.name]))
    assert b"Pas pour vous" not in shown.content
    assert b"No reply yet" in shown.content
    assert PHONE not in shown.content.decode()
    assert SHORT not in shown.content.decode()
