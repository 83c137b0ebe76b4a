"""What was frozen of batches and their revisions at the confirmation, read once and kept.

Whoever hands over one after the other asks for the same few again and again. Only what no longer
changes once a batch leaves may be taken from here.
"""

from django.db.models import Q

from messaging.models import Batch, BatchState, Revision

# Batches read at once: those that leave together are handed over one after the other.
READ_AT_ONCE = 16


class Frozen:
    """Batches and their revisions by id; for one turn of a worker, not longer."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._batches: dict[int, Batch] = {}
        self._revisions: dict[int, Revision] = {}

    def batch(self, batch_id: int) -> Batch:
        """Give a batch that leaves, with its revision, and that one's campaign and account."""
        if batch_id not in self._batches:
            its_revision = Batch.objects.filter(pk=batch_id).values("revision_id")[:1]
            found = Batch.objects.filter(
                Q(pk=batch_id) | Q(pk__gt=batch_id, state=BatchState.LEAVING),
                revision_id=its_revision,
            )
            for batch in found.order_by("pk")[:READ_AT_ONCE]:
                batch.revision = self._revision(batch.revision_id)
                self._batches[batch.pk] = batch
        return self._batches[batch_id]

    def _revision(self, revision_id: int) -> Revision:
        if revision_id not in self._revisions:
            self._revisions[revision_id] = Revision.objects.select_related(
                "campaign", "sender", "account"
            ).get(pk=revision_id)
        return self._revisions[revision_id]
