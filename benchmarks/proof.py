"""Whether what was measured is right: a fast benchmark that loses a message proves nothing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from django.db.models import Count, Sum

from accounts.models import CreditEntry, SmsAccount
from benchmarks.scene import Scene
from messaging.models import BatchCounter, Message, Revision, Status


def mistakes(
    *, scene: Scene, revision: Revision, before: int, count: int, books: Path, earlier: Revision
) -> list[str]:
    """Name what does not add up.

    `before` is the balance before the confirmation, `earlier` all else that the books may hold.
    """
    facts = dict(_facts(scene, revision, before, count))
    facts |= dict(_books(revision, books, count, earlier=earlier))
    return [
        f"{name}: {ours} is not {theirs}"
        for name, (ours, theirs) in facts.items()
        if ours != theirs
    ]


def _facts(
    scene: Scene, revision: Revision, before: int, count: int
) -> Iterator[tuple[str, tuple[object, object]]]:
    balance = SmsAccount.objects.values_list("balance_hundredths", flat=True).get(
        pk=scene.account.pk
    )
    first, last = _ids(revision)
    messages = Message.objects.filter(pk__gte=first, pk__lte=last)
    rows = messages.aggregate(
        n=Count("pk"), parts=Sum("parts"), price=Sum("price_hundredths"),
        phones=Count("recipient", distinct=True),
    )  # fmt: skip
    delivered = messages.filter(status=Status.DELIVERED).count()
    counters = dict(
        BatchCounter.objects.filter(batch__revision=revision, messages__gt=0)
        .values_list("status")
        .annotate(n=Sum("messages"))
    )
    debits = CreditEntry.objects.filter(
        account=scene.account, reference=revision.debit_reference
    ).values_list("amount_hundredths", flat=True)
    yield "balance", (balance, before - rows["price"])
    yield "debits", (list(debits), [-rows["price"]])
    yield "rows", (rows["n"], count)
    yield "different recipients", (rows["phones"], count)
    yield "quoted", ((revision.messages, revision.parts), (rows["n"], rows["parts"]))
    yield "delivered", (delivered, count)
    yield "counters", (counters, {int(Status.DELIVERED): count})


def _ids(revision: Revision) -> tuple[int, int]:
    batches = list(revision.batches.values_list("first_message_id", "messages"))
    return min(first for first, _n in batches), max(first + n - 1 for first, n in batches)


def _books(
    revision: Revision, books: Path, count: int, *, earlier: Revision
) -> Iterator[tuple[str, tuple[object, object]]]:
    run = sqlite3.connect(f"file:{books}?mode=ro", uri=True)
    try:
        found = run.execute(
            "SELECT count(*), count(DISTINCT reference), count(DISTINCT recipient), sum(parts), "
            "sum(reference LIKE ?) FROM message WHERE reference NOT LIKE ?",
            [f"{revision.campaign.uuid}:%", f"{earlier.campaign.uuid}:%"],
        ).fetchone()
    finally:
        run.close()
    yield "the carrier's books", (tuple(found), (count, count, count, revision.parts, count))
