"""Which messages receipts are about: the ids that their references stand for.

References that count up stand for ids that count up, batch by batch, so what is found of thousands
of receipts is a few ranges. A reference that is not ours, or of a batch that did not leave yet,
stands for nothing.
"""

import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter

from django.db.models import F

from messaging import references
from messaging.inbox import Told
from messaging.models import Batch, Revision

# Campaign and number of a revision.
_Key = tuple[uuid.UUID, int]
# First position, how many there are, id of the first.
_Batch = tuple[int, int, int]
# Positions that count up: of which `Told`, from which of its receipts on; the first, how many.
_Run = tuple[int, int, int, int]
# Messages of receipts that are next to each other: the place of the first, its id, how many.
Span = tuple[int, int, int]


def find(told: Sequence[Told]) -> list[list[Span]]:
    """Find the messages of each, in the order of its receipts."""
    wanted = _by_revision(told)
    found: list[list[Span]] = [[] for _each in told]
    revisions = Revision.objects.filter(
        campaign__uuid__in={campaign for campaign, _number in wanted}
    ).values_list("pk", "campaign__uuid", "number")
    for pk, campaign, number in revisions:
        if runs := wanted.get((campaign, number)):
            batches = _batches(pk, runs)
            starts = [first for first, _count, _id in batches]
            for told_at, at, position, length in runs:
                place = max(bisect_right(starts, position) - 1, 0)
                found[told_at] += _spans(batches, place, at=at, position=position, length=length)
    for spans in found:
        spans.sort(key=itemgetter(0))
    return found


def _by_revision(told: Sequence[Told]) -> dict[_Key, list[_Run]]:
    wanted: defaultdict[_Key, list[_Run]] = defaultdict(list)
    for place, each in enumerate(told):
        names = each.references
        texts, length = ([names], each.messages) if isinstance(names, str) else (names, 1)
        for at, text in enumerate(texts):
            if read := references.read(text):
                revision, position = read
                wanted[revision].append((place, at, position, length))
    return wanted


def _batches(revision_id: int, runs: Sequence[_Run]) -> list[_Batch]:
    """Give those that left, in their order."""
    lowest = min(position for _told, _at, position, _length in runs)
    highest = max(position + length - 1 for _told, _at, position, length in runs)
    return list(
        Batch.objects.filter(
            revision_id=revision_id,
            departed_at__isnull=False,
            first_position__lte=highest,
            first_position__gt=lowest - F("messages"),
        )
        .order_by("first_position")
        .values_list("first_position", "messages", "first_message_id")
    )


def _spans(
    batches: Sequence[_Batch], place: int, *, at: int, position: int, length: int
) -> list[Span]:
    """Cut positions where a batch ends, from the batch at `place` on."""
    spans, end = [], position + length
    while place < len(batches):
        first, messages, first_id = batches[place]
        low, high = max(position, first), min(end, first + messages)
        if low < high:
            spans.append((at + low - position, first_id + low - first, high - low))
        if first + messages >= end:
            break
        place += 1
    return spans
