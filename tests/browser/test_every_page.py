"""Every page of the panel, found by its address: nothing to complain about, whoever looks.

Pages of an account come from the table of tests/house/test_access.py; all others from the
addresses themselves. A new page is looked at without anybody asking for it.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as django_settings
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, get_resolver, reverse
from django.views import defaults
from django.views.csrf import csrf_failure
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import language
from accounts.models import Customer, SmsAccount, User
from tests import factories
from tests.browser import looks
from tests.house import test_access as access
from tests.house.test_access import Found, found  # noqa: F401 (a fixture)
from tests.messaging.conftest import carrier  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a-password-for-tests-only"
# Django's own, and what machines ask for.
NOT_OURS = ("admin:", "carrier:", "health-", "readiness-")


def addresses() -> Iterator[str]:
    """Give every address of the panel that names no account and no row."""
    for name, _route in access.patterns(get_resolver().url_patterns):
        if not name.startswith(NOT_OURS):
            try:
                yield reverse(name)
            except NoReverseMatch:
                continue


def is_page(client: Client, address: str) -> bool:
    """Tell whether a whole page is read there: no piece of one, no download, no way elsewhere."""
    answer = client.get(address)
    kind = answer.headers.get("Content-Type", "")
    return answer.status_code == 200 and kind.startswith("text/html") and b"<html" in answer.content


def look_at(page: Page, wanted: Iterable[str]) -> None:
    faults = []
    for address in wanted:
        page.goto(address)
        faults += looks.faults_of(page)
    assert not faults, "\n".join(faults)


@pytest.fixture
def person(context: BrowserContext, alice: User, live_server: LiveServer) -> Client:
    """Sign Alice in by the form, and let her confirm her password as some pages ask for it."""
    alice.set_password(PASSWORD)
    alice.save()
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client = Client()
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    name = django_settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    return client


def test_every_page_of_an_account(
    visitor: Page,
    person: Client,
    account: SmsAccount,
    found: Found,  # noqa: F811 (the fixture)
) -> None:
    pages = [
        at
        for name, row in access.PAGES.items()
        if row.alice == 200 and row.method == "get"
        if is_page(person, at := access.address(name, account, found.get(row.which)))
    ]
    assert len(pages) >= 6
    look_at(visitor, pages)


@pytest.mark.parametrize("spoken", ["fr", "it"])
def test_every_page_of_an_account_in_another_language(
    visitor: Page,
    person: Client,
    alice: User,
    account: SmsAccount,
    found: Found,  # noqa: F811 (the fixture)
    spoken: str,
) -> None:
    language.choose(user=alice, language=spoken)
    faults = []
    for name, row in access.PAGES.items():
        if row.alice == 200 and row.method == "get":
            at = access.address(name, account, found.get(row.which))
            if is_page(person, at):
                visitor.goto(at)
                expect(visitor.locator("html")).to_have_attribute("lang", spoken)
                faults += looks.overhangs_of(visitor)
    assert not faults, "\n".join(faults)


def test_every_page_of_an_account_that_did_nothing_yet(
    visitor: Page, person: Client, customer: Customer, tariff: None
) -> None:
    account = factories.make_account(customer)
    without_row = [n for n, row in access.PAGES.items() if row.method == "get" and not row.which]
    pages = [access.address(name, account, None) for name in without_row]
    look_at(visitor, [at for at in pages if is_page(person, at)])


def test_every_other_page(visitor: Page, person: Client, alice: User, account: SmsAccount) -> None:
    before = [at for at in addresses() if is_page(person, at)]
    look_at(visitor, before)
    totp.TOTP.activate(alice, totp.generate_totp_secret())
    RecoveryCodes.activate(alice)
    after = [at for at in addresses() if is_page(person, at)]
    assert {reverse("mfa_activate_totp"), reverse("mfa_view_recovery_codes")} <= {*before, *after}
    look_at(visitor, [at for at in after if at not in before or at == reverse("mfa_index")])


def test_every_page_of_a_visitor(visitor: Page, db: None) -> None:
    client = Client()
    pages = [at for at in addresses() if is_page(client, at)]
    assert reverse("account_login") in pages
    look_at(visitor, [*pages, f"/sms/{uuid.uuid4()}", "/sms/%00/"])


@pytest.mark.parametrize(
    "refuse",
    [
        pytest.param(lambda r: defaults.permission_denied(r, ValueError()), id="403"),
        pytest.param(defaults.server_error, id="500"),
        pytest.param(csrf_failure, id="a stale form"),
    ],
)
def test_every_refusal(visitor: Page, refuse: Callable[..., object], rf: RequestFactory) -> None:
    content = getattr(refuse(rf.get("/")), "content", b"")
    at = reverse("account_login")
    visitor.route(f"**{at}", lambda route: route.fulfill(body=content, content_type="text/html"))
    visitor.goto(at)
    looks.inspect(visitor)


def test_the_menu_of_a_phone(visitor: Page, person: Client, account: SmsAccount) -> None:
    visitor.set_viewport_size({"width": looks.NARROW, "height": 800})
    visitor.goto(reverse("messaging:message-list", args=[account.name]))
    visitor.get_by_role("button", name="Menu").click()
    visitor.locator(".person > summary").click()
    expect(visitor.get_by_role("button", name="Close")).to_be_visible()
    looks.inspect(visitor)


def test_a_chosen_look_goes_before_the_systems(visitor: Page, person: Client) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    body = visitor.locator("body")
    visitor.goto(reverse("accounts:account-list"))
    seen: dict[str, str] = {}
    for scheme in looks.SCHEMES:
        visitor.emulate_media(color_scheme=scheme)
        seen[scheme] = visitor.evaluate(colour)
    assert seen["light"] != seen["dark"]
    visitor.emulate_media(color_scheme="light")
    visitor.get_by_role("button", name="Dark").click()
    expect(visitor.locator("html[data-theme=dark]")).to_be_attached()
    expect(body).to_have_css("background-color", seen["dark"])
    visitor.get_by_role("button", name="As the system").click()
    expect(visitor.locator("html[data-theme]")).not_to_be_attached()
    expect(body).to_have_css("background-color", seen["light"])
