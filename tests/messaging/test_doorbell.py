"""The doorbell: a ring that will be given again ends by itself, another stays until it is heard."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish

from messaging import doorbell

Capture = Callable[..., Any]


@pytest.fixture
def published(
    db: None, django_capture_on_commit_callbacks: Capture
) -> Callable[..., dict[str, Any]]:
    """Give a way to ring, and to see what the broker is given."""

    def ring(seconds: float | None) -> dict[str, Any]:
        seen: list[dict[str, Any]] = []

        def note(headers: dict[str, Any], **_rest: object) -> None:
            seen.append(headers)

        before_task_publish.connect(note)
        with django_capture_on_commit_callbacks(execute=True):
            doorbell.ring(task="leave", ids=[1], queue="now", seconds=seconds)
        before_task_publish.disconnect(note)
        return seen[0]

    return ring


def test_a_ring_that_will_be_given_again_ends(published: Callable[..., dict[str, Any]]) -> None:
    expires = datetime.fromisoformat(published(2)["expires"])
    assert expires - datetime.now(UTC) <= timedelta(seconds=2)


def test_any_other_ring_is_heard_however_late(published: Callable[..., dict[str, Any]]) -> None:
    assert published(None)["expires"] is None
