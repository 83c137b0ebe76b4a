"""Supporting documents at the desk: drawn anew, downloaded with care, seen by nobody else."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import SmsAccount, TrailEntry, User
from senders import asking, filing
from senders.asking import Words
from senders.models import SenderDocument, SenderRequest
from tests import factories, pages, papers
from tests.house_client import HouseClient

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = Words(description="Shop", reason="Orders")


def ask(account: SmsAccount, by: User, now: datetime, data: bytes, name: str) -> SenderDocument:
    """Ask for a sender with a document."""
    asking.ask(
        account=account, name="FOURNIL", words=WORDS, papers=[papers.paper(data, name=name)],
        by=by, now=now,
    )  # fmt: skip
    return SenderDocument.objects.get()


@pytest.fixture
def document(account: SmsAccount, alice: User, now: datetime) -> SenderDocument:
    """Give a PDF of two pages that came with a request."""
    return ask(account, alice, now, papers.image("PDF", pages=2), 'kbis "<b>.pdf')


def at(document: SenderDocument, page: int | None = None) -> str:
    return f"/staff/senders/documents/{document.uuid}/" + (f"{page}/" if page else "")


def test_the_page_of_a_request_shows_each_page_as_an_image(
    document: SenderDocument, house_client: HouseClient, sam: User
) -> None:
    house_client.force_login(sam)
    asked = SenderRequest.objects.get()
    page = pages.words_of(house_client.get(f"/staff/senders/requests/{asked.uuid}/"))
    assert [at(document, n) in page for n in (1, 2, 3)] == [True, True, False]
    assert at(document) in page
    assert "<b>" not in page


@pytest.mark.parametrize("number", [1, 2])
def test_a_page_is_an_image_that_we_drew(
    document: SenderDocument, client: Client, sam: User, number: int
) -> None:
    client.force_login(sam)
    answer = client.get(at(document, number))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("number", [0, 3, 10**12])
def test_a_page_that_the_document_does_not_have_is_not_found(
    document: SenderDocument, client: Client, sam: User, number: int
) -> None:
    client.force_login(sam)
    assert client.get(f"{at(document)}{number}/").status_code == 404


def test_the_original_is_a_download_under_a_name_of_ours(
    document: SenderDocument, client: Client, sam: User
) -> None:
    client.force_login(sam)
    answer = client.get(at(document))
    assert answer.content == filing.read(document=document)
    assert answer["Content-Disposition"] == f"attachment; filename={document.uuid}.pdf"
    entry = TrailEntry.objects.get(event="document.downloaded")
    assert (entry.actor, entry.subject) == (sam, f"document:{document.uuid}")


@pytest.mark.parametrize("page", [None, 1], ids=["original", "image"])
def test_whatever_the_file_is_it_can_run_nothing(
    document: SenderDocument, client: Client, sam: User, page: int | None
) -> None:
    client.force_login(sam)
    answer = client.get(at(document, page))
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("page", [None, 1], ids=["original", "image"])
def test_nobody_but_staff_who_decide_sees_a_document(
    document: SenderDocument,
    alice: User,
    bob: User,
    mallory: User,
    sam: User,
    page: int | None,
) -> None:
    clerk = factories.make_clerk("view_senderdocument", "view_senderrequest")
    seen = []
    for user in (None, alice, bob, mallory, clerk, sam):
        client = Client()
        if user:
            client.force_login(user)
        seen.append(client.get(at(document, page)).status_code)
    assert seen == [302, 404, 404, 404, 403, 200]


@pytest.mark.parametrize("page", [None, 1], ids=["original", "image"])
def test_an_erased_document_is_not_found_and_its_page_says_so(
    document: SenderDocument,
    house_client: HouseClient,
    sam: User,
    now: datetime,
    page: int | None,
) -> None:
    SenderDocument.objects.update(erased_at=now, original_name="")
    house_client.force_login(sam)
    assert house_client.get(at(document, page)).status_code == 404
    asked = SenderRequest.objects.get()
    said = pages.words_of(house_client.get(f"/staff/senders/requests/{asked.uuid}/"))
    assert "The file was erased" in said


def test_a_file_that_is_gone_from_the_storage_is_not_found(
    document: SenderDocument, client: Client, sam: User
) -> None:
    SenderDocument.objects.update(stored_as="00000000-0000-4000-8000-000000000000.pdf")
    client.force_login(sam)
    assert [client.get(at(document, n)).status_code for n in (None, 1)] == [404, 404]
