"""One trial: what Alice sends while a fault strikes, and how far her messages have come.

She sends a campaign that a worker has to price and three hand-overs have to carry, then single
SMS, one after the other, until the fault is over: so something is under way at every blow.
"""

import random
import threading
import uuid
import zlib
from collections import Counter

from tests.faults.stack import Stack
from tests.faults.verdict import Asked
from tests.processes import wait_for

TOGETHER = 1_200
# A name, and the numbers that are lent to each phone before a message leaves.
SENDERS = ("Martin", "#short", "+33755512345")
# At least so many, and the pause between them (seconds).
SINGLES, PACE = 3, 0.2
# How long a form may be on its way, and work take until it is over (seconds).
LIMIT = 90.0
# A blow falls up to so many seconds after the work has come to a stage.
LONGEST = 1.0


class Trial:
    """Alice at work, from `begin` to `end`."""

    def __init__(self, *, stack: Stack, chance: random.Random, tag: str, outage: float) -> None:
        """Write the form; nothing is sent yet. `outage` is how long something will be away."""
        self.stack = stack
        self.chance = chance
        self.tag = tag
        self.asked: Asked = Counter()
        self.blows = 0
        self._limit = LIMIT + outage
        self._messages = 0
        self._prefix = f"+3361{zlib.crc32(tag.encode()) % 100:02d}"
        self._blank = stack.visitor.form(recipients="", text="", sender=chance.choice(SENDERS))
        self._is_struck = threading.Event()
        self._trouble: list[BaseException] = []
        self._alice = threading.Thread(target=self._send_all)

    def begin(self) -> None:
        """Have Alice send."""
        self._alice.start()

    def end(self) -> None:
        """Have her finish what she began; from now on `asked` is all there is."""
        self._is_struck.set()
        self._alice.join()
        for trouble in self._trouble:
            raise trouble

    def moment(self) -> None:
        """Wait for a stage of the campaign that chance chooses, and a while longer."""
        stage = self.chance.choice((lambda: self._messages, lambda: self.hand_overs("claimed")))
        wait_for(stage, seconds=LIMIT, what="the campaign comes to a stage")
        threading.Event().wait(self.chance.uniform(0, LONGEST))

    def blow(self) -> None:
        """Note that a blow falls now: once something is under way, which an SMS is only shortly."""
        wait_for(lambda: self.under_way() > 0, seconds=LIMIT, what="something is under way")
        self.blows += 1

    def get_on(self) -> None:
        """Wait until one more form was sent and answered: the one after it is begun."""
        begun = self._messages
        wait_for(lambda: self._messages > begun + 1, seconds=LIMIT, what="Alice gets on")

    def under_way(self) -> int:
        """Count the messages that were asked for and are not final."""
        [(final,)] = self.stack.query(
            "SELECT count(*) FROM messaging_message m JOIN messaging_batch b ON b.id = m.batch_id "
            "JOIN messaging_revision r ON r.id = b.revision_id "
            "WHERE r.text LIKE %s AND m.status >= 10",
            f"{self.tag} %",
        )
        return self._messages - int(final)

    def hand_overs(self, state: str) -> int:
        """Count the hand-overs of the campaign in one state."""
        [(count,)] = self.stack.query(
            "SELECT count(*) FROM messaging_handover h JOIN messaging_batch b ON b.id = h.batch_id "
            "JOIN messaging_revision r ON r.id = b.revision_id "
            "WHERE r.text = %s AND h.state = %s",
            self._together,
            state,
        )
        return int(count)

    def in_the_books(self) -> bool:
        """Tell whether the carrier accepted something of the campaign."""
        found = self.stack.books("SELECT 1 FROM message WHERE text = ? LIMIT 1", self._together)
        return bool(found)

    @property
    def _together(self) -> str:
        return f"{self.tag} together"

    def _send_all(self) -> None:
        try:
            self._send(self._together, numbers=range(TOGETHER))
            single = 0
            while single < SINGLES or not self._is_struck.is_set():
                self._send(f"{self.tag} single {single}", numbers=range(single, single + 1))
                single += 1
                self._is_struck.wait(PACE)
        except BaseException as exc:  # noqa: BLE001 (raised by `end`, in the test's own thread)
            self._trouble.append(exc)

    def _send(self, text: str, *, numbers: range) -> None:
        phones = [f"{self._prefix}{n:05d}" for n in numbers]
        self.asked.update((phone, text) for phone in phones)
        self._messages += len(phones)
        form = {"recipients": "\n".join(phones), "text": text, "key": str(uuid.uuid4())}
        self.stack.visitor.send(self._blank | form, seconds=self._limit)
