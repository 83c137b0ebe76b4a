"""What staff see of messaging: masked numbers, no texts, nothing to change."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import SmsAccount, User
from messaging.carrier.inprocess import InProcessCarrier
from messaging.models import OptOut, OptOutCause
from senders.models import Sender
from tests import pages, scenes

KINDS = ("revision", "batch", "handover", "receipt", "optout")


@pytest.fixture
def desk(client: Client, sam: User) -> Client:
    """Sam's browser."""
    client.force_login(sam)
    return client


@pytest.mark.parametrize("kind", KINDS)
def test_staff_can_list_and_open_but_not_change_or_delete(
    desk: Client,
    account: SmsAccount,
    alice: User,
    sender: Sender,
    carrier: InProcessCarrier,
    now: datetime,
    kind: str,
) -> None:
    revision = scenes.compose(account, alice, sender, now=now)
    scenes.hand_over_all(revision, carrier, now=now)
    OptOut.objects.create(account=account, phone=scenes.PHONE, cause=OptOutCause.STOP, since=now)
    shown = pages.words_of(desk.get(reverse(f"admin:messaging_{kind}_changelist")))
    assert "612345678" not in shown
    assert revision.text not in shown
    for address in ("change", "delete"):
        response = desk.post(
            reverse(f"admin:messaging_{kind}_{address}", args=[1]), {"post": "yes"}
        )
        assert response.status_code in (302, 403)
    opened = pages.words_of(desk.get(reverse(f"admin:messaging_{kind}_change", args=[1])))
    assert "612345678" not in opened
    assert revision.text not in opened


def test_staff_add_an_opt_out(desk: Client, account: SmsAccount) -> None:
    address = reverse("admin:messaging_optout_add")
    wrong = desk.post(address, {"account": account.pk, "phone": "0612345678"})
    assert "international form" in pages.words_of(wrong)
    for _n in range(2):
        desk.post(address, {"account": account.pk, "phone": "+33 6 12 34 56 78"})
    assert OptOut.objects.get().phone == scenes.PHONE
