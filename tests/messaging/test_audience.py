"""Who gets a revision's messages: whole chunks are sorted as one row after the other would be."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

import pytest

from accounts import phones
from accounts.models import SmsAccount, User
from messaging import audience
from messaging.audience import Audience, Segment
from messaging.models import OptOutCause, Revision, SourceKind
from messaging.recipients import optout
from senders import kinds
from senders.models import Sender, SenderKind
from tests import scenes

pytestmark = pytest.mark.django_db

PRICED = frozenset({"FR", "RE", "IT"})
OPTED_OUT = "+33612300001"
# As people write them: good, elsewhere, not served, of no use. The first two are one number.
SPELLINGS = (
    "0612300000", "+33 6 12 30 00 00", "06-12-30-00-01", "0612300002", "0612300003", "0612300004",
    "0692123456", "+393123456789", "+447400123456", "", "nobody", "0112345678", "06\n12", "06\0",
)  # fmt: skip


@pytest.fixture(params=[SenderKind.ALPHANUMERIC, SenderKind.SHORT, SenderKind.VIRTUAL])
def revision(
    request: pytest.FixtureRequest, account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> Revision:
    revision = scenes.compose(account, alice, sender, now=now, is_commercial=True)
    revision.sender.kind = request.param
    revision.sources.all().delete()
    revision.rows_total = 0
    return revision


def one_by_one(
    given: Sequence[tuple[str, bool]], *, kind: str
) -> tuple[list[tuple[int, str]], list[tuple[int, str, str]], int]:
    """Give recipients, refusals and duplicates the plain way: row after row."""
    seen: set[str] = set()
    recipients, refused, duplicates = [], [], 0
    for position, (text, lenient) in enumerate(given, start=1):
        shown = text.replace("\0", "\ufffd")
        try:
            phone = phones.parse(text, lenient=lenient)
        except phones.InvalidNumber as refusal:
            refused.append((position, shown, str(refusal.reason)))
            continue
        if phone.e164 in seen:
            duplicates += 1
            continue
        seen.add(phone.e164)
        if not kinds.reaches(kind, phone):
            refused.append((position, shown, str(audience.UNREACHED[kind])))
        elif phone.country not in PRICED:
            refused.append((position, shown, "NO_PRICE"))
        else:
            recipients.append((position, phone.e164))
    return recipients, refused, duplicates


def freeze(revision: Revision, random: Random) -> list[tuple[str, bool]]:
    """Freeze typed numbers and lists in chunks of any size; give what each row is read as."""
    frozen: list[tuple[str, bool]] = []
    for kind in random.choices([SourceKind.TYPED, SourceKind.LIST], k=random.randint(1, 3)):
        texts = random.choices(SPELLINGS, k=random.randint(1, 15))
        rows = [(text, {"at": str(at)}) for at, text in enumerate(texts)]
        audience.freeze(
            revision=revision, kind=kind, rows=rows, chunk_size=random.choice([1, 4, 50])
        )
        frozen += [(text, audience.LENIENT[kind]) for text in texts]
    return frozen


def sort(revision: Revision, *, starts: Sequence[int]) -> list[Segment]:
    """Sort all rows, in segments that begin after these positions."""
    walker = Audience(revision)
    ends = [*starts[1:], revision.rows_total]
    pairs = zip(starts, ends, strict=True)
    return [walker.segment(after=after, until=until, priced=PRICED) for after, until in pairs]


@pytest.mark.parametrize("seed", range(12))
def test_rows_are_sorted_as_one_after_the_other_would_be(
    revision: Revision, seed: int, now: datetime
) -> None:
    random = Random(seed)
    frozen = freeze(revision, random)
    starts = sorted({0, *random.sample(range(len(frozen)), k=min(2, len(frozen)))})
    if is_opted_out := bool(seed % 2):
        optout.add(account=revision.account, phone=OPTED_OUT, cause=OptOutCause.MANUAL, now=now)

    segments = sort(revision, starts=starts)

    recipients, refused, duplicates = one_by_one(frozen, kind=revision.sender.kind)
    without = [r for r in recipients if not (is_opted_out and r[1] == OPTED_OUT)]
    found = [s.recipients for s in segments]
    assert [
        (at, p.e164) for r in found for at, p in zip(r.position, r.phone, strict=True)
    ] == without
    assert [tuple(row) for s in segments for row in s.refused] == refused
    assert sum(s.duplicates for s in segments) == duplicates
    assert sum(s.opted_out for s in segments) == len(recipients) - len(without)
    for r in found:
        assert [frozen[at - 1][0] for at in r.position] == r.given
        assert len(r.values) == len(r.given)


def test_a_loader_that_resumes_knows_the_numbers_before(revision: Revision) -> None:
    rows = [(text, {"at": str(at)}) for at, text in enumerate(SPELLINGS)]
    audience.freeze(revision=revision, kind=SourceKind.LIST, rows=rows, chunk_size=4)
    [_before, after] = sort(revision, starts=[0, 5])
    resumed = Audience(revision)
    resumed.skip_to(5)
    assert resumed.segment(after=5, until=len(rows), priced=PRICED) == after
