"""Composing: from what a customer wrote to a frozen revision with its quote.

One recipient is quoted, debited and planned in one transaction; more wait for a review. The key
of the form makes posting it again harmless: the same words give the same revision, other words
under the same key are refused. Nothing is written when something is refused.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import retrying
from accounts.models import SmsAccount, User
from messaging import audience, campaigns, events, links, quote, revisions, segments, sms
from messaging.campaigns import (
    NoLongerPlanned,
    NoRecipient,
    NotConfirmable,
    Refused,
    SenderNotEnabled,
)
from messaging.models import Campaign, RefusedRow, Revision, SourceKind
from messaging.models.delivery import BATCH_SIZE
from senders import kinds
from senders.models import Sender

# Typed recipients of one campaign; longer lists come as files.
MAX_TYPED = 100_000


class BadText(Refused):
    """The text cannot be sent; `problem` says why."""

    def __init__(self, problem: sms.Problem) -> None:
        """Keep the problem."""
        super().__init__(problem)
        self.problem = problem


class TooManyParts(Refused):
    """The text with its clause needs more parts than an SMS can have."""

    def __init__(self, parts: int) -> None:
        """Keep the number of parts needed."""
        super().__init__(parts)
        self.parts = parts


class LinkNotAllowed(Refused):
    """The text holds the address of a website, which the sender does not let pass."""

    def __init__(self, link: str) -> None:
        """Keep the address found."""
        super().__init__(link)
        self.link = link


class TooManyRecipients(Refused):
    """More typed numbers than MAX_TYPED."""

    def __init__(self, count: int) -> None:
        """Keep how many there were."""
        super().__init__(count)
        self.count = count


class AlreadySent(Refused):
    """The same form was posted before with other words; nothing was done now."""

    def __init__(self, revision: Revision) -> None:
        """Keep what the form made the first time."""
        super().__init__(revision.pk)
        self.revision = revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a customer wrote: text with LF and NFC, numbers as typed, the moment in UTC."""

    key: uuid.UUID
    sender: Sender
    numbers: tuple[str, ...]
    text: str
    is_commercial: bool
    message_class: str
    due_at: datetime | None
    # The campaign whose open quote or planned revision this one takes the place of, and the number
    # of the revision that stood (was confirmed) when the change was begun.
    replaces: Campaign | None
    standing: int | None = None

    @property
    def clause(self) -> str:
        """What will be appended to the text."""
        return clause_of(kind=self.sender.kind, is_commercial=self.is_commercial)

    @property
    def fingerprint(self) -> str:
        """A hash of everything said, without the key."""
        said = [
            self.sender.pk, self.numbers, self.text, self.is_commercial, self.message_class,
            self.due_at.isoformat() if self.due_at else None,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def clause_of(*, kind: str, is_commercial: bool) -> str:
    """Give what is appended to a text under a sender of this kind."""
    if is_commercial and kinds.ends_with_clause(kind):
        return sms.stop_clause(settings.STOP_NUMBER)
    return ""


def link_in(text: str, *, kind: str) -> str | None:
    """Give the address of a website that a sender of this kind does not let pass, if any."""
    return None if kinds.lets_links_pass(kind) else links.find(text)


@retrying.on_deadlock
def compose(*, account: SmsAccount, by: User, draft: Draft, now: datetime) -> Revision:
    """Take a draft: plan it at once if it has one recipient, else give a quote to confirm.

    The same draft again gives the same revision. Raises a subclass of Refused,
    accounts.ledger.InsufficientCredits; then nothing was written.
    """
    _check(draft, account=account, now=now)
    if found := _composed_before(account, draft):
        return found
    is_single = len(draft.numbers) == 1
    try:
        if is_single:
            revision = _send_one(account=account, by=by, draft=draft, now=now)
        else:
            with transaction.atomic(durable=True):
                revision = _create(account=account, by=by, draft=draft, now=now)
    except (IntegrityError, NotConfirmable, NoLongerPlanned):
        # The same form, posted at the same moment, was quicker; in an edit, even confirmed.
        if found := _composed_before(account, draft):
            return found
        raise
    events.tell("campaign.composed", revision=revision, rows=revision.rows_total)
    if not is_single:
        quote.begin(revision=revision, now=now)
    return revision


def _check(draft: Draft, *, account: SmsAccount, now: datetime) -> None:
    if draft.sender.kind not in kinds.offered_to(account.customer):
        raise SenderNotEnabled
    if problem := sms.problem(draft.text):
        raise BadText(problem)
    parts = sms.measure(draft.text, clause=draft.clause).parts
    if parts > sms.MAX_PARTS:
        raise TooManyParts(parts)
    if link := link_in(draft.text, kind=draft.sender.kind):
        raise LinkNotAllowed(link)
    if not draft.numbers:
        raise NoRecipient("EMPTY")
    if len(draft.numbers) > MAX_TYPED:
        raise TooManyRecipients(len(draft.numbers))
    campaigns.check_moment(draft.due_at, now=now)


def _composed_before(account: SmsAccount, draft: Draft) -> Revision | None:
    found = (
        Revision.objects.select_related("campaign", "account", "sender")
        .filter(account=account, key=draft.key)
        .first()
    )
    if found is not None and found.fingerprint != draft.fingerprint:
        raise AlreadySent(found)
    return found


def _send_one(*, account: SmsAccount, by: User, draft: Draft, now: datetime) -> Revision:
    # Reserved before: nobody else's SMS waits for the end of this transaction.
    message_id = segments.reserve_ids(1)
    with transaction.atomic(durable=True):
        revision = _create(account=account, by=by, draft=draft, now=now)
        segments.Loader(revision, reserve=lambda _count: message_id).step(now=now)
        if revision.messages == 0:
            raise NoRecipient(_only_reason(revision))
        return campaigns.confirm_within(
            revision_id=revision.pk, by=by, total_hundredths=revision.total_hundredths, now=now
        )


def _only_reason(revision: Revision) -> str:
    refused = RefusedRow.objects.filter(revision=revision).first()
    return refused.reason if refused else "OPTED_OUT"


def _campaign_for(draft: Draft, *, account: SmsAccount, by: User, now: datetime) -> Campaign:
    """Give the campaign of a draft: a new one, or the one it changes, held for that."""
    if draft.replaces is None:
        return Campaign.objects.create(account=account, created_by=by, created_at=now)
    if draft.replaces.account_id != account.pk:
        raise NotConfirmable
    revisions.make_room(draft.replaces, standing=draft.standing)
    return draft.replaces


def _create(*, account: SmsAccount, by: User, draft: Draft, now: datetime) -> Revision:
    if draft.sender.account_id != account.pk:
        raise SenderNotEnabled
    campaign = _campaign_for(draft, account=account, by=by, now=now)
    revision = Revision(
        campaign=campaign,
        account=account,
        number=revisions.next_number(campaign),
        key=draft.key,
        fingerprint=draft.fingerprint,
        created_by=by,
        created_at=now,
        sender=draft.sender,
        text=draft.text,
        clause=draft.clause,
        message_class=draft.message_class,
        is_commercial=draft.is_commercial,
        declared_by=None if draft.is_commercial else by,
        declared_at=None if draft.is_commercial else now,
        due_at=draft.due_at,
    )
    revisions.reset_quote(revision, now=now)
    revision.save(force_insert=True)
    audience.freeze(
        revision=revision,
        kind=SourceKind.TYPED,
        rows=((number, None) for number in draft.numbers),
        chunk_size=BATCH_SIZE,
    )
    return revision
