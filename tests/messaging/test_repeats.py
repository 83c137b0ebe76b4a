"""The same text to the same recipients within 24 hours: found, and asked about in the review."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import SmsAccount, User
from messaging import campaigns, repeats
from messaging.models import Revision
from senders.models import Sender
from tests import factories, pages, scenes
from tests.house_client import HouseClient

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
THREE = scenes.numbers(3)
TEXT = "Soldes samedi"


@pytest.fixture
def earlier(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """Confirm a campaign to three phones."""
    return scenes.confirmed(account, alice, sender, now=now, numbers=THREE, text=TEXT)


def again(earlier: Revision, *, now: datetime, **changes: Any) -> Revision | None:
    """Quote the same again, but for `changes`, and look for what it repeats."""
    said: dict[str, Any] = {"numbers": THREE, "text": TEXT} | changes
    made = scenes.compose(
        said.pop("account", earlier.account),
        earlier.created_by,
        said.pop("sender", earlier.sender),
        now=now,
        **said,
    )
    return repeats.lately(revision=made, now=now)


def test_the_same_again_is_found(earlier: Revision, now: datetime) -> None:
    assert again(earlier, now=now + DAY - MINUTE) == earlier


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"text": "Soldes dimanche"}, id="another text"),
        pytest.param({"numbers": scenes.numbers(4)}, id="one more"),
        pytest.param({"numbers": scenes.numbers(2)}, id="one less"),
        pytest.param({"numbers": (*scenes.numbers(2), "+33612345678")}, id="another recipient"),
    ],
)
def test_something_else_repeats_nothing(
    earlier: Revision, now: datetime, changes: dict[str, Any]
) -> None:
    assert again(earlier, now=now + MINUTE, **changes) is None


def test_another_moment_sender_or_kind_makes_no_difference(
    earlier: Revision, account: SmsAccount, now: datetime
) -> None:
    short = factories.short_sender(account)
    assert again(earlier, now=now + MINUTE, sender=short, due_at=now + DAY) == earlier
    assert again(earlier, now=now + MINUTE, is_commercial=True) == earlier


def test_after_24_hours_it_is_no_repetition(earlier: Revision, now: datetime) -> None:
    assert again(earlier, now=now + DAY) is None


def test_what_was_cancelled_or_never_confirmed_is_not_repeated(
    earlier: Revision, alice: User, now: datetime
) -> None:
    planned = {"text": "Plus tard", "due_at": now + DAY}
    cancelled = scenes.confirmed(
        earlier.account, alice, earlier.sender, now=now, numbers=THREE, **planned
    )
    campaigns.cancel(revision=cancelled, by=alice, now=now)
    assert again(earlier, now=now + MINUTE, **planned) is None
    quoted = scenes.compose(
        earlier.account, alice, earlier.sender, now=now, numbers=THREE, text="Nur so"
    )
    assert repeats.lately(revision=quoted, now=now) is None
    assert again(earlier, now=now + MINUTE, text="Nur so") is None


def test_another_account_repeats_nothing(
    earlier: Revision, mallorys_account: SmsAccount, mallory: User, now: datetime
) -> None:
    rival = factories.make_sender(mallorys_account, name="Le Rival")
    theirs = scenes.compose(
        mallorys_account, mallory, rival, now=now + MINUTE, numbers=THREE, text=TEXT
    )
    assert repeats.lately(revision=theirs, now=now + MINUTE) is None


def test_the_rows_of_several_chunks_are_compared(
    earlier: Revision, account: SmsAccount, alice: User, now: datetime
) -> None:
    def listed(phones: tuple[str, ...]) -> Revision:
        made = scenes.compose(
            account, alice, earlier.sender, now=now, numbers=scenes.numbers(2), text="Liste"
        )
        return scenes.compose_personalised(made, [(p, {}) for p in phones], now=now)

    many = scenes.numbers(90)
    first = listed(many)
    campaigns.confirm(revision=first, by=alice, total_hundredths=first.total_hundredths, now=now)
    assert repeats.lately(revision=listed(many), now=now) == first
    assert repeats.lately(revision=listed((*many[:-1], "+33612345678")), now=now) is None


def test_the_review_asks_and_a_confirmation_answers(
    house_client: HouseClient, earlier: Revision, alice: User, now: datetime
) -> None:
    made = scenes.compose(earlier.account, alice, earlier.sender, now=now, numbers=THREE, text=TEXT)
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        shown = pages.words_of(house_client.get(pages.campaign_url("quote-detail", made)))
        assert "The same text to the same recipients was confirmed on Wed 10 Mar 2027" in shown
        assert earlier.get_absolute_url() in shown
        said = {"revision": made.number, "total_hundredths": made.total_hundredths}
        house_client.post(pages.campaign_url("campaign-confirm", made), said)
    made.refresh_from_db()
    assert made.state in campaigns.CONFIRMED
