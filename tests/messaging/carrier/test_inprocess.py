"""The simulated carrier without HTTP behaves like the one behind HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.carrier import base
from messaging.carrier.inprocess import InProcessCarrier
from messaging.carrier.simulator.outcomes import Terms
from tests.messaging.carrier.scene import AT_ONCE, make_chunk

NOON = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)
ORDINARY = "+33612345678"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


Make = Callable[..., InProcessCarrier]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Make]:
    made: list[InProcessCarrier] = []

    def make_carrier(*, terms: Terms = AT_ONCE, honours: bool = True) -> InProcessCarrier:
        made.append(
            InProcessCarrier(books=":memory:", terms=terms, honours_references=honours, clock=clock)
        )
        return made[-1]

    yield make_carrier
    for carrier in made:
        carrier.close()


def test_ordinary_message_is_accepted_and_delivered(make: Make) -> None:
    carrier = make()

    [said] = carrier.submit(make_chunk(ORDINARY), deadline=1)
    [receipt] = carrier.take_receipts()

    assert said.accepted
    assert said.accepted_at == NOON
    assert receipt.state is base.ReceiptState.DELIVERED
    assert (receipt.carrier_id, receipt.reference) == (said.carrier_id, said.reference)
    assert receipt.operator == "SFR"


def test_receipts_are_given_once(make: Make) -> None:
    carrier = make()
    carrier.submit(make_chunk(ORDINARY), deadline=1)
    carrier.take_receipts()

    assert carrier.take_receipts() == []


def test_receipts_wait_for_their_moment(make: Make, clock: Clock) -> None:
    minute = timedelta(minutes=1)
    carrier = make(terms=Terms(seed=1, shortest=minute, longest=minute, failures_percent=0))
    carrier.submit(make_chunk(ORDINARY), deadline=1)

    assert carrier.take_receipts() == []
    assert carrier.shown_on(ORDINARY) == []

    clock.now += minute

    assert [receipt.at for receipt in carrier.take_receipts()] == [clock.now]
    assert len(carrier.shown_on(ORDINARY)) == 1


def test_same_reference_with_the_same_content_is_accepted_once(make: Make, clock: Clock) -> None:
    carrier = make()
    first = carrier.submit(make_chunk(ORDINARY), deadline=1)
    clock.now += timedelta(hours=1)

    again = carrier.submit(make_chunk(ORDINARY), deadline=1)

    assert again == first
    assert len(carrier.take_receipts()) == 1
    assert len(carrier.shown_on(ORDINARY)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"text": "Bye"}, id="text"),
        pytest.param({"sender": "OTHER"}, id="sender"),
        pytest.param({"clause": "\nSTOP:36111"}, id="clause"),
        pytest.param({"message_class": base.MessageClass.FLASH}, id="class"),
        pytest.param({"validity": timedelta(hours=1)}, id="validity"),
    ],
)
def test_same_reference_with_other_content_is_refused_and_the_first_stands(
    make: Make, changed: dict[str, Any]
) -> None:
    carrier = make()
    first = carrier.submit(make_chunk(ORDINARY), deadline=1)

    [said] = carrier.submit(make_chunk(ORDINARY, **changed), deadline=1)

    assert (said.accepted, said.code) == (False, base.Refusal.REFERENCE_REUSED)
    assert carrier.look_up([said.reference], deadline=1) == {said.reference: first[0]}
    assert [shown.text for shown in carrier.shown_on(ORDINARY)] == ["Hello"]


def test_same_reference_for_another_phone_is_refused(make: Make) -> None:
    carrier = make()
    carrier.submit(make_chunk(ORDINARY), deadline=1)

    [said] = carrier.submit(make_chunk("+33612345679"), deadline=1)

    assert said.code is base.Refusal.REFERENCE_REUSED
    assert carrier.shown_on("+33612345679") == []


def test_carrier_that_does_not_honour_references_sends_twice(make: Make) -> None:
    carrier = make(honours=False)
    carrier.submit(make_chunk(ORDINARY), deadline=1)

    carrier.submit(make_chunk(ORDINARY), deadline=1)

    assert len(carrier.shown_on(ORDINARY)) == 2
    with pytest.raises(base.OutcomeUnknown):
        carrier.look_up(["c0ffee:1:0"], deadline=1)


def test_look_up_leaves_out_what_it_does_not_know(make: Make) -> None:
    carrier = make()
    carrier.submit(make_chunk(ORDINARY, "+33612349989"), deadline=1)

    assert list(carrier.look_up(["c0ffee:1:0", "c0ffee:1:1", "?"], deadline=1)) == ["c0ffee:1:0"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"sender": ""}, base.Refusal.SENDER, id="no sender"),
        pytest.param({"sender": "A" * 17}, base.Refusal.SENDER, id="a sender too long"),
        pytest.param({"sender": "A\0"}, base.Refusal.SENDER, id="a NUL in the sender"),
        pytest.param({"text": "a\0b"}, base.Refusal.TEXT, id="a NUL in the text"),
        pytest.param({"text": "\ud83d"}, base.Refusal.TEXT, id="a lone surrogate"),
        pytest.param({"validity": timedelta(0)}, base.Refusal.VALIDITY, id="no validity"),
        pytest.param({"validity": timedelta(weeks=64)}, base.Refusal.VALIDITY, id="64 weeks"),
    ],
)
def test_chunk_with_a_bad_frame_is_refused_whole(
    make: Make, changed: dict[str, Any], code: base.Refusal
) -> None:
    carrier = make()

    with pytest.raises(base.ChunkRefused) as caught:
        carrier.submit(make_chunk(ORDINARY, **changed), deadline=1)

    assert caught.value.code is code
    assert carrier.look_up(["c0ffee:1:0"], deadline=1) == {}


@pytest.mark.parametrize(
    ("to", "text", "code"),
    [
        pytest.param("0612345678", "Hi", base.Refusal.NUMBER, id="a national number"),
        pytest.param("+33612\0", "Hi", base.Refusal.NUMBER, id="a NUL in the number"),
        pytest.param("+33612349989", "Hi", base.Refusal.NUMBER, id="the ending that is refused"),
        pytest.param(ORDINARY, "", base.Refusal.TEXT, id="no text"),
        pytest.param(ORDINARY, "\udc00", base.Refusal.TEXT, id="a lone surrogate"),
        pytest.param(ORDINARY, "a" * (153 * 255 + 1), base.Refusal.TOO_LONG, id="256 parts"),
    ],
)
def test_bad_message_is_refused_alone(make: Make, to: str, text: str, code: base.Refusal) -> None:
    carrier = make()
    recipients = tuple(
        base.Recipient(reference=f"r:{at}", to=number, text=own)
        for at, (number, own) in enumerate([(ORDINARY, None), (to, text), (ORDINARY, "Bye")])
    )
    chunk = base.Chunk(
        sender="ACME",
        text="Hello",
        message_class=base.MessageClass.SIM,
        clause="",
        validity=timedelta(hours=1),
        recipients=recipients,
    )

    said = carrier.submit(chunk, deadline=1)

    assert [answer.code for answer in said] == [base.Refusal.NONE, code, base.Refusal.NONE]
    assert len(carrier.take_receipts()) == 2


def bearing(recipient: base.Recipient, sender: str) -> base.Recipient:
    return base.Recipient(reference=recipient.reference, to=recipient.to, sender=sender)


def test_each_message_may_have_a_sender_of_its_own(make: Make) -> None:
    carrier = make()
    senders = ("38001", "+33755512345", "ACME", "38001")
    chunk = make_chunk(*(f"+3361234567{at}" for at in range(4)), sender="")
    own = [bearing(r, s) for r, s in zip(chunk.recipients, senders, strict=True)]

    said = carrier.submit(replace(chunk, recipients=tuple(own)), deadline=1)

    assert all(answer.accepted for answer in said)
    shown = [carrier.shown_on(recipient.to)[0].sender for recipient in own]
    assert shown == list(senders)


@pytest.mark.parametrize(
    "sender",
    [
        pytest.param("37999", id="below the pool"),
        pytest.param("36111", id="the number of the STOP clause"),
        pytest.param("", id="none"),
        pytest.param("A" * 17, id="too long"),
        pytest.param("A\0", id="a NUL"),
    ],
)
@pytest.mark.parametrize("frame", ["", "ACME"])
def test_a_message_whose_sender_is_not_ours_to_use_is_refused_alone(
    make: Make, sender: str, frame: str
) -> None:
    carrier = make()
    chunk = make_chunk(ORDINARY, "+33612345679", sender=frame)
    first, second = chunk.recipients
    own = (bearing(first, sender), bearing(second, "38001"))

    said = carrier.submit(replace(chunk, recipients=own), deadline=1)

    assert [answer.code for answer in said] == [base.Refusal.SENDER, base.Refusal.NONE]


def test_a_chunk_under_a_number_out_of_the_pool_is_refused_message_by_message(make: Make) -> None:
    [said] = make().submit(make_chunk(ORDINARY, sender="12345"), deadline=1)

    assert (said.accepted, said.code) == (False, base.Refusal.SENDER)


def test_another_number_for_the_same_reference_is_another_content(make: Make) -> None:
    carrier = make()
    carrier.submit(make_chunk(ORDINARY, sender="38001"), deadline=1)

    [said] = carrier.submit(make_chunk(ORDINARY, sender="38002"), deadline=1)

    assert said.code is base.Refusal.REFERENCE_REUSED


def test_the_pool_is_named(make: Make) -> None:
    numbers = make().numbers(deadline=1)

    assert len(set(numbers)) == len(numbers) == 500
    assert "36111" not in numbers


def test_chunk_of_five_hundred_is_the_largest(make: Make) -> None:
    carrier = make()
    numbers = [f"+336{at:06d}00" for at in range(base.CHUNK_LIMIT + 1)]

    said = carrier.submit(make_chunk(*numbers[:-1]), deadline=1)

    assert all(answer.accepted for answer in said)
    assert len(carrier.take_receipts()) == base.CHUNK_LIMIT
    with pytest.raises(base.ChunkRefused):
        carrier.submit(make_chunk(*numbers, first=1_000), deadline=1)


def test_phone_shows_the_newest_first_with_clause_and_class(make: Make, clock: Clock) -> None:
    carrier = make()
    carrier.submit(make_chunk(ORDINARY, text="One"), deadline=1)
    clock.now += timedelta(seconds=1)
    flash = make_chunk(
        ORDINARY, text="Two", first=1, clause="\nSTOP:36111", message_class=base.MessageClass.FLASH
    )
    carrier.submit(flash, deadline=1)

    newest, oldest = carrier.shown_on(ORDINARY)

    assert (newest.text, newest.message_class) == ("Two\nSTOP:36111", "flash")
    assert (oldest.text, oldest.message_class) == ("One", "standard")
