"""Recording: what the carrier answered a claim is noted once, unless the claim has passed on since.

Whoever hands over one after the other notes a plain answer together with the next claim: a commit
less for every hand-over there is. Dying before it is the same as dying before the answer.
"""

from datetime import datetime

import structlog
from django.db import transaction

from accounts import retrying
from messaging import closing, hand_overs, numbering, outcomes
from messaging.bulk import Change
from messaging.carrier import base
from messaging.claims import Claim
from messaging.hand_overs import Others
from messaging.models import Status
from senders import leases
from senders.bulk import Acceptance

log = structlog.stdlib.get_logger(__name__)


class Recording:
    """That the carrier answered a claim at a moment, and what follows from its answers."""

    def __init__(
        self, claim: Claim, *, changes: list[Change], acceptances: list[Acceptance], now: datetime
    ) -> None:
        """Keep what is to be recorded; nothing is written yet."""
        self._claim = claim
        self._changes = changes
        self._acceptances = acceptances
        self._now = now
        self._others: Others | None = None

    @property
    def is_plain(self) -> bool:
        """Whether all was taken, and no lease waits for that."""
        return not (self._changes or self._acceptances)

    @retrying.on_deadlock
    def record(self) -> None:
        """Write it in a transaction of its own, and look."""
        with transaction.atomic():
            self.write()
        self.look()

    def write(self) -> bool:
        """Write it as part of a transaction; `look` follows the commit.

        Tells whether a claim may follow in the same transaction: a batch that was finished is
        locked, and a claim takes its locks before that of a batch.
        """
        claim, now = self._claim, self._now
        others = hand_overs.mark_answered(
            hand_over_id=claim.hand_over_id, attempt=claim.attempt, answered_at=now
        )
        if others is None:
            return True
        self._others = others
        moves = outcomes.move(changes=self._changes, from_statuses=[Status.OPEN])
        if others is Others.ARE_THROUGH:
            closing.finish_batch(batch_id=claim.batch_id)
        leases.accept(account_id=claim.account_id, acceptances=self._acceptances)
        outcomes.give_back(moves=moves, now=now)
        return self.is_plain and others is not Others.ARE_THROUGH

    def look(self, *, followed_by: Claim | None = None) -> None:
        """Finish the batch if this was its last answer, and nobody could know it before.

        Only the batch is locked in turn, so most do not lock it; but of the last two, answered at
        once, each saw the other open. `followed_by` is what was claimed in the same transaction:
        if it is of the same batch, whoever answers that looks.
        """
        is_ours = followed_by is not None and followed_by.batch_id == self._claim.batch_id
        if self._others in {Others.ARE_WITH_THE_CARRIER, Others.WAIT} and not is_ours:
            closing.finish_if_through(batch_id=self._claim.batch_id)


def of_answers(claim: Claim, answers: list[base.Answer], *, now: datetime) -> Recording:
    """Give what is to be recorded of answers to each message of a claim."""
    return Recording(
        claim,
        changes=_refusals(claim, answers, now=now),
        acceptances=numbering.acceptances(claim, answers),
        now=now,
    )


def of_refusal(claim: Claim, refusal: base.ChunkRefused, *, now: datetime) -> Recording:
    """Give what is to be recorded of a chunk that was refused as a whole."""
    reason = str(refusal.code)[:32]
    changes = [Change(i, Status.REFUSED, reason, now) for i in claim.ids.values()]
    return Recording(claim, changes=changes, acceptances=[], now=now)


def _refusals(claim: Claim, answers: list[base.Answer], *, now: datetime) -> list[Change]:
    changes = []
    for answer in answers:
        if answer.accepted:
            continue
        if answer.code is base.Refusal.REFERENCE_REUSED:
            # The carrier has that message already: it is sent, and stays charged.
            log.error("hand_over.reference_reused", **claim.ids_for_log)
            continue
        code = str(answer.code)[:32]
        changes.append(Change(claim.ids[answer.reference], Status.REFUSED, code, now))
    return changes
