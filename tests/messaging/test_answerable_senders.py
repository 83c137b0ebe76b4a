"""The short number and virtual ones: to whom, with which texts, and for which customers."""

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest

from accounts.models import SmsAccount, User
from messaging import campaigns, composing, overview
from messaging.models import Message, RefusedRow, Revision
from senders import review
from senders.models import Sender
from tests import factories, scenes

pytestmark = pytest.mark.django_db

PARIS, GUADELOUPE, REUNION = scenes.PHONE, "+590690123456", "+262692123456"
ITALY = "+393331234567"
SUNDAY = timedelta(days=4)


@pytest.fixture
def short(account: SmsAccount) -> Sender:
    """Give the short-number sender of Alice's account."""
    return factories.short_sender(account)


@pytest.fixture
def virtual(account: SmsAccount, sam: User) -> Sender:
    """Give a virtual number of Alice's account."""
    return factories.make_virtual(account)


def refused(revision: Revision) -> dict[str, str]:
    return dict(RefusedRow.objects.filter(revision=revision).values_list("given", "reason"))


@pytest.mark.parametrize("kind", ["short", "virtual"])
def test_a_commercial_text_has_no_clause_and_keeps_to_legal_hours(
    kind: str, short: Sender, virtual: Sender, alice: User, now: datetime
) -> None:
    sender = {"short": short, "virtual": virtual}[kind]
    revision = scenes.compose(
        sender.account, alice, sender, now=now + SUNDAY, is_commercial=True, text="a" * 160
    )
    assert (revision.clause, revision.parts) == ("", 1)
    leaves_at = overview.departure(revision=revision)
    assert leaves_at
    assert leaves_at.isoformat() == "2027-03-15T07:00:00+00:00"


def test_the_short_number_reaches_metropolitan_mobiles_only(
    short: Sender, alice: User, now: datetime
) -> None:
    numbers = (PARIS, GUADELOUPE, ITALY, "+33755512346", REUNION, "12")
    revision = scenes.compose(short.account, alice, short, now=now, numbers=numbers)
    reached = set(Message.objects.values_list("recipient", flat=True))
    assert reached == {PARIS, "+33755512346"}
    assert refused(revision) == {
        **dict.fromkeys((GUADELOUPE, REUNION, ITALY), "NOT_METROPOLITAN"),
        "12": "SHORT_CODE",
    }
    assert (revision.messages, revision.refused, revision.total_hundredths) == (2, 4, 200)


def test_a_virtual_number_reaches_french_numbers_only(
    virtual: Sender, alice: User, now: datetime
) -> None:
    numbers = (PARIS, GUADELOUPE, ITALY, REUNION)
    revision = scenes.compose(virtual.account, alice, virtual, now=now, numbers=numbers)
    reached = set(Message.objects.values_list("recipient", flat=True))
    assert reached == {PARIS, GUADELOUPE, REUNION}
    assert refused(revision) == {ITALY: "NOT_FRENCH"}


@pytest.mark.parametrize(
    ("kind", "number", "reason"),
    [("short", GUADELOUPE, "NOT_METROPOLITAN"), ("virtual", ITALY, "NOT_FRENCH")],
)
def test_one_sms_to_a_number_out_of_reach_is_refused(
    kind: str, number: str, reason: str, short: Sender, virtual: Sender, alice: User, now: datetime
) -> None:
    sender = {"short": short, "virtual": virtual}[kind]
    with pytest.raises(campaigns.NoRecipient) as refusal:
        scenes.compose(sender.account, alice, sender, now=now, numbers=(number,))
    assert refusal.value.reason == reason
    assert not Revision.objects.exists()


def test_an_address_of_a_website_is_refused_with_the_short_number(
    short: Sender, alice: User, now: datetime
) -> None:
    with pytest.raises(composing.LinkNotAllowed) as refusal:
        scenes.compose(short.account, alice, short, now=now, text="Voir EXEMPLE.FR/promo!")
    assert refusal.value.link == "EXEMPLE.FR/promo"
    assert not Revision.objects.exists()


def test_an_address_passes_under_a_virtual_number_and_a_name(
    virtual: Sender, sender: Sender, alice: User, now: datetime
) -> None:
    for each in (virtual, sender):
        assert scenes.compose(each.account, alice, each, now=now, text="Voir exemple.fr").messages


def test_a_value_that_brings_an_address_refuses_its_row(
    short: Sender, alice: User, now: datetime
) -> None:
    text = "Bonjour #name#, votre commande #order# est prete."
    first = scenes.compose(
        short.account, alice, short, now=now, text=text, numbers=scenes.numbers(2)
    )
    phones = scenes.numbers(4)
    values = ("Ada", "bit.ly/x", "M.Dupont", "www.exemple.maison")
    rows = [(p, {"name": v, "order": "12.50EUR"}) for p, v in zip(phones, values, strict=True)]
    revision = scenes.compose_personalised(first, rows, now=now)
    assert refused(revision) == {phones[1]: "LINK", phones[3]: "LINK"}
    assert (revision.messages, revision.refused) == (2, 2)


def test_a_customer_who_left_france_sends_from_names_alone(
    short: Sender, virtual: Sender, alice: User, now: datetime
) -> None:
    short.account.customer.country = "BE"
    for sender in (short, virtual):
        with pytest.raises(campaigns.SenderNotEnabled):
            scenes.compose(short.account, alice, sender, now=now)


def test_what_is_planned_beyond_the_term_of_a_virtual_number_is_refused(
    account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    end = now + timedelta(days=7)
    virtual = factories.make_virtual(account, until=end)
    for due, is_refused in ((end, True), (end - timedelta(hours=1), False)):
        quoted = scenes.compose(
            account, alice, virtual, now=now, numbers=scenes.numbers(2), due_at=due
        )
        with pytest.raises(campaigns.SenderEnds) if is_refused else nullcontext():
            campaigns.confirm(revision=quoted, by=alice, total_hundredths=200, now=now)


def test_a_short_number_that_staff_withdrew_confirms_nothing(
    short: Sender, alice: User, sam: User, now: datetime
) -> None:
    quoted = scenes.compose(short.account, alice, short, now=now, numbers=scenes.numbers(2))
    review.withdraw(sender=short, by=sam, reason="abuse", clock=lambda: now)
    with pytest.raises(campaigns.SenderNotEnabled):
        campaigns.confirm(revision=quoted, by=alice, total_hundredths=200, now=now)
