"""Addresses and posts of the pages of messaging."""

import uuid
from typing import Any

from django.urls import reverse

from accounts.models import SmsAccount
from messaging.models import Revision
from tests.house_client import HouseClient

# A charset in which a program can say half a character; no browser uses it.
ESCAPES = "multipart/form-data; boundary=x; charset=raw_unicode_escape"


def compose_url(account: SmsAccount) -> str:
    """Give the address of the compose page."""
    return reverse("messaging:campaign-create", args=[account.name])


def campaign_url(view: str, revision: Revision) -> str:
    """Give the address of one of the pages of a campaign."""
    return reverse(f"messaging:{view}", args=[revision.account.name, revision.campaign.uuid])


def message_url(revision: Revision, position: int = 1, *, view: str = "message-detail") -> str:
    """Give the address of a message."""
    args = [revision.account.name, revision.campaign.uuid, revision.number, position]
    return reverse(f"messaging:{view}", args=args)


def filled(**changes: str) -> dict[str, str]:
    """Fill in the compose form: a non-commercial SMS to one phone, now."""
    fields = {
        "key": str(uuid.uuid4()),
        "replaces": "",
        "standing": "",
        "sender": "Martin",
        "recipients": "+33612345678",
        "text": "Votre commande est prete.",
        "not_commercial": "on",
        "message_class": "standard",
        "when": "now",
        "date": "",
        "time": "",
        "action": "send",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def post(client: HouseClient, account: SmsAccount, **changes: Any) -> Any:
    """Post the compose form."""
    return client.post(compose_url(account), filled(**changes))


def words_of(response: Any) -> str:
    """Give the text of an answer with its white space made plain."""
    return " ".join(response.content.decode().split())


def in_escapes(fields: dict[str, str]) -> bytes:
    """Write fields as a body of the type ESCAPES."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, "--x--\r\n"]).encode("ascii")
