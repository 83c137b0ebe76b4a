"""Why something planned waits, and until when."""

from datetime import datetime, timedelta

import pytest

from messaging import holds
from messaging.holds import Hold, Waiting
from messaging.models import HandOverState, RevisionState
from tests.factories import NOW

LATER = NOW + timedelta(hours=1)
LATER_STILL = NOW + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def of(**changes: object) -> tuple[Hold, datetime | None]:
    fields: dict[str, object] = {
        "state": RevisionState.SCHEDULED,
        "due_at": None,
        "planned": [],
        "waiting": [],
        "is_suspended": False,
        "is_sender_enabled": True,
        "now": NOW,
    }
    held = holds.of(**(fields | changes))  # type: ignore[arg-type]
    return held.hold, held.until


def ready(trouble: str = "", at: datetime = NOW) -> Waiting:
    return Waiting(state=HandOverState.READY, trouble=trouble, at=at)


def claimed() -> Waiting:
    return Waiting(state=HandOverState.CLAIMED, trouble="", at=NOW)


@pytest.mark.parametrize(
    ("due_at", "planned", "expected"),
    [
        pytest.param(LATER, [LATER], (Hold.DEFERRED, LATER), id="at the moment chosen"),
        pytest.param(
            LATER, [LATER_STILL], (Hold.LEGAL_HOURS, LATER_STILL), id="chosen outside the hours"
        ),
        pytest.param(None, [LATER], (Hold.LEGAL_HOURS, LATER), id="none chosen"),
        pytest.param(
            LATER, [LATER_STILL, LATER], (Hold.DEFERRED, LATER), id="the first part counts"
        ),
        pytest.param(NOW, [NOW], (Hold.HANDING_OVER, None), id="due"),
        pytest.param(None, [], (Hold.HANDING_OVER, None), id="nothing known"),
    ],
)
def test_what_has_not_left_waits_for_its_moment(
    due_at: datetime | None, planned: list[datetime], expected: tuple[Hold, datetime | None]
) -> None:
    assert of(due_at=due_at, planned=planned) == expected


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        pytest.param([ready()], (Hold.HANDING_OVER, None), id="nothing in its way"),
        pytest.param([claimed(), ready("throttled")], (Hold.HANDING_OVER, None), id="one with it"),
        pytest.param(
            [ready(), ready("unavailable", LATER)], (Hold.PUT_OFF, LATER), id="the carrier is away"
        ),
        pytest.param([ready("throttled", LATER)], (Hold.PUT_OFF, LATER), id="the carrier is busy"),
        pytest.param(
            [ready("legal_hours", LATER), ready("throttled", LATER_STILL)],
            (Hold.LEGAL_HOURS, LATER),
            id="the first one tells",
        ),
        pytest.param([ready("suspended", LATER)], (Hold.SUSPENDED, LATER), id="was suspended"),
    ],
)
def test_what_is_leaving_waits_for_what_its_hand_overs_say(
    waiting: list[Waiting], expected: tuple[Hold, datetime | None]
) -> None:
    assert of(state=RevisionState.LEAVING, waiting=waiting) == expected


def test_a_suspension_holds_what_is_not_with_the_carrier_yet() -> None:
    leaving = {"state": RevisionState.LEAVING, "is_suspended": True}
    assert of(**leaving, waiting=[ready()]) == (Hold.SUSPENDED, None)
    assert of(**leaving, waiting=[claimed()]) == (Hold.HANDING_OVER, None)
    assert of(is_suspended=True, due_at=LATER, planned=[LATER]) == (Hold.DEFERRED, LATER)


def test_what_is_cancelled_waits_for_the_chunk_in_flight() -> None:
    cancelling = {"state": RevisionState.CANCELLING, "waiting": [claimed()]}
    assert of(**cancelling) == (Hold.CANCELLING, None)


def test_parts_that_have_not_left_wait_for_their_own_hours() -> None:
    assert of(state=RevisionState.LEAVING, due_at=NOW, planned=[LATER]) == (Hold.LEGAL_HOURS, LATER)


def test_what_bears_a_sender_that_is_not_enabled_is_skipped_at_its_moment() -> None:
    lost = {"is_sender_enabled": False}
    assert of(**lost, due_at=LATER, planned=[LATER_STILL, LATER]) == (Hold.SENDER, LATER)
    assert of(**lost, is_suspended=True, planned=[LATER]) == (Hold.SENDER, LATER)
    held_back = [ready("legal_hours", LATER)]
    leaving = RevisionState.LEAVING
    assert of(**lost, state=leaving, waiting=held_back) == (Hold.SENDER, LATER)
    assert of(**lost, state=leaving, waiting=[ready()]) == (Hold.SENDER, None)
    assert of(**lost, state=RevisionState.CANCELLING, waiting=[]) == (Hold.CANCELLING, None)


def test_each_hold_has_a_look() -> None:
    assert set(holds.LOOKS) == set(Hold)
