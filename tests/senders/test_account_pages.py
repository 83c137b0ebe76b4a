"""The senders of an account in the panel: the list, asking for names, what an owner may do."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import SmsAccount, User
from senders import asking, documents, review
from senders.models import (
    DecisionReason,
    Outcome,
    Sender,
    SenderDocument,
    SenderRequest,
    SenderState,
)
from tests import factories, pages, papers
from tests.house_client import HouseClient

DAY = timedelta(days=1)


@pytest.fixture
def client(house_client: HouseClient, alice: User) -> HouseClient:
    house_client.force_login(alice)
    return house_client


@pytest.fixture
def refused(account: SmsAccount, sam: User, now: datetime) -> Sender:
    """Give a sender that was refused until more has come."""
    sender = factories.make_sender(account, name="FOURNIL", enabled=False)
    review.refuse(
        sender=sender,
        by=sam,
        reason="The stamp is missing.",
        now=now,
        outcome=Outcome.MORE_NEEDED,
        code=DecisionReason.INCOMPLETE,
    )
    return sender


def url(account: SmsAccount, view: str = "sender-list", *more: str) -> str:
    return reverse(f"senders:{view}", args=[account.name, *more])


def shown(client: HouseClient, at: str, **query: str) -> str:
    return pages.words_of(client.get(at, query))


def file(data: bytes = papers.JPEG, name: str = "kbis.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def ask(client: HouseClient, account: SmsAccount, **changes: Any) -> Any:
    said = {
        "name": "FOURNIL",
        "description": "Shop",
        "reason": "Orders that are ready",
        "documents": [file()],
        "action": "ask",
    }
    return client.post(url(account, "sender-create"), said | changes)


# --- The list -----------------------------------------------------------------------------------


def test_a_sender_is_described_anew_but_not_while_staff_look_at_it(
    client: HouseClient, account: SmsAccount, refused: Sender
) -> None:
    at = url(account, "description-update", "FOURNIL")
    said = client.post(at, {"description": "The shop in Lyon"}, follow=True)
    assert "The description of FOURNIL is changed." in pages.words_of(said)
    assert 'value="The shop in Lyon"' in pages.words_of(said)
    assert refused.requests.get().description == ""

    too_long = client.post(at, {"description": "x" * 41})
    assert too_long.status_code == 422
    assert "x" * 41 in pages.words_of(too_long)
    assert client.post(at, {"description": "\0"}).status_code == 422

    Sender.objects.filter(pk=refused.pk).update(state=SenderState.WAITING)
    late = client.post(at, {"description": "Another"}, follow=True)
    assert "FOURNIL was left as it is" in pages.words_of(late)
    refused.refresh_from_db()
    assert refused.description == "The shop in Lyon"


NEWS = '<span class="nav-count">1<span class="visually-hidden"> not read</span></span>'


def test_a_decision_is_news_until_somebody_who_may_ask_looked(
    client: HouseClient, account: SmsAccount, refused: Sender, alice: User, bob: User
) -> None:
    history = f"/sms/{account.name}/messages/"
    assert NEWS in shown(client, history)
    # Looked at by a reader, or searched for, it is news all the same.
    client.force_login(bob)
    assert NEWS in shown(client, url(account))
    client.force_login(alice)
    assert NEWS in shown(client, url(account), words="nothing like it")
    first = shown(client, url(account))
    assert NEWS in first
    assert "</svg> New</span>" in first
    second = shown(client, url(account))
    assert "</svg> New</span>" not in second
    assert NEWS not in shown(client, history)


def test_what_the_platform_enables_at_once_is_no_news(
    client: HouseClient, account: SmsAccount, sam: User, now: datetime
) -> None:
    sender = review.request(account=account, name="PAIN", description="", by=sam, now=now)
    review.enable(sender=sender, by=None, now=now, reason=DecisionReason.VERIFIED)
    assert "nav-count" not in shown(client, url(account))


def test_every_sender_is_listed_with_where_it_stands(
    client: HouseClient, account: SmsAccount, refused: Sender, sam: User, now: datetime
) -> None:
    factories.make_sender(account, name="Atelier", enabled=False)
    withdrawn = factories.make_sender(account, name="Boutique")
    review.withdraw(sender=withdrawn, by=sam, reason="Complaints", clock=lambda: now)
    page = shown(client, url(account))
    for words in (
        "Short number",
        "More is needed",
        "A document is missing: The stamp is missing.",
        "Waiting for validation",
        "12 Mar 2027, 10:00 CET",
        "Withdrawn",
        "Complaints",
        "Own choice",
    ):
        assert words in page, words


def test_numbers_stand_among_them_with_what_they_can_do(
    client: HouseClient, account: SmsAccount, now: datetime
) -> None:
    factories.make_virtual(account, until=now + 365 * DAY)
    page = shown(client, url(account))
    assert "+33 7 55 51 23 45" in page
    assert "Yours until 9 Mar 2028" in page
    assert "Allows a reply for 48 hours" in page


def test_numbers_that_end_soon_are_warned_about(
    client: HouseClient, account: SmsAccount, alice: User, time_machine: Any, now: datetime
) -> None:
    time_machine.move_to(now, tick=False)
    client.force_login(alice)
    virtual = factories.make_virtual(account, until=now + 31 * DAY)
    assert "Virtual numbers that end soon" not in shown(client, url(account))
    Sender.objects.filter(pk=virtual.pk).update(term_ends_at=now + 30 * DAY)
    assert "Virtual numbers that end soon" in shown(client, url(account))
    assert "This number is yours until" in shown(
        client, url(account, "sender-detail", virtual.name)
    )


def order(page: str, *names: str) -> list[str]:
    return sorted(names, key=lambda name: page.index(f">{name}<"))


@pytest.mark.parametrize("column", ["name", "kind", "origin", "description", "status", "message"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_list_sorts_by_each_column(
    client: HouseClient, account: SmsAccount, refused: Sender, column: str, sign: str
) -> None:
    answer = client.get(url(account), {"sort": sign + column})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'aria-sort="{"descending" if sign else "ascending"}"' in page


def test_names_sort_both_ways_and_nonsense_sorts_by_name(
    client: HouseClient, account: SmsAccount
) -> None:
    for name in ("beta", "Alpha", "Gamma"):
        factories.make_sender(account, name=name)
    names = ("Gamma", "beta", "Alpha")
    assert order(shown(client, url(account)), *names) == ["Alpha", "beta", "Gamma"]
    assert order(shown(client, url(account), sort="-name"), *names) == ["Gamma", "beta", "Alpha"]
    assert client.get(url(account), {"sort": "password"}).status_code == 200


def test_words_find_a_name_or_a_description(client: HouseClient, account: SmsAccount) -> None:
    factories.make_sender(account, name="Atelier")
    Sender.objects.filter(name="Atelier").update(description="Rue Neuve")
    factories.make_sender(account, name="Boutique")
    for words in ("atel", "NEUVE"):
        page = shown(client, url(account), words=words)
        assert "Atelier" in page
        assert "Boutique" not in page
    assert "Nothing matches" in shown(client, url(account), words="zzz")


def test_an_empty_list_says_how_one_begins(
    client: HouseClient, mallory: User, tariff: None
) -> None:
    abroad = factories.make_customer(name="Bäcker", country="DE", owner=mallory)
    account = factories.make_account(abroad)
    client.force_login(mallory)
    page = shown(client, url(account))
    assert "No sender yet" in page
    assert url(account, "sender-create") in page
    compose = pages.words_of(client.get(pages.compose_url(account)))
    assert url(account) in compose


def test_who_may_only_read_sees_the_list_and_no_act(
    house_client: HouseClient, account: SmsAccount, bob: User, refused: Sender, sender: Sender
) -> None:
    house_client.force_login(bob)
    page = shown(house_client, url(account))
    assert "FOURNIL" in page
    assert "Add a sender" not in page
    for one in (refused, sender):
        detail = shown(house_client, url(account, "sender-detail", one.name))
        assert "Ask again" not in detail
        assert "Put aside" not in detail


def test_nothing_of_another_account_is_listed_or_found(
    client: HouseClient, account: SmsAccount, mallorys_account: SmsAccount
) -> None:
    factories.make_sender(mallorys_account, name="MalloryCo")
    assert "MalloryCo" not in shown(client, url(account))
    assert client.get(url(account, "sender-detail", "MalloryCo")).status_code == 404


# --- A name in one's own words ------------------------------------------------------------------


def test_a_name_is_asked_for_with_its_documents(
    client: HouseClient, account: SmsAccount, alice: User
) -> None:
    answer = ask(client, account, documents=[file(), file(papers.PDF, "lettre.pdf")])
    assert answer.status_code == 302
    asked = SenderRequest.objects.get()
    assert (asked.sender.name, asked.reason, asked.asked_by) == (
        "FOURNIL",
        "Orders that are ready",
        alice,
    )
    assert asked.documents.count() == 2
    page = shown(client, answer["Location"])
    assert "Waiting for validation" in page
    assert "lettre.pdf" in page


PNG_TOO_LARGE = papers.PNG + b"\0" * (documents.LARGEST + 1 - len(papers.PNG))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param([], "Add at least one document.", id="none"),
        pytest.param([file(b"", "a.pdf")], "a.pdf: the file is empty.", id="0 bytes"),
        pytest.param(
            [file(PNG_TOO_LARGE, "a.png")], "a.png: the file is larger than 10 MB.", id="too large"
        ),
        pytest.param([file()] * 11, "Add at most 10 documents.", id="eleven"),
        pytest.param(
            [file(papers.HTML, "a.pdf")], "a.pdf: this is no PDF, JPEG or PNG", id="HTML as PDF"
        ),
        pytest.param(
            [file(b"%PDF-1.7\n" + papers.HTML, "a.pdf")], "a.pdf: the file holds", id="PDF and HTML"
        ),
        pytest.param(
            [file(papers.pixel_bomb(), "a.png")],
            "a.png: the picture is too large.",
            id="pixel bomb",
        ),
        pytest.param(
            [file(papers.image("PDF", pages=51), "a.pdf")],
            "a.pdf: the file has too many pages",
            id="51 pages",
        ),
        pytest.param([file(), file(b"x", "b.exe")], "b.exe: this is no PDF", id="one of two"),
        pytest.param([file(b"x", "../../etc/passwd")], "passwd: this is", id="a path"),
        pytest.param([file(b"x", "fdp.\u202egpj")], "fdp.gpj: this is", id="turned around"),
    ],
)
def test_a_file_that_is_not_taken_is_told_beside_its_field_and_nothing_is_half_done(
    client: HouseClient, account: SmsAccount, files: list[Any], words: str
) -> None:
    for one in files:
        one.seek(0)
    answer = ask(client, account, documents=files)
    page = pages.words_of(answer)
    assert answer.status_code == 422
    assert words.replace("'", "&#x27;") in page.partition('id="id_documents_error"')[2]
    assert "Orders that are ready" in page
    assert 'value="FOURNIL"' in page
    assert "choose them again" in page
    assert not Sender.objects.filter(name="FOURNIL").exists()
    assert not SenderDocument.objects.exists()


def test_a_name_with_a_nul_reaches_no_disk(client: HouseClient, account: SmsAccount) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="documents"; filename="a\0b/../c.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + papers.JPEG + b"\r\n--x--\r\n"
    )
    answer = client.post(
        url(account, "sender-create"), body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code in (400, 422)
    assert not SenderDocument.objects.exists()


def test_what_is_wrong_with_a_name_is_told_all_at_once(
    client: HouseClient, account: SmsAccount
) -> None:
    answer = ask(client, account, name=" é")
    page = pages.words_of(answer).partition('id="id_name_error"')[2]
    for words in ("Use at least 3", "letters without accents", "spaces at the ends", "one letter"):
        assert words in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "36111"),
        ("name", "0612345678"),
        ("name", "x" * 500),
        ("name", "Mar\0tin"),
        ("description", "x" * 41),
        ("reason", "x" * 251),
        ("reason", ""),
    ],
)
def test_a_wrong_field_is_told_and_nothing_is_kept(
    client: HouseClient, account: SmsAccount, field: str, value: str
) -> None:
    answer = ask(client, account, **{field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not SenderRequest.objects.exists()


def test_asking_twice_for_a_name_is_told_the_second_time(
    client: HouseClient, account: SmsAccount
) -> None:
    ask(client, account)
    answer = ask(client, account)
    assert answer.status_code == 422
    assert "This account has a sender of this name." in pages.words_of(answer)
    assert SenderDocument.objects.count() == 1


def test_too_many_that_wait_are_told(
    client: HouseClient, account: SmsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_WAITING", 0)
    assert "names wait for validation" in pages.words_of(ask(client, account))


def test_a_name_is_checked_while_it_is_typed(client: HouseClient, account: SmsAccount) -> None:
    factories.make_protected("Orange")
    at = url(account, "name-detail")
    assert "can be asked for" in shown(client, at, name="FOURNIL")
    assert "Use at least one letter" in shown(client, at, name="36111")
    assert "It resembles “Orange”" in shown(client, at, name="0range")
    assert shown(client, at, name="") == ""
    assert client.get(f"{at}?name={quote('x' * 5000)}").status_code == 200


def test_a_name_is_checked_without_script_and_nothing_is_sent(
    client: HouseClient, account: SmsAccount
) -> None:
    answer = ask(client, account, action="check", documents=[])
    page = pages.words_of(answer)
    assert answer.status_code == 200
    assert "“FOURNIL” can be asked for." in page
    assert "Orders that are ready" in page
    assert not SenderRequest.objects.exists()


def test_countries_stand_in_the_order_of_the_reader(
    client: HouseClient, account: SmsAccount
) -> None:
    page = pages.words_of(
        client.get(url(account, "sender-create"), headers={"accept-language": "fr"})
    )
    assert "Canada, Émirats arabes unis, Indonésie, Royaume-Uni" in page


def test_half_a_character_is_told(client: HouseClient, account: SmsAccount) -> None:
    for action in ("check", "ask"):
        fields = {"name": "Mar\\ud800tin", "reason": "x\\ud800", "action": action}
        answer = client.post(
            url(account, "sender-create"), pages.in_escapes(fields), content_type=pages.ESCAPES
        )
        assert answer.status_code == (200 if action == "check" else 422)


# --- Names known as one's own -------------------------------------------------------------------


@pytest.fixture
def known(account: SmsAccount, sam: User, now: datetime) -> None:
    """Let staff have verified a name and a domain of Alice's company."""
    for kind, value in (("name", "Martin"), ("domain", "martin.fr")):
        asking.confirm_identity(customer=account.customer, kind=kind, value=value, by=sam, now=now)


def test_verified_names_are_added_several_at_once_and_may_be_used(
    client: HouseClient, account: SmsAccount, known: None
) -> None:
    assert "may be used at once" in shown(client, url(account, "sender-create"))
    answer = client.post(
        url(account, "own-create"), {"names": ["Martin", "martin.fr"]}, follow=True
    )
    assert "2 senders may be used now." in pages.words_of(answer)
    enabled = Sender.objects.filter(account=account, kind="alpha", state=SenderState.ENABLED)
    assert set(enabled.values_list("name", flat=True)) == {"Martin", "martin.fr"}


@pytest.mark.parametrize("names", [[], ["Orange"], ["Martin", "Orange"]])
def test_only_what_is_offered_is_added(
    client: HouseClient, account: SmsAccount, known: None, names: list[str]
) -> None:
    answer = client.post(url(account, "own-create"), {"names": names})
    assert answer.status_code == 422
    assert "id_names_error" in answer.content.decode()
    assert not SenderRequest.objects.exists()


def test_nothing_to_offer_says_why(client: HouseClient, account: SmsAccount) -> None:
    assert "None fits" in shown(client, url(account, "sender-create"))


# --- What its owner may do ----------------------------------------------------------------------


def act(client: HouseClient, sender: Sender, view: str) -> str:
    at = url(sender.account, view, sender.name)
    return pages.words_of(client.post(at, follow=True))


def test_a_refused_name_is_asked_for_again_with_what_changed(
    client: HouseClient, account: SmsAccount, refused: Sender
) -> None:
    at = url(account, "request-create", refused.name)
    assert "The stamp is missing." in shown(client, at)
    said = {"changes": "Stamped", "description": "", "reason": "Orders", "documents": [file()]}
    page = pages.words_of(client.post(at, said, follow=True))
    assert "Waiting for validation" in page
    assert "Stamped" in page
    asked = SenderRequest.objects.get(sender=refused, round=2)
    assert (asked.changes, asked.documents.count()) == ("Stamped", 1)
    again = pages.words_of(client.post(at, said, follow=True))
    assert "was left as it is: Waiting for validation" in again
    assert refused.requests.count() == 2


def test_asking_again_says_what_is_missing_and_keeps_what_was_typed(
    client: HouseClient, account: SmsAccount, refused: Sender
) -> None:
    answer = client.post(
        url(account, "request-create", refused.name), {"reason": "Orders", "changes": ""}
    )
    page = pages.words_of(answer)
    assert answer.status_code == 422
    assert "id_changes_error" in page
    assert "id_documents_error" in page
    assert "Orders" in page
    assert refused.requests.count() == 1


def test_asking_again_too_often_is_told(
    client: HouseClient, account: SmsAccount, refused: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_A_DAY", 0)
    said = {"changes": "Stamped", "reason": "Orders", "documents": [file()]}
    answer = client.post(url(account, "request-create", refused.name), said)
    assert answer.status_code == 422
    assert "An account asks 0 times a day at most" in pages.words_of(answer)
    assert not SenderDocument.objects.exists()


def test_what_is_not_refused_is_not_asked_for_again(
    client: HouseClient, account: SmsAccount, sender: Sender
) -> None:
    answer = client.get(url(account, "request-create", sender.name), follow=True)
    assert "was left as it is: Enabled" in pages.words_of(answer)


def test_a_sender_is_put_aside_and_used_again(client: HouseClient, sender: Sender) -> None:
    assert "Martin is put aside." in act(client, sender, "sender-disable")
    assert "was left as it is: Disabled" in act(client, sender, "sender-disable")
    assert "Martin may be used again." in act(client, sender, "sender-enable")
    assert sender.validities.count() == 2


def test_nobody_enables_what_waits_or_was_withdrawn(
    client: HouseClient, account: SmsAccount, sender: Sender, sam: User, now: datetime
) -> None:
    waiting = factories.make_sender(account, name="FOURNIL", enabled=False)
    review.withdraw(sender=sender, by=sam, reason="fraud", clock=lambda: now)
    for one in (waiting, sender):
        assert "was left as it is" in act(client, one, "sender-enable")
        assert "was left as it is" in act(client, one, "default-update")
        one.refresh_from_db()
        assert one.state != SenderState.ENABLED
        assert not one.is_default


def test_a_removed_sender_leaves_the_list_and_is_not_found(
    client: HouseClient, account: SmsAccount, sender: Sender
) -> None:
    assert "Martin is removed." in act(client, sender, "sender-delete")
    at = url(account, "sender-detail", sender.name)
    assert client.get(at).status_code == 404
    assert at not in shown(client, url(account))
    assert sender.validities.exists()


def test_the_default_is_what_the_composer_begins_with(
    client: HouseClient, account: SmsAccount, sender: Sender
) -> None:
    def begins_with() -> str:
        page = pages.words_of(client.get(pages.compose_url(account)))
        return page.partition(" selected")[0].rpartition('value="')[2]

    assert begins_with().startswith("#short")
    assert "New messages bear Martin" in act(client, sender, "default-update")
    assert begins_with().startswith("Martin")
    act(client, sender, "sender-disable")
    assert begins_with().startswith("#short")
