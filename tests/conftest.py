"""The cast of every test, and the house client.

alice owns an account with credits and an approved sender; bob reads it; mallory belongs to
another customer and must see nothing; sam is staff.
"""

from collections.abc import Iterator
from datetime import datetime

import hypothesis
import pytest
from django.conf import settings
from django.utils import translation

from accounts.models import Customer, Role, SmsAccount, User
from senders.models import Sender
from tests import factories, lifted
from tests.house_client import HouseClient

# No test fails by the clock: a busy machine draws slowly, and the first draw of a text is slow.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def _tables_can_be_emptied() -> Iterator[None]:
    """Let tests with real transactions clean up after themselves."""
    with lifted.flush_lifts():
        yield


@pytest.fixture(autouse=True, scope="session")
def _documents_lie_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the documents of tests away from those of the demo."""
    options = settings.STORAGES["documents"]["OPTIONS"]
    options["location"] = tmp_path_factory.mktemp("documents")


@pytest.fixture(autouse=True)
def _speak_english_again() -> Iterator[None]:
    """Forget the language of the last page: a test client leaves it to whoever comes next."""
    yield
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    """Give a moment within the legal hours."""
    return factories.NOW


@pytest.fixture
def sam(db: None) -> User:
    """Give the staff member."""
    return factories.make_user("sam", is_staff=True)


@pytest.fixture
def alice(db: None) -> User:
    """Give the owner."""
    return factories.make_user("alice")


@pytest.fixture
def customer(alice: User) -> Customer:
    """Give Alice's company."""
    return factories.make_customer(owner=alice)


@pytest.fixture
def bob(customer: Customer) -> User:
    """Give the reader at Alice's company."""
    user = factories.make_user("bob")
    factories.make_member(customer, user, role=Role.READER)
    return user


@pytest.fixture
def tariff(db: None) -> None:
    """Open the destinations of the sample tariff."""
    factories.make_tariff()


@pytest.fixture
def account(customer: Customer, sam: User, tariff: None) -> SmsAccount:
    """Give Alice's account, with 1,000 credits and something to spend them on."""
    return factories.make_account(customer, name="sms-am12345-1", credits=1_000)


@pytest.fixture
def sender(account: SmsAccount) -> Sender:
    """Give an enabled sender of Alice's account."""
    return factories.make_sender(account)


@pytest.fixture
def mallory(db: None) -> User:
    """Give the owner at another company."""
    return factories.make_user("mallory")


@pytest.fixture
def mallorys_account(mallory: User, sam: User, tariff: None) -> SmsAccount:
    """Give the account of the other company."""
    rival = factories.make_customer(name="Mallory & Co", country="IT", owner=mallory)
    return factories.make_account(rival, name="sms-mc54321-1", credits=1_000)


@pytest.fixture
def house_client() -> HouseClient:
    """Give a client that inspects every page it fetches."""
    return HouseClient()
