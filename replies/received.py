"""The received SMS of an account, as its pages show them: sorted by any column, read by key.

Everything is found through the account. The text of a locked reply is left in the database: lists
show an excerpt, which is empty as long as it is locked, and a page asks for the text of what may be
read. So neither a page, nor a download, nor the place in an order tells anything of it.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, QuerySet, TextField, Value, When

from accounts import keyset
from accounts.keyset import Order
from messaging import history, threads
from messaging.models import OptOut
from messaging.recipients import optout
from replies import judging
from replies.models import Reply, ReplyState
from senders.models import Lease

# Columns of the page by the name that sorts by them. Each is the beginning of an index of the
# table, behind the account.
COLUMNS: dict[str, tuple[str, ...]] = {
    "received": (),
    "from": ("phone",),
    "to": ("number",),
    "text": ("excerpt",),
    "answers": ("message_id",),
    "credits": ("price_hundredths",),
    "status": ("state",),
}
NEWEST_FIRST = "-received"
# Beyond this the navigation says "99+", and a conversation shows the last ones.
UNSEEN_SHOWN = 99
LINES_SHOWN = 100
EXPORTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show: replies of a phone, or to a number of ours; None = all."""

    phone: str | None
    number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reply with the message that it answers, if that is still known."""

    reply: Reply
    message: history.Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The lines of a page and the cursors around them."""

    lines: list[Line]
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One SMS of a conversation: a message of ours, or a reply."""

    at: datetime
    text: str
    message: history.Line | None
    reply: Reply | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A reply among all that went back and forth under its lease; `closes_at` None = no end."""

    line: Line
    bubbles: list[Bubble]
    closes_at: datetime | None
    is_open: bool
    opt_out: OptOut | None


def order_of(sort: str) -> Order:
    """Read a sort: the name of a column, behind a minus for the greatest first."""
    is_known = sort.removeprefix("-") in COLUMNS
    name = (sort if is_known else NEWEST_FIRST).removeprefix("-")
    return Order(
        name=f"received by {name}",
        keys=(*COLUMNS[name], "received_at", "id"),
        descending=not is_known or sort.startswith("-"),
    )


def page(*, account_id: int, wanted: Filter, sort: str, cursor: str) -> Page:
    """Give the page at a cursor; "" is the first."""
    rows = _listed(account_id, wanted)
    found = keyset.page(rows=rows, order=order_of(sort), cursor=cursor)
    lines = _lines(account_id, found.rows)
    return Page(lines=lines, before=found.before, after=found.after)


def every(*, account_id: int, wanted: Filter, sort: str) -> Iterator[tuple[Line, str]]:
    """Give every line in order, each with its text; for downloads."""
    order = order_of(sort)
    sign = "-" if order.descending else ""
    rows = _readable(_listed(account_id, wanted)).order_by(*(f"{sign}{key}" for key in order.keys))
    group: list[Reply] = []
    for reply in rows.iterator(chunk_size=EXPORTED_AT_ONCE):
        group.append(reply)
        if len(group) == EXPORTED_AT_ONCE:
            yield from _with_texts(account_id, group)
            group = []
    yield from _with_texts(account_id, group)


def find(*, account_id: int, reply: uuid.UUID) -> Reply | None:
    """Find a reply of the account, without its text."""
    return _of(account_id).select_related("lease").filter(uuid=reply).first()


def conversation(*, reply: Reply, now: datetime) -> Conversation:
    """Put together what went back and forth with the phone under the lease of a reply."""
    assert reply.account_id is not None  # noqa: S101 (it was found through its account)
    assert reply.lease is not None  # noqa: S101 (it was found through its account)
    closes_at = judging.closes_at(reply.lease)
    bubbles = [*_sent(reply.lease), *_replied(reply.account_id, reply.lease)]
    return Conversation(
        line=_lines(reply.account_id, [reply])[0],
        bubbles=sorted(bubbles, key=lambda bubble: bubble.at),
        closes_at=closes_at,
        is_open=closes_at is not None and now <= closes_at,
        opt_out=optout.listed(account_id=reply.account_id, phone=reply.phone).first(),
    )


def see(*, reply: Reply, now: datetime) -> None:
    """Note that somebody of the account has read it; a locked one cannot be read."""
    Reply.objects.filter(pk=reply.pk, state=ReplyState.OPEN, seen_at__isnull=True).update(
        seen_at=now
    )


def unseen(*, account_id: int) -> int:
    """Count the replies nobody looked at, up to one more than is shown."""
    unread = Reply.objects.filter(
        account_id=account_id,
        state__in=[ReplyState.OPEN, ReplyState.LOCKED],
        seen_at__isnull=True,
    )
    return unread[: UNSEEN_SHOWN + 1].count()


def next_locked(*, account_id: int) -> Reply | None:
    """Give the locked reply that is opened first once there is credit."""
    locked = _of(account_id).filter(state=ReplyState.LOCKED)
    return locked.order_by("received_at", "pk").first()


def _of(account_id: int) -> QuerySet[Reply]:
    """Give the replies of an account, without their texts."""
    return Reply.objects.filter(account_id=account_id).defer("text")


def _listed(account_id: int, wanted: Filter) -> QuerySet[Reply]:
    rows = _of(account_id)
    if wanted.phone is not None:
        rows = rows.filter(phone=wanted.phone)
    if wanted.number is not None:
        rows = rows.filter(number=wanted.number)
    return rows


def _readable(rows: QuerySet[Reply]) -> QuerySet[Reply]:
    """Add `readable`: the text, unless it is locked."""
    locked = When(state=ReplyState.LOCKED, then=Value("", output_field=TextField()))
    text = Case(locked, default=F("text"))
    return rows.annotate(readable=text)


def _text(reply: Reply) -> str:
    return str(reply.readable)  # type: ignore[attr-defined]  # added by _readable


def _lines(account_id: int, replies: list[Reply]) -> list[Line]:
    ids = {reply.message_id for reply in replies if reply.message_id}
    messages = threads.by_id(account_id=account_id, ids=ids) if ids else {}
    return [Line(reply=reply, message=messages.get(reply.message_id)) for reply in replies]


def _with_texts(account_id: int, replies: list[Reply]) -> Iterator[tuple[Line, str]]:
    for line in _lines(account_id, replies):
        yield line, _text(line.reply)


def _sent(lease: Lease) -> Iterator[Bubble]:
    for line in threads.to_phone(
        account_id=lease.account_id,
        phone=lease.phone,
        kind=lease.kind,
        since=lease.opened_at,
        until=lease.closed_at,
        most=LINES_SHOWN,
    ):
        departed = line.batch.departed_at
        assert departed is not None  # noqa: S101 (a message that was answered for has left)
        yield Bubble(at=departed, text=line.text, message=line, reply=None)


def _replied(account_id: int, lease: Lease) -> Iterator[Bubble]:
    under = _readable(_of(account_id).filter(lease=lease))
    for reply in under.order_by("-received_at", "-pk")[:LINES_SHOWN]:
        yield Bubble(at=reply.received_at, text=_text(reply), message=None, reply=reply)
