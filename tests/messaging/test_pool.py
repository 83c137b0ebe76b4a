"""The pool of short numbers is what the carrier said last."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from django.utils import timezone

from messaging import pool, tasks
from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from senders.models import ShortNumber
from tests import factories

pytestmark = pytest.mark.django_db


class Silent:
    """A carrier that answers nothing."""

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        raise base.NotHandedOver

    def look_up(self, references: Sequence[str], *, deadline: float) -> dict[str, base.Answer]:
        raise base.NotHandedOver

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        raise base.NotHandedOver


def active() -> set[str]:
    return set(ShortNumber.objects.filter(is_active=True).values_list("number", flat=True))


def test_the_carriers_numbers_are_known_after_asking(
    carrier: InProcessCarrier, now: datetime
) -> None:
    pool.refresh(carrier=carrier, now=now)
    assert active() == set(carrier.numbers(deadline=1))


def test_asking_again_writes_nothing_new(carrier: InProcessCarrier, now: datetime) -> None:
    for _twice in range(2):
        pool.refresh(carrier=carrier, now=now)
    assert ShortNumber.objects.count() == len(active())


def test_a_carrier_that_is_away_empties_nothing(now: datetime) -> None:
    known = factories.make_pool(3, now=now)
    pool.refresh(carrier=Silent(), now=now)
    assert active() == set(known)


def test_the_task_asks_the_carrier_of_the_settings(
    carrier: InProcessCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "carrier", lambda: carrier)
    tasks.refresh_pool()
    assert ShortNumber.objects.filter(changed_at__lte=timezone.now()).exists()
