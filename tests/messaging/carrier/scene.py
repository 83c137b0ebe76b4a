"""Chunks, books, terms and a listening door for the tests of the carrier."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from messaging.carrier import base, door, replies
from messaging.carrier.simulator.outcomes import Terms

SECRET = "dGVzdC1vbmx5LXNlY3JldC1vZi10aGUtZG9vcg=="
TOKEN = "test-token"
AT_ONCE = Terms(seed=1, shortest=timedelta(0), longest=timedelta(0), failures_percent=0)


def make_chunk(*numbers: str, text: str = "Hello", first: int = 0, **changed: Any) -> base.Chunk:
    """Make a chunk with one message per number, the references from position `first` on."""
    content: dict[str, Any] = {
        "sender": "ACME",
        "text": text,
        "message_class": base.MessageClass.STANDARD,
        "clause": "",
        "validity": timedelta(hours=48),
    }
    return base.Chunk(
        **(content | changed),
        recipients=tuple(
            base.Recipient(reference=f"c0ffee:1:{first + at}", to=number, text=None)
            for at, number in enumerate(numbers)
        ),
    )


@dataclass
class Door:
    """A platform's door that keeps what it was told; `answers` are its next statuses, then 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    push_ids: list[str] = field(default_factory=list)
    receipts: list[base.Receipt] = field(default_factory=list)
    replies: list[base.Reply] = field(default_factory=list)
    malformed: list[door.Malformed] = field(default_factory=list)
    told: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        said = {"headers": headers, "body": body, "secret": SECRET}
        with self.told:
            status = self.answers.pop(0) if self.answers else 204
            self.push_ids.append(headers["WEBHOOK-ID"])
            if status == 204:
                self._take(environ["PATH_INFO"], {**said, "now": datetime.now(UTC)})
            self.told.notify_all()
        start_response(f"{status} As asked", [("Content-Length", "0")])
        return []

    def _take(self, path: str, said: dict[str, Any]) -> None:
        if path.endswith("/replies"):
            replies_told, malformed = replies.open_replies(carrier="simulated", **said)
            self.replies += replies_told
        else:
            receipts, malformed = door.open_receipts(**said)
            self.receipts += receipts
        self.malformed += malformed

    def wait_for(self, wanted: int) -> list[base.Receipt]:
        """Wait until so many receipts were taken, and give all."""
        with self.told:
            assert self.told.wait_for(lambda: len(self.receipts) >= wanted, timeout=10)
            return list(self.receipts)

    def wait_for_replies(self, wanted: int) -> list[base.Reply]:
        """Wait until so many replies were taken, and give all."""
        with self.told:
            assert self.told.wait_for(lambda: len(self.replies) >= wanted, timeout=10)
            return list(self.replies)
