"""One form or one quote, sent by many at once: one revision, one debit."""

import uuid
from collections import Counter
from datetime import datetime
from functools import partial

import pytest

from accounts.models import EntryKind, SmsAccount, User
from messaging import campaigns, composing, revisions
from messaging.models import Campaign, Message, Revision, RevisionState
from senders.models import Sender
from tests import scenes
from tests.races import crowd, proofs

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 3
OPEN = [RevisionState.QUOTING, RevisionState.QUOTED]


def pks(results: list[object]) -> set[int]:
    """Give the revisions a crowd got; all must have got one."""
    assert not crowd.errors(results), crowd.errors(results)
    return {r.pk for r in results if isinstance(r, Revision)}


def confirm(revision: Revision, by: User, *, now: datetime) -> Revision:
    """Confirm as a request of its own does."""
    found = Revision.objects.get(pk=revision.pk)
    return campaigns.confirm(
        revision=found, by=by, total_hundredths=revision.total_hundredths, now=now
    )


def renew(revision: Revision, by: User, *, now: datetime) -> Revision:
    """Renew as a request of its own does."""
    return revisions.renew(revision=Revision.objects.get(pk=revision.pk), by=by, now=now)


def test_one_quote_confirmed_by_many_is_debited_once(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for _round in range(ROUNDS):
        quoted = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(20))
        total = quoted.total_hundredths

        results = crowd.times(16, partial(confirm, quoted, alice, now=now))

        assert pks(results) == {quoted.pk}
        assert {r.state for r in results if isinstance(r, Revision)} == {RevisionState.SCHEDULED}
        assert proofs.entries(quoted) == [-total]
    proofs.money_adds_up(account)


@pytest.mark.parametrize("recipients", [1, 3], ids=["one recipient", "several"])
@pytest.mark.parametrize("is_edit", [False, True], ids=["new", "edit"])
def test_one_form_posted_by_many_makes_one_revision(
    account: SmsAccount, alice: User, sender: Sender, now: datetime, recipients: int, is_edit: bool
) -> None:
    for _round in range(ROUNDS):
        replaced = None
        if is_edit:
            replaced = scenes.compose(
                account, alice, sender, now=now, numbers=scenes.numbers(2)
            ).campaign
        draft = scenes.make_draft(
            sender, numbers=scenes.numbers(recipients), key=uuid.uuid4(), replaces=replaced
        )

        results = crowd.times(
            20,
            partial(composing.compose, account=account, by=alice, draft=draft, now=now),
        )

        (made,) = pks(results)
        revision = Revision.objects.get(key=draft.key)
        assert revision.pk == made
        assert Message.objects.filter(batch__revision=revision).count() == recipients
        assert proofs.entries(revision) == ([-revision.total_hundredths] if recipients == 1 else [])
        assert revision.state == (
            RevisionState.SCHEDULED if recipients == 1 else RevisionState.QUOTED
        )
    assert Campaign.objects.filter(account=account).count() == ROUNDS
    proofs.money_adds_up(account)


def test_two_editors_of_one_quote_leave_one_quote(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for _round in range(3 * ROUNDS):
        first = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))

        def edit(words: str, replaced: Campaign = first.campaign) -> Revision:
            draft = scenes.make_draft(
                sender, numbers=scenes.numbers(4), text=words, replaces=replaced
            )
            return composing.compose(account=account, by=alice, draft=draft, now=now)

        results = crowd.at_once([lambda: edit("this"), lambda: edit("that")])

        assert len(pks(results)) == 2
        states = Counter(first.campaign.revisions.values_list("state", flat=True))
        assert states == {RevisionState.STALE: 2, RevisionState.QUOTED: 1}
        kept = first.campaign.revisions.get(state=RevisionState.QUOTED)
        assert Message.objects.filter(batch__revision__campaign=first.campaign).count() == 4
        assert kept.messages == 4


def test_an_edit_and_a_confirmation_end_in_one_of_them(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for _round in range(3 * ROUNDS):
        first = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(2))
        draft = scenes.make_draft(sender, numbers=scenes.numbers(4), replaces=first.campaign)

        results = crowd.at_once(
            [
                partial(composing.compose, account=account, by=alice, draft=draft, now=now),
                partial(confirm, first, alice, now=now),
            ]
        )

        (lost,) = crowd.errors(results)
        assert isinstance(lost, campaigns.NotConfirmable)
        first.refresh_from_db()
        confirmed = first.state == RevisionState.SCHEDULED
        assert proofs.entries(first) == ([-first.total_hundredths] if confirmed else [])
        assert first.campaign.revisions.count() == (1 if confirmed else 2)
    proofs.money_adds_up(account)


def test_one_quote_renewed_by_many_makes_one_new_quote(
    account: SmsAccount, alice: User, sender: Sender, now: datetime
) -> None:
    for _round in range(ROUNDS):
        quoted = scenes.compose(account, alice, sender, now=now, numbers=scenes.numbers(3))

        results = crowd.times(8, partial(renew, quoted, alice, now=now))

        (fresh,) = pks(results) - {quoted.pk}
        assert quoted.campaign.revisions.get(state=RevisionState.QUOTED).pk == fresh
        assert quoted.campaign.revisions.count() == 2
    assert not account.entries.filter(kind=EntryKind.CAMPAIGN).exists()
