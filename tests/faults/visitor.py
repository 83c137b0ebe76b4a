"""Alice in front of the panel: signs in, fills in the form, confirms, and tries again.

Everything goes over HTTP, as a browser would. Whoever saw no answer posts the same form again: its
key makes one campaign of it, however often it is posted.
"""

import re
import time
import uuid

import requests

from tests.processes import wait_for

ACCOUNT = "sms-am12345-1"
PASSWORD = "demo-password-2027"
_CONFIRMATION = re.compile(r'<form[^>]*action="([^"]*/confirm/)"[^>]*>(.*?)</form>', re.S)


class Visitor:
    """A session at the panel under `url`."""

    def __init__(self, *, url: str) -> None:
        """Know the address; nothing is asked yet."""
        self.url = url
        self._session = requests.Session()

    def sign_in(self) -> None:
        """Sign in as the owner of the demo account."""
        token = self._token(self._session.get(f"{self.url}/accounts/login/", timeout=20).text)
        answer = self._session.post(
            f"{self.url}/accounts/login/",
            data={
                "csrfmiddlewaretoken": token,
                "login": "alice@example.com",
                "password": PASSWORD,
            },
            headers={"Referer": self.url},
            timeout=20,
        )
        assert "/accounts/login/" not in answer.url

    def look(self, page: str, **headers: str) -> requests.Response:
        """Look at a page of the account, whatever it answers."""
        return self._session.get(self._path(page), headers=headers, timeout=30)

    def form(self, *, recipients: str, text: str, **changes: str) -> dict[str, str]:
        """Fill in the compose form; the same dictionary may be posted again and again."""
        page = self._session.get(self._path("compose/"), timeout=20).text
        sender = re.search(r'<option value="([^"]+)"[^>]*>\s*Martin', page)
        assert sender is not None
        return {
            "csrfmiddlewaretoken": self._token(page),
            "key": str(uuid.uuid4()),
            "replaces": "",
            "sender": sender[1],
            "recipients": recipients,
            "text": text,
            "not_commercial": "on",
            "when": "now",
            "date": "",
            "time": "",
            "message_class": "standard",
        } | changes

    def post(self, form: dict[str, str]) -> requests.Response:
        """Send the compose form."""
        return self._session.post(
            self._path("compose/"), data=form, headers={"Referer": self.url}, timeout=30
        )

    def confirm(self, review: requests.Response) -> requests.Response:
        """Confirm the campaign on a review page, once it is priced."""
        found: list[re.Match[str]] = []

        def is_priced() -> bool:
            page = self._session.get(review.url, timeout=30)
            found.extend(_CONFIRMATION.finditer(page.text))
            return bool(found)

        wait_for(is_priced, seconds=60, what=review.url)
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', found[0][2]))
        return self._session.post(
            self.url + found[0][1], data=fields, headers={"Referer": self.url}, timeout=30
        )

    def send(self, form: dict[str, str], *, seconds: float) -> None:
        """Post and confirm until the panel says that it is done, whatever goes wrong meanwhile."""
        end = time.monotonic() + seconds
        while not self._is_sent(form):
            assert time.monotonic() < end, f"the form was not taken within {seconds} s"
            time.sleep(0.2)

    def _is_sent(self, form: dict[str, str]) -> bool:
        try:
            answer = self.post(form)
            if answer.ok and "/review/" in answer.url and _CONFIRMATION.search(answer.text):
                answer = self.confirm(answer)
        except requests.RequestException:
            return False
        return answer.ok and not answer.url.endswith(("/review/", "/compose/"))

    def _path(self, end: str) -> str:
        return f"{self.url}/sms/{ACCOUNT}/{end}"

    @staticmethod
    def _token(page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None
        return found[1]
