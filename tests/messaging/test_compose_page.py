"""The compose page: what people type, what they are told, what is sent."""

import html
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import ledger, suspension
from accounts.models import SmsAccount, User
from messaging.models import Campaign, Message, OptOutCause, Revision, RevisionState
from messaging.recipients import optout
from senders import review
from senders.models import Sender
from tests import factories, pages, scenes
from tests.house_client import HouseClient


@pytest.fixture
def page(
    house_client: HouseClient, alice: User, sender: Sender, now: datetime
) -> Iterator[HouseClient]:
    """Alice's browser, within legal hours."""
    with time_machine.travel(now, tick=False):
        house_client.force_login(alice)
        yield house_client


def errors_of(response: object) -> str:
    return html.unescape(
        " ".join(re.findall(r'class="invalid-feedback.*?</div>', pages.words_of(response)))
    )


def size(page: HouseClient, account: SmsAccount, **changes: str) -> str:
    response = page.post(
        pages.compose_url(account) + "size/",
        pages.filled(**changes),
        headers={"HX-Request": "true"},
    )
    assert response.status_code == 200
    return html.unescape(pages.words_of(response))


def test_the_page_offers_enabled_senders_only(page: HouseClient, account: SmsAccount) -> None:
    factories.make_sender(account, name="Waiting", enabled=False)
    shown = pages.words_of(page.get(pages.compose_url(account)))
    assert '<option value="Martin"' in shown
    assert "Waiting" not in shown


def test_without_a_sender_the_page_says_who_enables_one(
    page: HouseClient, account: SmsAccount, sender: Sender, sam: User, now: datetime
) -> None:
    for enabled in (sender, factories.short_sender(account)):
        review.disable(sender=enabled, by=sam, clock=lambda: now)
    shown = pages.words_of(page.get(pages.compose_url(account)))
    assert "No sender is enabled yet" in shown
    assert "<textarea" not in shown


def test_a_message_is_commercial_unless_ticked(page: HouseClient, account: SmsAccount) -> None:
    shown = pages.words_of(page.get(pages.compose_url(account)))
    assert re.search(r'name="not_commercial"[^>]*checked', shown) is None
    assert "STOP:36111" in size(page, account, not_commercial="")


def test_one_number_is_sent_and_leads_to_its_message(
    page: HouseClient, account: SmsAccount
) -> None:
    response = pages.post(page, account)
    revision = Revision.objects.get()
    assert response.status_code == 302
    assert response.url == pages.message_url(revision)
    assert "SMS on its way." in pages.words_of(page.get(response.url))


def test_several_numbers_lead_to_the_review(page: HouseClient, account: SmsAccount) -> None:
    response = pages.post(page, account, recipients="+33612345678;+33612345679, 0033612345670")
    revision = Revision.objects.get()
    assert response.url == pages.campaign_url("quote-detail", revision)
    assert (revision.state, revision.messages) == (RevisionState.QUOTED, 3)


def test_a_planned_message_says_when_it_leaves_with_its_zone(
    page: HouseClient, account: SmsAccount
) -> None:
    response = pages.post(page, account, when="later", date="2027-03-12", time="08:30")
    shown = pages.words_of(page.get(response.url))
    assert "leaves Fri 12 Mar 2027, 08:30 (Europe/Paris)" in shown


def test_a_commercial_message_at_night_is_planned_for_the_opening(
    page: HouseClient, account: SmsAccount
) -> None:
    with time_machine.travel("2027-03-13T21:00:00+01:00", tick=False):
        assert "Plan for Mon 15 Mar 08:00" in size(page, account, not_commercial="")
        response = pages.post(page, account, not_commercial="")
        assert "leaves Mon 15 Mar 2027, 08:00" in pages.words_of(page.get(response.url))


def test_what_was_declared_keeps_its_author(
    page: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    pages.post(page, account)
    revision = Revision.objects.get()
    assert (revision.is_commercial, revision.declared_by, revision.declared_at) == (
        False,
        alice,
        now,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"recipients": ""}, "Give at least one number", id="no number"),
        pytest.param({"recipients": "0612345678"}, "international form", id="national form"),
        pytest.param({"recipients": "+3361234567"}, "too short", id="too short"),
        pytest.param({"recipients": "+33145678901"}, "not a mobile", id="fixed line"),
        pytest.param({"recipients": "hello"}, "characters that no phone number", id="letters"),
        pytest.param({"recipients": "36111"}, "Short numbers cannot", id="short code"),
        pytest.param({"recipients": "+870773111632"}, "networks are not", id="satellite"),
        pytest.param({"recipients": "+33612345678\0"}, "Null characters", id="NUL in the number"),
        pytest.param({"text": ""}, "Write a text", id="empty text"),
        pytest.param({"text": " \r\n\u200b\u2800"}, "Write a text", id="invisible text"),
        pytest.param({"text": "a\0b"}, "Null characters", id="NUL in the text"),
        pytest.param({"text": "a" * 40_000}, "at most 255", id="over 255 parts"),
        pytest.param({"text": "a" * 100_001}, "at most 100000", id="far too long"),
        pytest.param({"sender": "Nobody"}, "not enabled", id="unknown sender"),
        pytest.param({"sender": ""}, "Choose a sender", id="no sender"),
        pytest.param({"sender": "Mar\0tin"}, "Null characters", id="NUL in the sender"),
        pytest.param({"message_class": "toolkit"}, "not one of the available", id="class"),
        pytest.param({"when": "later"}, "Choose when", id="later without a date"),
        pytest.param(
            {"when": "later", "date": "2027-03-09", "time": "10:00"}, "has passed", id="past"
        ),
        pytest.param(
            {"when": "later", "date": "2028-06-01", "time": "10:00"}, "12 months", id="too far"
        ),
        pytest.param(
            {"when": "later", "date": "9999-12-31", "time": "23:59"}, "12 months", id="year 9999"
        ),
        pytest.param(
            {"when": "later", "date": "0001-01-01", "time": "00:00"}, "12 months", id="year 1"
        ),
        pytest.param(
            {"when": "later", "date": "2027-02-30", "time": "10:00"}, "valid date", id="no such day"
        ),
        pytest.param(
            {"when": "later", "date": "12\0", "time": "\0"}, "valid date", id="NUL in the date"
        ),
        pytest.param(
            {"when": "later", "date": "2027-03-28", "time": "02:30"},
            "does not exist",
            id="the hour that is skipped",
        ),
        pytest.param(
            {"when": "later", "date": "2027-10-31", "time": "02:30"},
            "comes twice",
            id="the hour that comes twice",
        ),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_sent(
    page: HouseClient, account: SmsAccount, changes: dict[str, str], expected: str
) -> None:
    response = pages.post(page, account, **changes)
    assert response.status_code == 422
    assert expected in errors_of(response)
    assert not Campaign.objects.exists()


def test_all_that_is_wrong_is_told_at_once(page: HouseClient, account: SmsAccount) -> None:
    told = errors_of(
        pages.post(
            page, account, recipients="0612", text=" ", when="later", date="2020-01-01", time="1:00"
        )
    )
    assert "international form" in told
    assert "Write a text" in told
    assert "has passed" in told


@pytest.mark.parametrize(
    "name", ["recipients", "text", "sender", "date", "when", "key", "replaces"]
)
def test_half_a_character_is_refused_in_every_field(
    page: HouseClient, account: SmsAccount, name: str
) -> None:
    body = pages.in_escapes(pages.filled(**{name: "a\\ud800b"}))
    response = page.generic("POST", pages.compose_url(account), body, pages.ESCAPES)
    assert "\ufffd" in response.content.decode() or name in ("key", "replaces", "sender", "when")
    assert response.status_code == 422
    assert not Campaign.objects.exists()


def test_what_was_typed_comes_back_untouched(page: HouseClient, account: SmsAccount) -> None:
    response = pages.post(page, account, recipients="nobody", text="  <b>two\r\n\r\nlines & </b> ")
    shown = response.content.decode()
    assert "&lt;b&gt;two\n\nlines &amp; &lt;/b&gt; " in shown.replace("\r\n", "\n")
    assert ">\nnobody</textarea>" in shown.replace("\r\n", "\n")


def test_the_text_is_not_trimmed(page: HouseClient, account: SmsAccount) -> None:
    pages.post(page, account, text=" a\r\nb ")
    assert Revision.objects.get().text == " a\nb "


@pytest.mark.parametrize(
    ("date", "chosen", "expected"),
    [
        pytest.param("2027-03-28", 0, "2027-03-28T00:59:00+00:00", id="last before the skip"),
        pytest.param("2027-03-28", 1, "2027-03-28T01:00:00+00:00", id="first after the skip"),
        pytest.param("2027-10-31", 0, "2027-10-31T00:30:00+00:00", id="summer time"),
        pytest.param("2027-10-31", 1, "2027-10-31T01:30:00+00:00", id="winter time"),
    ],
)
def test_a_moment_offered_at_a_clock_change_can_be_chosen(
    page: HouseClient, account: SmsAccount, date: str, chosen: int, expected: str
) -> None:
    later = {"when": "later", "date": date, "time": "02:30"}
    shown = pages.words_of(pages.post(page, account, **later))
    offered = re.findall(r'name="moment" value="([^"]+)"', shown)
    pages.post(page, account, **later, moment=offered[chosen])
    due_at = Revision.objects.get().due_at
    assert due_at is not None
    assert due_at.isoformat() == expected


def test_a_moment_that_was_not_offered_is_not_taken(page: HouseClient, account: SmsAccount) -> None:
    later = {"when": "later", "date": "2027-03-28", "time": "02:30"}
    response = pages.post(page, account, **later, moment="2027-06-01T00:00:00+00:00")
    assert response.status_code == 422


def test_an_opted_out_recipient_is_named_so(
    page: HouseClient, account: SmsAccount, now: datetime
) -> None:
    optout.add(account=account, phone=scenes.PHONE, cause=OptOutCause.STOP, now=now)
    assert "opted out" in errors_of(pages.post(page, account))


def test_a_country_without_a_price_is_named_so(page: HouseClient, account: SmsAccount) -> None:
    assert "do not serve this country" in errors_of(
        pages.post(page, account, recipients="+85362123456")
    )


def test_missing_credit_says_what_is_needed_and_what_there_is(
    page: HouseClient, account: SmsAccount, customer: object, alice: User
) -> None:
    poor = factories.make_account(account.customer)
    factories.make_sender(poor)
    response = pages.post(page, poor)
    assert response.status_code == 422
    assert "This takes 1 credit and the balance is 0 credits." in pages.words_of(response)
    assert not Message.objects.exists()


def test_a_suspended_account_sends_nothing(
    page: HouseClient, account: SmsAccount, sam: User, now: datetime
) -> None:
    suspension.suspend(account=account, by=sam, reason="unpaid", clock=lambda: now)
    response = pages.post(page, account)
    assert response.status_code == 422
    assert "The account is suspended" in pages.words_of(response)


def test_a_sender_disabled_meanwhile_is_refused(
    page: HouseClient, account: SmsAccount, sender: Sender, sam: User, now: datetime
) -> None:
    factories.make_sender(account, name="Other")
    review.disable(sender=sender, by=sam, clock=lambda: now)
    assert "not enabled" in errors_of(pages.post(page, account))


def test_twenty_equal_posts_make_one_message_and_one_debit(
    page: HouseClient, account: SmsAccount
) -> None:
    key = str(uuid.uuid4())
    answers = {pages.post(page, account, key=key).url for _n in range(20)}
    assert len(answers) == 1
    assert Revision.objects.count() == Message.objects.count() == 1
    assert ledger.balance(account_id=account.pk) == 999_00


def test_the_same_form_with_other_words_asks_again_with_a_link_to_the_first(
    page: HouseClient, account: SmsAccount
) -> None:
    key = str(uuid.uuid4())
    pages.post(page, account, key=key)
    response = pages.post(page, account, key=key, text="Autre texte")
    shown = pages.words_of(response)
    assert response.status_code == 422
    assert pages.campaign_url("campaign-detail", Revision.objects.get()) in shown
    assert "Autre texte" in shown
    fresh = re.findall(r'name="key" value="([^"]+)"', shown)
    assert fresh != [key]
    pages.post(page, account, key=fresh[0], text="Autre texte")
    assert Revision.objects.count() == 2


def test_a_form_without_its_key_is_given_a_new_one_and_sends_nothing(
    page: HouseClient, account: SmsAccount
) -> None:
    response = pages.post(page, account, key="nonsense")
    shown = pages.words_of(response)
    assert "The form was damaged" in shown
    assert uuid.UUID(re.findall(r'name="key" value="([^"]+)"', shown)[0])
    assert not Revision.objects.exists()


def test_counting_without_script_sends_nothing(page: HouseClient, account: SmsAccount) -> None:
    response = pages.post(page, account, action="count", text="a" * 161)
    assert response.status_code == 200
    assert "<strong>2</strong> SMS" in pages.words_of(response)
    assert not Revision.objects.exists()


def test_look_alikes_are_replaced_on_demand_and_named(
    page: HouseClient, account: SmsAccount
) -> None:
    shown = html.unescape(
        pages.words_of(pages.post(page, account, action="replace", text="C’est l’été — œuf"))
    )
    assert "C'est l'été - oeuf</textarea>" in shown
    assert "’ became ', 2 times" in shown
    assert "œ became oe" in shown
    assert not Revision.objects.exists()


def test_the_counter_names_what_forces_unicode(page: HouseClient, account: SmsAccount) -> None:
    shown = size(page, account, text="Salut 🎉 ê")
    assert "party popper, U+1F389" in shown
    assert "latin small letter e with circumflex" in shown
    assert "Unicode" in shown


@pytest.mark.parametrize(
    ("text", "is_commercial", "parts"),
    [
        pytest.param("a" * 160, False, 1, id="full"),
        pytest.param("a" * 160, True, 2, id="full with the clause"),
        pytest.param("€" * 81, False, 2, id="extension counts double"),
        pytest.param("ê" * 71, False, 2, id="unicode"),
    ],
)
def test_the_counter_counts_what_will_be_charged(
    page: HouseClient, account: SmsAccount, text: str, is_commercial: bool, parts: int
) -> None:
    declared = "" if is_commercial else "on"
    assert f"<strong>{parts}</strong> SMS" in size(
        page, account, text=text, not_commercial=declared
    )
    pages.post(page, account, text=text, not_commercial=declared)
    assert Revision.objects.get().parts == parts


def test_the_counter_prices_valid_numbers_once_each(page: HouseClient, account: SmsAccount) -> None:
    shown = size(page, account, recipients="+33612345678,+33612345678,+33612345679,0612")
    assert "2 left out" in shown
    assert "2 credits" in shown
    assert "998 credits" in shown
    assert "Go on to the review" in shown


def test_the_counter_survives_anything_in_the_other_fields(
    page: HouseClient, account: SmsAccount
) -> None:
    nonsense = dict.fromkeys(("key", "sender", "recipients", "date", "time", "moment"), "\0;x")
    assert "SMS" in size(page, account, **nonsense, when="later", text="\0")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_counter_survives_the_ends_of_the_calendar(
    page: HouseClient, account: SmsAccount, day: str
) -> None:
    far = {"when": "later", "date": day, "time": "23:59", "not_commercial": ""}
    assert "SMS" in size(page, account, **far)


def test_a_text_above_the_advised_length_is_advised_against(
    page: HouseClient, account: SmsAccount
) -> None:
    assert "Above 8 parts" in size(page, account, text="a" * (8 * 153 + 1))


def test_a_quote_comes_back_to_be_changed_and_is_replaced(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    old = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))
    shown = pages.words_of(page.get(f"{pages.compose_url(account)}?from={old.campaign.uuid}"))
    assert f'name="replaces" value="{old.campaign.uuid}"' in shown
    assert "+33612300000 +33612300001</textarea>" in shown
    pages.post(
        page, account, replaces=str(old.campaign.uuid), recipients=",".join(scenes.numbers(3))
    )
    old.refresh_from_db()
    assert old.state == RevisionState.STALE
    assert Revision.objects.get(campaign=old.campaign, number=2).messages == 3


def test_any_message_comes_back_as_a_copy(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    sent = scenes.compose(account, alice, sender, now=now)
    shown = pages.words_of(page.get(f"{pages.compose_url(account)}?copy={sent.campaign.uuid}"))
    assert 'name="replaces" value' not in shown
    assert sent.text in shown


def test_a_campaign_confirmed_meanwhile_is_not_replaced(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    sent = scenes.compose(account, alice, sender, now=now)
    response = pages.post(page, account, replaces=str(sent.campaign.uuid))
    assert response.status_code == 422
    assert "It was changed in the meantime" in pages.words_of(response)
    assert Revision.objects.count() == 1


def test_a_foreign_campaign_can_be_neither_copied_nor_replaced(
    page: HouseClient, account: SmsAccount, mallory: User, mallorys_account: SmsAccount,
    now: datetime,
) -> None:  # fmt: skip
    theirs = scenes.compose(
        mallorys_account, mallory, factories.make_sender(mallorys_account), now=now
    )
    uuid_ = str(theirs.campaign.uuid)
    assert page.get(f"{pages.compose_url(account)}?from={uuid_}").status_code == 404
    assert page.get(f"{pages.compose_url(account)}?from=x").status_code == 404
    assert pages.post(page, account, replaces=uuid_).status_code == 422


def test_another_customers_account_is_not_there(
    page: HouseClient, mallorys_account: SmsAccount
) -> None:
    assert page.get(pages.compose_url(mallorys_account)).status_code == 404
    assert pages.post(page, mallorys_account).status_code == 404


def test_a_reader_is_led_to_the_history_and_cannot_send(
    house_client: HouseClient, account: SmsAccount, sender: Sender, bob: User
) -> None:
    house_client.force_login(bob)
    response: Any = house_client.get(pages.compose_url(account))
    assert response.url.endswith("/messages/")
    assert pages.post(house_client, account).status_code == 404


def test_a_form_without_its_csrf_token_is_refused(
    account: SmsAccount, alice: User, sender: Sender
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post(pages.compose_url(account), pages.filled())
    assert response.status_code == 403
    assert not Revision.objects.exists()


def test_the_characters_are_listed(page: HouseClient, account: SmsAccount) -> None:
    shown = pages.words_of(page.get(pages.compose_url(account).replace("compose", "characters")))
    assert "<kbd>€</kbd>" in shown
    assert "<kbd>é</kbd>" in shown


def test_the_short_number_is_first_and_chosen_in_france(
    page: HouseClient, account: SmsAccount, sam: User
) -> None:
    factories.make_virtual(account)
    shown = pages.words_of(page.get(pages.compose_url(account)))
    select = re.search(r'<select name="sender".*?</select>', shown)
    assert select
    options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)<', select[0])
    assert options == [
        ("#short", " selected", "Short number (allows a reply)"),
        ("+33755512345", "", "+33 7 55 51 23 45 (virtual number, allows replies)"),
        ("Martin", "", "Martin"),
    ]
    assert "allows a reply for 48 hours" in shown


def test_customers_elsewhere_choose_among_names(
    house_client: HouseClient, mallory: User, mallorys_account: SmsAccount, now: datetime
) -> None:
    house_client.force_login(mallory)
    url = pages.compose_url(mallorys_account)
    assert "No sender is enabled yet" in pages.words_of(house_client.get(url))
    factories.make_sender(mallorys_account, name="MalloryCo")
    shown = pages.words_of(house_client.get(url))
    assert "MalloryCo" in shown
    assert "hort number (allows" not in shown


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"recipients": "+590690123456"}, "metropolitan France only", id="an overseas number"
        ),
        pytest.param({"text": "Voir Exemple.fr/x"}, "(Exemple.fr/x), which the short", id="link"),
        pytest.param({"text": "https://a.fr"}, "(https://a.fr), which the short", id="with http"),
        pytest.param({"text": "VOIR EXEMPLE.DE"}, "(EXEMPLE.DE), which the short", id="capitals"),
        pytest.param({"text": "www.exemple.maison"}, "(www.exemple.maison), which", id="www"),
    ],
)
def test_what_the_short_number_does_not_let_pass_is_said_beside_its_field(
    page: HouseClient, account: SmsAccount, changes: dict[str, str], expected: str
) -> None:
    response = pages.post(page, account, sender="#short", **changes)
    assert response.status_code == 422
    assert expected in errors_of(response)
    assert not Revision.objects.exists()


def test_the_count_knows_what_the_sender_lets_pass(page: HouseClient, account: SmsAccount) -> None:
    three = "+33612345678, +590690123456, +393331234567"
    changes = {"not_commercial": "", "recipients": three, "text": "Voir exemple.fr"}
    short = size(page, account, sender="#short", **changes)
    assert "STOP:36111" not in short
    assert "2 left out: the short number reaches" in short
    assert "(exemple.fr), which the short number" in short
    named = size(page, account, sender="Martin", **changes)
    assert "STOP:36111" in named
    assert "left out" not in named
    assert "which the short number" not in named


def test_a_sender_that_is_gone_counts_like_a_name(page: HouseClient, account: SmsAccount) -> None:
    assert "STOP:36111" in size(page, account, sender="Nobody", not_commercial="")
