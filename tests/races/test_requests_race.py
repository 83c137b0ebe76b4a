"""Two at once about one sender: asked for, asked again, decided, put aside, removed, preferred."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import SmsAccount, User
from senders import asking, review
from senders.asking import Words
from senders.models import Decision, Sender, SenderDocument, SenderRequest, SenderState
from tests import factories, papers
from tests.races import crowd

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
WORDS = Words(description="", reason="Orders", changes="A better scan")


def files() -> set[str]:
    return {path.name for path in Path(str(place())).glob("*")}


def place() -> Any:
    return settings.STORAGES["documents"]["OPTIONS"]["location"]


def won(results: list[object], *refusals: type[Exception]) -> int:
    """Count those that came through; the others must have been refused for a known reason."""
    lost = crowd.errors(results)
    assert all(isinstance(error, refusals) for error in lost), lost
    return len(results) - len(lost)


def each(steps: Sequence[tuple[Sender, Callable[[Sender], object]]]) -> list[object]:
    """Take steps at once, each with a copy of its sender: what one learns no other knows."""

    def take(sender: Sender, step: Callable[[Sender], object]) -> object:
        return step(Sender.objects.select_related("account").get(pk=sender.pk))

    return crowd.at_once([partial(take, sender, step) for sender, step in steps])


def again(sender: Sender, by: User) -> SenderRequest:
    return asking.ask_again(
        sender=sender, words=WORDS, papers=[papers.paper()], by=by, now=timezone.now()
    )


def check(sender: Sender) -> None:
    """What holds of a sender between any two steps."""
    sender.refresh_from_db()
    waits = SenderRequest.objects.filter(sender=sender, closed_at__isnull=True).count()
    lasting = sender.validities.filter(until__isnull=True).count()
    assert waits == (sender.state == SenderState.WAITING)
    assert lasting == (sender.state == SenderState.ENABLED)
    undecided = SenderRequest.objects.filter(sender=sender, closed_at__isnull=False, decision=None)
    assert undecided.count() <= (sender.state == SenderState.REMOVED)


def test_asking_again_by_reading_first_asks_twice(account: SmsAccount) -> None:
    def both_ask() -> bool:
        sender = factories.make_refused(account, name=f"N{Sender.objects.count()}x")

        def ask() -> bool:
            mine = Sender.objects.get(pk=sender.pk)
            if mine.state != SenderState.REFUSED:
                return False
            mine.state = SenderState.WAITING
            mine.save()
            return True

        return crowd.times(2, ask) == [True, True]

    crowd.show(both_ask)


def test_of_two_that_ask_again_one_opens_the_round_and_nothing_of_the_other_stays(
    account: SmsAccount, alice: User
) -> None:
    for n in range(ROUNDS):
        sender = factories.make_refused(account, name=f"Again {n}")
        before = files()
        results = each([(sender, lambda s: again(s, alice))] * 3)
        assert won(results, review.WrongState) == 1
        check(sender)
        assert SenderRequest.objects.filter(sender=sender).count() == 2
        assert len(files() - before) == 1
    assert files() >= set(SenderDocument.objects.values_list("stored_as", flat=True))


def test_of_two_that_ask_for_a_name_one_gets_it(account: SmsAccount, alice: User) -> None:
    for n in range(ROUNDS):
        before = files()
        results = crowd.times(
            3,
            partial(
                asking.ask,
                account=account,
                name=f"Name {n}",
                words=WORDS,
                papers=[],
                by=alice,
                now=timezone.now(),
            ),
        )
        assert won(results, review.NameTaken) == 1
        sender = Sender.objects.get(account=account, name=f"Name {n}")
        check(sender)
        review.remove(sender=sender, by=alice, clock=timezone.now)
        assert files() == before


def test_a_removed_name_is_asked_for_again_once(account: SmsAccount, alice: User) -> None:
    for n in range(ROUNDS):
        sender = factories.make_sender(account, name=f"Old {n}")
        review.remove(sender=sender, by=alice, clock=timezone.now)
        results = crowd.times(
            3,
            partial(
                asking.ask,
                account=account,
                name=sender.name,
                words=WORDS,
                papers=[],
                by=alice,
                now=timezone.now(),
            ),
        )
        assert won(results, review.NameTaken) == 1
        check(sender)
        review.remove(sender=sender, by=alice, clock=timezone.now)


def test_two_of_the_staff_decide_once(account: SmsAccount, sam: User) -> None:
    for n in range(ROUNDS):
        sender = factories.make_sender(account, name=f"Two {n}", enabled=False)
        results = each(
            [
                (sender, lambda s: review.enable(sender=s, by=sam, now=timezone.now())),
                (sender, lambda s: review.refuse(sender=s, by=sam, reason="", now=timezone.now())),
            ]
        )
        assert won(results, review.WrongState) == 1
        check(sender)
        assert Decision.objects.filter(request__sender=sender).count() == 1


def test_putting_aside_and_using_again_never_leave_a_sender_half_valid(
    account: SmsAccount, alice: User
) -> None:
    sender = factories.make_sender(account, now=timezone.now())
    for _round in range(ROUNDS):
        results = each(
            [
                (sender, lambda s: review.disable(sender=s, by=alice, clock=timezone.now)),
                (sender, lambda s: review.reenable(sender=s, by=alice, now=timezone.now())),
                (sender, lambda s: review.disable(sender=s, by=alice, clock=timezone.now)),
            ]
        )
        won(results, review.WrongState)
        check(sender)
        backwards = sender.validities.filter(Q(until__isnull=False), until__lt=timezone.now())
        assert all(v.until and v.since <= v.until for v in backwards)


def test_a_sender_that_is_removed_while_it_is_enabled_is_not_valid_afterwards(
    account: SmsAccount, alice: User, sam: User
) -> None:
    for n in range(ROUNDS):
        sender = factories.make_sender(account, name=f"Gone {n}", enabled=False)
        results = each(
            [
                (sender, lambda s: review.enable(sender=s, by=sam, now=timezone.now())),
                (sender, lambda s: review.remove(sender=s, by=alice, clock=timezone.now)),
            ]
        )
        won(results, review.WrongState)
        check(sender)
        assert sender.state == SenderState.REMOVED


def test_two_defaults_at_once_leave_one(account: SmsAccount, alice: User) -> None:
    senders = [factories.make_sender(account, name=name) for name in ("One", "Two", "Three")]
    for _round in range(ROUNDS):
        results = each(
            [
                (one, lambda s: review.make_default(sender=s, by=alice, now=timezone.now()))
                for one in senders
            ]
        )
        assert not crowd.errors(results), crowd.errors(results)
        assert Sender.objects.filter(account=account, is_default=True).count() == 1
