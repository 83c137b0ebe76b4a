"""The demo's first rows: made once, through the doors, never over somebody else's."""

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import access, ledger
from accounts.models import CreditEntry, Destination, EntryKind, SmsAccount, TrailEntry, User
from accounts.tariff_sample import PRICES
from senders.models import SHORT_NAME, Sender, SenderDocument, SenderState
from smsmanager import seed
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hash passwords quickly: their strength is Django's matter."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_everybody_of_the_demo_can_sign_in(client: Client, now: datetime) -> None:
    result = seed.seed_demo(now=now)
    for email in result.logins:
        answer = client.post("/accounts/login/", {"login": email, "password": result.password})
        assert answer.headers["Location"] == "/", email
        client.logout()


def test_the_demo_has_credits_with_an_entry_and_senders_in_every_state_that_matters(
    now: datetime,
) -> None:
    assert seed.seed_demo(now=now).created
    shop = SmsAccount.objects.get(name="sms-am12345-1")
    assert ledger.balance(account_id=shop.pk) == 100_000
    assert CreditEntry.objects.filter(account=shop, kind=EntryKind.GIFT).count() == 1
    states = Sender.objects.filter(account=shop).values_list("name", "state")
    assert dict(states) == {
        SHORT_NAME: SenderState.ENABLED,
        "+33755512345": SenderState.ENABLED,
        "Martin": SenderState.ENABLED,
        "FOURNIL": SenderState.ENABLED,
        "+33755512346": SenderState.ENABLED,
        "MARTIN CLUB": SenderState.WAITING,
        "Le Pain": SenderState.REFUSED,
        "Martin 24h": SenderState.DISABLED,
        "PROMO": SenderState.WITHDRAWN,
    }
    kept = SenderDocument.objects.values_list("request__sender__name", flat=True)
    assert set(kept) == {"MARTIN CLUB", "Le Pain"}


def test_the_demo_people_see_what_is_theirs(now: datetime) -> None:
    seed.seed_demo(now=now)
    seen = {
        user.email.partition("@")[0]: list(access.accounts_of(user).values_list("name", flat=True))
        for user in User.objects.all()
    }
    bakery = ["sms-am12345-1", "sms-am12345-2"]
    assert seen == {"alice": bakery, "bob": bakery, "mallory": ["sms-mc54321-1"], "sam": []}


def test_seeding_again_changes_nothing(now: datetime) -> None:
    seed.seed_demo(now=now)
    Destination.objects.filter(country="IN").update(price_hundredths=55)
    before = CreditEntry.objects.count(), TrailEntry.objects.count(), User.objects.count()
    result = seed.seed_demo(now=now)
    assert not result.created
    assert result.logins
    assert before == (
        CreditEntry.objects.count(),
        TrailEntry.objects.count(),
        User.objects.count(),
    )
    assert Destination.objects.get(country="IN").price_hundredths == 55


def test_somebody_elses_database_is_left_alone(now: datetime) -> None:
    factories.make_user("somebody")
    with pytest.raises(seed.ForeignDatabase):
        seed.seed_demo(now=now)
    assert not SmsAccount.objects.exists()
    assert not Destination.objects.exists()


def test_the_command_prints_who_can_sign_in() -> None:
    printed = StringIO()
    call_command("seed", stdout=printed)
    for email in seed.LOGINS:
        assert email in printed.getvalue()
    assert seed.PASSWORD in printed.getvalue()


def test_production_gets_the_tariff_and_never_the_public_password(
    settings: Settings,
) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="public"):
        call_command("seed")
    printed = StringIO()
    call_command("seed", "--tariff-only", stdout=printed)
    assert not User.objects.exists()
    assert Destination.objects.count() == len(PRICES)
