"""The phones of the simulated carrier, for whoever holds them: what they show and what they send.

Takes and gives JSON as Python objects, like the desk, beside which it stands. For the handset page
and for rehearsals: a real carrier's phones are in people's hands.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from messaging.carrier.simulator import handset
from messaging.carrier.simulator.answers import Answers
from messaging.carrier.simulator.desk import Clock
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.intake import NUMBER, PARTS_LIMIT, is_storable
from messaging.carrier.simulator.sizes import count_parts

SHOWN = 100
_KEY_LENGTH = 64


class BadAnswer(Exception):
    """What a phone is to send cannot be read; `field` says where."""

    def __init__(self, field: str) -> None:
        """Keep the field's name."""
        super().__init__(field)
        self.field = field


class Phones:
    """What phones show and send. `answered` is called after each SMS that is owed from then on."""

    def __init__(
        self, *, file: BooksFile, answers: Answers, clock: Clock, answered: Callable[[], None]
    ) -> None:
        """Read the messages of a file, and write what is answered into it."""
        self._file = file
        self._answers = answers
        self._clock = clock
        self._answered = answered

    def latest(self) -> dict[str, Any]:
        """List the phones that showed something lately."""
        found = handset.phones(file=self._file, now=self._clock(), at_most=SHOWN)
        return {"phones": [{"phone": phone, "last_at": last} for phone, last in found]}

    def show(self, number: str) -> dict[str, Any]:
        """Show one phone: what it received and sent, and what was let pass for it."""
        shown = handset.shown_on(file=self._file, number=number, now=self._clock(), at_most=SHOWN)
        sent = self._answers.sent_by(phone=number, at_most=SHOWN)
        return {
            "phone": number,
            "messages": [asdict(message) for message in shown],
            "sent": [asdict(reply) for reply in sent],
            "ahead": int(self._answers.ahead(phone=number).total_seconds()),
        }

    def answer(self, number: str, content: Any) -> dict[str, Any]:
        """Have a phone answer an SMS. BadAnswer, answers.NoSuchMessage, answers.NotAnswerable."""
        row = content if isinstance(content, dict) else {}
        sent = self._answers.send(
            phone=number,
            message_id=_read_id(row.get("message_id")),
            text=_read_text(row.get("text")),
            key=_read_key(row.get("key")),
            at=_read_moment(row.get("at")),
            now=self._clock(),
        )
        self._answered()
        return asdict(sent)

    def let_pass(self, number: str) -> dict[str, Any]:
        """Have the next SMS of a phone stamped 48 hours later. BadAnswer."""
        if not NUMBER.fullmatch(number):
            raise BadAnswer("phone")
        return {"ahead": int(self._answers.let_pass(phone=number).total_seconds())}


def _read_id(value: Any) -> int:
    # As large as a row number of SQLite can be.
    if type(value) is not int or not 0 < value < 2**63:
        raise BadAnswer("message_id")
    return value


def _read_text(value: Any) -> str:
    """Read a text, which may be empty: phones send that."""
    if not is_storable(value) or count_parts(value) > PARTS_LIMIT:
        raise BadAnswer("text")
    return str(value)


def _read_key(value: Any) -> str:
    if not is_storable(value) or not 0 < len(value) <= _KEY_LENGTH:
        raise BadAnswer("key")
    return str(value)


def _read_moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as exc:
        raise BadAnswer("at") from exc
    if moment.tzinfo is None:
        raise BadAnswer("at")
    return moment
