"""A NUL in an address is answered with 400, in a path and in the admin site's filters."""

import pytest

from accounts.models import User
from tests.house_client import HouseClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/sms/%00/",
        "/admin/accounts/user/?%00=1",
        "/admin/senders/sender/?state__exact=%00",
        "/admin/accounts/user/?q=a&q=%00",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request(sam: User, address: str) -> None:
    client = HouseClient()
    client.force_login(sam)
    assert client.get(address).status_code == 400


def test_an_ordinary_address_passes(sam: User) -> None:
    client = HouseClient()
    client.force_login(sam)
    assert client.get("/?next=%C3%A9").status_code == 302
