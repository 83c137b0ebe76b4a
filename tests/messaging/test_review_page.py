"""The review: what is read before confirming, and what confirming does."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts import ledger
from accounts.models import Destination, SmsAccount, User
from messaging import quote
from messaging.models import OptOutCause, Revision, RevisionState, SourceChunk
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


@pytest.fixture
def quoted(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Revision:
    """A quote for three phones in two countries, with a duplicate, an opt-out and a wrong row."""
    optout.add(account=account, phone="+33612300009", cause=OptOutCause.STOP, now=now)
    numbers = ("+33612300001", "+33612300002", "+393331234567", "+33612300001", "=1+1")
    return scenes.compose(
        account, alice, sender, now=now, numbers=(*numbers, "+33612300009"), is_commercial=True
    )


def confirm(page: HouseClient, read: Revision, **changes: object) -> Any:
    fields: dict[str, object] = {
        "revision": read.number,
        "total_hundredths": read.total_hundredths,
    }
    return page.post(pages.campaign_url("campaign-confirm", read), fields | changes)


def test_the_review_says_who_gets_it_and_what_it_takes(page: HouseClient, quoted: Revision) -> None:
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", quoted)))
    facts = dict(re.findall(r"<dt>([^<]+)</dt>\s*<dd>([^<]+)<", shown))
    assert facts["Recipients"] == "3"
    assert facts["SMS each"] == "1"
    assert facts["Cost in credits"] == "3.2"
    assert facts["Balance afterwards"] == "996.8"
    assert facts["Duplicates left out"] == "1"
    assert facts["Opted out (STOP)"] == "1"
    assert facts["Refused"] == "1"
    assert "STOP:36111" in shown
    assert "Send to 3 recipients" in shown
    assert "Italy" in shown


def test_a_refused_row_is_shown_with_line_number_and_reason(
    page: HouseClient, quoted: Revision
) -> None:
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", quoted)))
    row = re.search(r'<td class="number">5</td>.*?</tr>', shown)
    assert row is not None
    assert "=1+1" in row.group()
    assert "characters that no phone number has" in row.group()


def test_refused_rows_are_downloaded_without_formulas(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    given = ("=1+1", "+3361", "@x", "-5", "fine", 'a,"b"')
    revision = scenes.compose(account, alice, sender, now=now, numbers=given)
    response: Any = page.get(pages.campaign_url("refused-row-list", revision))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Line", "Number", "Reason"]
    assert [row[1] for row in rows[1:]] == ["'=1+1", "'+3361", "'@x", "'-5", "fine", 'a,"b"']
    assert "attachment" in response.headers["Content-Disposition"]


def test_who_the_short_number_does_not_reach_is_named_and_downloaded(
    page: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    short = factories.short_sender(account)
    given = (scenes.PHONE, "+590690123456")
    revision = scenes.compose(account, alice, short, now=now, numbers=given, is_commercial=True)
    words = "The short number reaches mobile numbers of metropolitan France only."
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", revision)))
    assert words in shown
    assert '<p class="bubble-sender">Short number (allows a reply)</p>' in shown
    assert "can reply STOP" in shown
    response: Any = page.get(pages.campaign_url("refused-row-list", revision))
    assert words in b"".join(response.streaming_content).decode()


def test_confirming_debits_once_however_often_it_is_pressed(
    page: HouseClient, quoted: Revision, account: SmsAccount
) -> None:
    answers = {confirm(page, quoted).status_code for _n in range(3)}
    quoted.refresh_from_db()
    assert answers == {302}
    assert quoted.state == RevisionState.SCHEDULED
    assert ledger.balance(account_id=account.pk) == 996_80


def test_a_confirmed_quote_leads_to_its_campaign(page: HouseClient, quoted: Revision) -> None:
    confirm(page, quoted)
    response: Any = page.get(pages.campaign_url("quote-detail", quoted))
    assert response.url == pages.campaign_url("campaign-detail", quoted)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"total_hundredths": 1}, id="another total"),
        pytest.param({"total_hundredths": "x"}, id="no total"),
        pytest.param({"revision": 2}, id="another revision"),
        pytest.param({"revision": "\0"}, id="NUL"),
        pytest.param({"revision": 10**30}, id="a huge number"),
    ],
)
def test_a_confirmation_of_other_figures_brings_the_review_back(
    page: HouseClient, quoted: Revision, account: SmsAccount, changes: dict[str, object]
) -> None:
    response = page.get(confirm(page, quoted, **changes).url)
    assert "Nothing was sent" in pages.words_of(response)
    assert ledger.balance(account_id=account.pk) == 1_000_00


def test_a_changed_price_brings_a_new_quote_with_a_sentence(
    page: HouseClient, quoted: Revision, now: datetime
) -> None:
    Destination.objects.filter(country="FR").update(price_hundredths=150)
    address = confirm(page, quoted).url
    fresh = Revision.objects.get(number=2)
    shown = pages.words_of(page.get(address))
    assert "Prices or opt-outs changed since" in shown
    assert "4.2" in shown
    assert fresh.campaign_id == quoted.campaign_id


def test_a_quote_of_yesterday_is_priced_again_on_demand(
    page: HouseClient, quoted: Revision, now: datetime
) -> None:
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        shown = pages.words_of(page.get(pages.campaign_url("quote-detail", quoted)))
        assert "out of date" in shown
        assert "Price it again" in shown
        assert "/confirm/" not in shown
        page.post(pages.campaign_url("quote-update", quoted))
    assert Revision.objects.get(number=2).state == RevisionState.QUOTED


def test_a_quote_that_expired_can_be_priced_again(
    page: HouseClient, quoted: Revision, now: datetime
) -> None:
    quote.expire(now=now + timedelta(hours=25))
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", quoted)))
    assert "Price it again" in shown
    page.post(pages.campaign_url("quote-update", quoted))
    assert Revision.objects.get(number=2).messages == 3


def test_a_quote_beyond_the_balance_cannot_be_confirmed(
    page: HouseClient, account: SmsAccount, alice: User, now: datetime
) -> None:
    poor = factories.make_account(account.customer, credits=1)
    sender = factories.make_sender(poor)
    revision = scenes.compose(poor, alice, sender, now=now, numbers=scenes.numbers(2))
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", revision)))
    assert "This takes 2 credits and the balance is 1 credit" in shown
    assert "/confirm/" not in shown
    refused = page.get(confirm(page, revision).url)
    assert "Nothing was sent and nothing was charged" in pages.words_of(refused)


def test_a_quote_without_recipients_cannot_be_confirmed(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    revision = scenes.compose(account, alice, sender, now=now, numbers=("x", "y"))
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", revision)))
    assert "Nobody is left to send to" in shown
    assert "/confirm/" not in shown


def test_a_sender_disabled_since_is_told_at_the_confirmation(
    page: HouseClient, quoted: Revision, sender: Sender, sam: User, now: datetime
) -> None:
    review.disable(sender=sender, by=sam, clock=lambda: now)
    shown = pages.words_of(page.get(confirm(page, quoted).url))
    assert "This sender is not enabled" in shown


def test_recipients_under_other_legal_hours_have_their_own_moment(
    page: HouseClient, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    numbers = ("+33612300001", "+262692123456")
    with time_machine.travel("2027-03-10T20:30:00+01:00", tick=False):
        late = datetime.fromisoformat("2027-03-10T20:30:00+01:00")
        revision = scenes.compose(
            account, alice, sender, now=late, numbers=numbers, is_commercial=True
        )
        shown = pages.words_of(page.get(pages.campaign_url("quote-detail", revision)))
    assert "Thu 11 Mar 2027, 05:00" in shown
    assert "Thu 11 Mar 2027, 08:00" in shown


def test_a_quote_in_the_making_shows_its_progress(page: HouseClient, quoted: Revision) -> None:
    Revision.objects.filter(pk=quoted.pk).update(state=RevisionState.QUOTING, rows_loaded=2)
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", quoted)))
    assert "2 of 6" in shown
    assert 'http-equiv="refresh"' in shown
    fragment = page.get(
        pages.campaign_url("quote-progress", quoted), headers={"HX-Request": "true"}
    )
    assert "2 of 6" in pages.words_of(fragment)


def test_the_progress_reloads_the_page_once_it_is_through(
    page: HouseClient, quoted: Revision
) -> None:
    response = page.get(pages.campaign_url("quote-progress", quoted))
    assert response.headers["HX-Refresh"] == "true"


def test_a_reader_may_look_and_not_confirm(page: HouseClient, quoted: Revision, bob: User) -> None:
    page.force_login(bob)
    shown = pages.words_of(page.get(pages.campaign_url("quote-detail", quoted)))
    assert "/confirm/" not in shown
    assert confirm(page, quoted).status_code == 404
    assert page.post(pages.campaign_url("quote-update", quoted)).status_code == 404


def test_a_quote_of_another_customer_is_not_there(
    page: HouseClient, quoted: Revision, mallory: User, mallorys_account: SmsAccount
) -> None:
    page.force_login(mallory)
    views = ["quote-detail", "quote-progress", "refused-row-list", "campaign-detail"]
    for view in [*views, "campaign-progress"]:
        assert page.get(pages.campaign_url(view, quoted)).status_code == 404
        beneath = pages.campaign_url(view, quoted).replace(
            quoted.account.name, mallorys_account.name
        )
        assert page.get(beneath).status_code == 404
    assert SourceChunk.objects.count() == 1
