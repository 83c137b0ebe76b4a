"""What the desk finds by itself in a request."""

from datetime import datetime

import pytest

from accounts.models import SmsAccount, User
from senders import asking, checks, review
from senders.asking import Words
from senders.checks import Check
from senders.models import (
    IdentityKind,
    Origin,
    Outcome,
    Sender,
    SenderRequest,
    VerifiedIdentity,
)
from tests import factories, papers

pytestmark = pytest.mark.django_db


def found(sender: Sender) -> dict[Check, tuple[str, ...]]:
    said = checks.findings(factories.request_of(sender))
    return {finding.check: finding.named for finding in said}


def ask(account: SmsAccount, name: str = "Fournil") -> Sender:
    return factories.make_sender(account, name=name, enabled=False)


def test_an_ordinary_name_is_only_said_not_to_be_verified(account: SmsAccount) -> None:
    assert found(ask(account)) == {Check.NO_DOCUMENT: (), Check.NOT_VERIFIED: ()}


def test_a_name_that_looks_like_a_protected_one_is_told(account: SmsAccount) -> None:
    factories.make_protected("Orange")
    assert found(ask(account, "0RANGE"))[Check.PROTECTED] == ("Orange",)


@pytest.mark.parametrize("theirs", ["Fournil", "FOURNIL", "F0URNIL", "Four-nil", "FOURNlL"])
def test_a_name_that_looks_like_another_customer_s_sender_is_told(
    account: SmsAccount, mallorys_account: SmsAccount, theirs: str
) -> None:
    factories.make_sender(mallorys_account, name=theirs)
    assert found(ask(account))[Check.SAME_ELSEWHERE] == (f"{theirs} (Mallory & Co)",)


def test_one_s_own_senders_and_those_that_wait_are_no_look_alikes(
    account: SmsAccount, mallorys_account: SmsAccount
) -> None:
    factories.make_sender(account, name="FOURNIL")
    ask(mallorys_account)
    assert Check.SAME_ELSEWHERE not in found(ask(account))


def test_earlier_refusals_are_told_with_their_reason(
    account: SmsAccount, mallorys_account: SmsAccount, alice: User, sam: User, now: datetime
) -> None:
    factories.decide(ask(mallorys_account, "FOURNIL"), Outcome.REFUSED, by=sam, now=now)
    mine = ask(account)
    factories.decide(mine, Outcome.REFUSED, by=sam, now=now)
    review.ask_again(sender=mine, description="", reason="", changes="", by=alice, now=now)
    why = "Nothing shows a right to this name"
    said = found(mine)
    assert said[Check.REFUSED_HERE] == (f"Fournil (Boulangerie Martin): {why}",)
    assert said[Check.REFUSED_ELSEWHERE] == (f"FOURNIL (Mallory & Co): {why}",)


def test_a_name_that_was_withdrawn_is_told(
    account: SmsAccount, mallorys_account: SmsAccount, sam: User, now: datetime
) -> None:
    theirs = factories.make_sender(mallorys_account, name="F0URNIL")
    review.withdraw(sender=theirs, by=sam, reason="fraud", clock=lambda: now)
    assert found(ask(account))[Check.WITHDRAWN] == ("F0URNIL (Mallory & Co)",)


@pytest.mark.django_db(transaction=True)
def test_the_same_document_of_another_customer_is_told(
    account: SmsAccount, mallorys_account: SmsAccount, alice: User, mallory: User, now: datetime
) -> None:
    words = Words(description="", reason="Shop")
    for where, by in ((account, alice), (mallorys_account, mallory)):
        asking.ask(
            account=where, name="Fournil", words=words, papers=[papers.paper()], by=by, now=now
        )
    asked = SenderRequest.objects.get(sender__account=account)
    said = {f.check: f.named for f in checks.findings(asked)}
    assert said[Check.SAME_DOCUMENT] == ("Mallory & Co",)
    assert Check.NO_DOCUMENT not in said


@pytest.mark.parametrize(
    ("kind", "value", "name", "does"),
    [
        (IdentityKind.NAME, "Boulangerie Martin", "Martin", True),
        (IdentityKind.NAME, "Fournil", "FOURNIL", True),
        (IdentityKind.NAME, "Boulangerie Martin", "Mart", False),
        (IdentityKind.DOMAIN, "fournil.fr", "Fournil", True),
        (IdentityKind.DOMAIN, "shop.le-fournil.co.uk", "Fournil", True),
        (IdentityKind.DOMAIN, "fournil.fr", "FR", False),
    ],
)
def test_a_name_matches_what_was_verified(kind: str, value: str, name: str, does: bool) -> None:
    assert checks.matches(name, VerifiedIdentity(kind=kind, value=value)) is does


def test_a_verified_name_of_the_customer_is_told(
    account: SmsAccount, sam: User, now: datetime
) -> None:
    for value in ("fournil.fr", "other.fr"):
        asking.confirm_identity(
            customer=account.customer, kind=IdentityKind.DOMAIN, value=value, by=sam, now=now
        )
    said = found(ask(account))
    assert said[Check.VERIFIED] == ("fournil.fr",)
    assert Check.NOT_VERIFIED not in said


def test_a_name_from_personal_data_needs_no_document(account: SmsAccount) -> None:
    sender = ask(account)
    SenderRequest.objects.filter(sender=sender).update(origin=Origin.PERSONAL)
    assert Check.NO_DOCUMENT not in found(sender)


def test_each_check_has_a_look() -> None:
    assert set(checks.TONES) == set(Check)
