"""Replacing something planned: a confirmation against its departure, its cancellation, another."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts import ledger
from accounts.models import EntryKind, SmsAccount, User
from messaging import campaigns, composing, delivery, outcomes, segments
from messaging.models import Batch, BatchState, HandOver, Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs
from tests.races.noting import NotingCarrier

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 40
HOUR = timedelta(hours=1)
# Seconds between which the offsets of a race lie: some lengths of a confirmation.


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_SIZE", 3)


class Stage:
    """An account with something planned, a change of it, and workers."""

    def __init__(self, account: SmsAccount, alice: User, sender: Sender, now: datetime) -> None:
        self.account, self.alice, self.sender, self.now = account, alice, sender, now
        self.due = now + HOUR

    def plan(self) -> Revision:
        """Plan a campaign of two batches for an hour later."""
        return scenes.confirmed(
            self.account, self.alice, self.sender,
            now=self.now, numbers=scenes.numbers(6), due_at=self.due,
        )  # fmt: skip

    def change(self, planned: Revision, *, recipients: int = 4) -> Revision:
        """Write a change of it, which waits for its confirmation."""
        return scenes.compose(
            self.account, self.alice, self.sender, now=self.now,
            numbers=scenes.numbers(recipients), due_at=self.due + HOUR, text="Autre chose",
            replaces=planned.campaign, standing=planned.number,
        )  # fmt: skip

    def confirm(self, revision: Revision) -> Revision:
        """Confirm as a request of its own does."""
        return campaigns.confirm(
            revision=Revision.objects.get(pk=revision.pk), by=self.alice,
            total_hundredths=revision.total_hundredths, now=self.now,
        )  # fmt: skip

    def cancel(self, revision: Revision) -> Revision:
        """Cancel as a request of its own does."""
        found = Revision.objects.get(pk=revision.pk)
        return campaigns.cancel(revision=found, by=self.alice, now=self.now)

    def let_leave(self, revision: Revision) -> None:
        """Let the batches leave that may when it is due."""
        batches = Batch.objects.filter(revision=revision).order_by("pk")
        for pk in list(batches.values_list("pk", flat=True)):
            delivery.leave(batch_id=pk, clock=scenes.at(self.due))

    def paid(self, revision: Revision) -> int:
        """Give what was debited for a revision and not given back."""
        batches = Batch.objects.filter(revision=revision)
        return -sum(proofs.entries(revision)) - sum(map(proofs.refunds, batches))


@pytest.fixture
def stage(account: SmsAccount, alice: User, sender: Sender, now: datetime) -> Stage:
    return Stage(account, alice, sender, now)


def test_naive_replacement_pays_twice_for_what_left(stage: Stage) -> None:
    def naive(old: Revision, new: Revision) -> None:
        found = Revision.objects.get(pk=old.pk)
        if found.state == RevisionState.SCHEDULED:
            batches = list(Batch.objects.filter(revision=old, state=BatchState.SCHEDULED))
            Batch.objects.filter(revision=old).update(state=BatchState.CANCELLED)
            Revision.objects.filter(pk=old.pk).update(state=RevisionState.REPLACED)
            for batch in batches:
                give_back(batch)
            stage.confirm(new)

    def give_back(batch: Batch) -> None:
        with transaction.atomic():
            outcomes.refund_batches(sums={batch.pk: batch.price_hundredths}, now=stage.now)

    def goes_out_unpaid() -> bool:
        old = stage.plan()
        new = stage.change(old)
        crowd.at_once([partial(naive, old, new), partial(stage.let_leave, old)])
        left = HandOver.objects.filter(batch__revision=old)
        return left.exists() and stage.paid(old) < old.total_hundredths

    crowd.show(goes_out_unpaid)


def test_a_confirmation_and_a_departure_end_in_one_of_them(
    stage: Stage, carrier: NotingCarrier
) -> None:
    chance, ends = random.Random(7), Counter[str]()
    for _round in range(ROUNDS):
        old = stage.plan()
        new = stage.change(old)
        confirm, leave = partial(stage.confirm, new), partial(stage.let_leave, old)
        results = crowd.staggered(chance, confirm, leave)

        errors = crowd.errors(results)
        assert all(isinstance(e, campaigns.NoLongerPlanned) for e in errors), errors
        old.refresh_from_db()
        new.refresh_from_db()
        replaced = not errors
        left = HandOver.objects.filter(batch__revision=old).count()
        assert left == (0 if replaced else 2)
        assert (old.state, new.state) == (
            (RevisionState.REPLACED, RevisionState.SCHEDULED)
            if replaced
            else (RevisionState.LEAVING, RevisionState.QUOTED)
        )
        assert stage.paid(old) == (0 if replaced else old.total_hundredths)
        assert stage.paid(new) == (new.total_hundredths if replaced else 0)
        proofs.counters_are_rows(old)
        ends["replaced" if replaced else "left"] += 1
    assert len(ends) == 2, f"every round ended alike: {ends}"
    proofs.money_adds_up(stage.account)


def test_a_change_confirmed_by_many_replaces_once(stage: Stage) -> None:
    for _round in range(ROUNDS // 8):
        old = stage.plan()
        new = stage.change(old)
        results = crowd.times(12, partial(stage.confirm, new))
        assert not crowd.errors(results), crowd.errors(results)
        old.refresh_from_db()
        assert old.state == RevisionState.REPLACED
        assert proofs.entries(new) == [-new.total_hundredths]
        assert (stage.paid(old), stage.paid(new)) == (0, new.total_hundredths)
    proofs.money_adds_up(stage.account)


def test_two_changes_posted_at_once_replace_once(stage: Stage) -> None:
    for _round in range(ROUNDS // 4):
        old = stage.plan()

        def change(text: str, planned: Revision = old) -> Revision:
            draft = scenes.make_draft(
                stage.sender, text=text, replaces=planned.campaign, standing=1, due_at=stage.due
            )
            return composing.compose(
                account=stage.account, by=stage.alice, draft=draft, now=stage.now
            )

        results = crowd.at_once([partial(change, "this"), partial(change, "that")])

        (lost,) = crowd.errors(results)
        assert isinstance(lost, campaigns.NotConfirmable)
        states = Counter(old.campaign.revisions.values_list("state", flat=True))
        assert states == {RevisionState.REPLACED: 1, RevisionState.SCHEDULED: 1}
        assert stage.paid(old) == 0
    proofs.money_adds_up(stage.account)


def test_one_change_posted_by_many_replaces_once(stage: Stage) -> None:
    for _round in range(ROUNDS // 8):
        old = stage.plan()
        draft = scenes.make_draft(stage.sender, replaces=old.campaign, standing=1, due_at=stage.due)
        compose = partial(
            composing.compose, account=stage.account, by=stage.alice, draft=draft, now=stage.now
        )
        results = crowd.times(8, compose)
        assert not crowd.errors(results), crowd.errors(results)
        assert len({r.pk for r in results if isinstance(r, Revision)}) == 1
        assert old.campaign.revisions.count() == 2
    proofs.money_adds_up(stage.account)


def test_a_confirmation_and_a_cancellation_end_in_one_of_them(stage: Stage) -> None:
    chance, ends = random.Random(7), Counter[str]()
    for _round in range(ROUNDS // 2):
        old = stage.plan()
        new = stage.change(old)
        confirm, cancel = partial(stage.confirm, new), partial(stage.cancel, old)
        results = crowd.staggered(chance, confirm, cancel)

        (lost,) = crowd.errors(results)
        assert isinstance(lost, campaigns.NoLongerPlanned)
        old.refresh_from_db()
        new.refresh_from_db()
        assert (old.state, new.state) in (
            (RevisionState.REPLACED, RevisionState.SCHEDULED),
            (RevisionState.CANCELLED, RevisionState.QUOTED),
        )
        assert stage.paid(old) == 0
        ends[old.state] += 1
    assert len(ends) == 2, f"every round ended alike: {ends}"
    proofs.money_adds_up(stage.account)


def test_everything_at_once_leaves_one_version_and_its_price(stage: Stage) -> None:
    before = ledger.balance(account_id=stage.account.pk)
    for _round in range(ROUNDS // 4):
        old = stage.plan()
        new = stage.change(old)
        works: list[Callable[[], object]] = [
            partial(stage.confirm, new), partial(stage.confirm, new),
            partial(stage.let_leave, old), partial(stage.cancel, old), partial(stage.cancel, new),
        ]  # fmt: skip
        errors = crowd.errors(crowd.at_once(works))
        assert all(isinstance(e, campaigns.Refused) for e in errors), errors
        standing = old.campaign.revisions.filter(state__in=campaigns.CONFIRMED)
        assert standing.count() == 1
        for revision in (old, new):
            proofs.counters_are_rows(revision)
    proofs.money_adds_up(stage.account)
    booked = stage.account.entries.exclude(kind=EntryKind.GIFT)
    spent = sum(booked.values_list("amount_hundredths", flat=True))
    assert ledger.balance(account_id=stage.account.pk) == before + spent
