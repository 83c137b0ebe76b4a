"""What phones answer: to whom they may, when it is stamped, and that each is told until taken."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from messaging.carrier.simulator import answers
from messaging.carrier.simulator.answers import Answers, NoSuchMessage, NotAnswerable, Sent
from messaging.carrier.simulator.books import Books
from messaging.carrier.simulator.file import BooksFile
from messaging.carrier.simulator.intake import read_chunk
from tests.messaging.carrier.scene import AT_ONCE

NOW = datetime(2027, 3, 2, 10, 0, tzinfo=UTC)
PHONE, OTHER = "+33612345678", "+33612345679"
SHORT = "38123"
CLAUSE = "\nSTOP:36111"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BooksFile]:
    made = BooksFile(path=tmp_path / "books.sqlite3")
    yield made
    made.close()


@pytest.fixture
def phones(file: BooksFile) -> Answers:
    return Answers(file=file)


def receive(file: BooksFile, *, sender: str = SHORT, clause: str = "", to: str = PHONE) -> int:
    """Let a phone receive an SMS; give its number in the books."""
    books = Books(file=file)
    reference = f"{sender}-{to}-{clause}"
    chunk = {
        "sender": sender, "text": "Hello", "class": "standard", "clause": clause,
        "validity": 3600, "messages": [{"reference": reference, "to": to}],
    }  # fmt: skip
    frame, offered = read_chunk(json.dumps(chunk).encode(), terms=AT_ONCE)
    [entry] = books.accept(frame=frame, offered=offered, honours_references=True, now=NOW)
    return int(str(entry.id).rpartition("-")[2])


def send(phones: Answers, message_id: int, text: str = "Yes", *, key: str = "1") -> Sent:
    return phones.send(phone=PHONE, message_id=message_id, text=text, key=key, at=None, now=NOW)


def test_an_answer_goes_to_the_number_that_the_sms_came_from(
    file: BooksFile, phones: Answers
) -> None:
    sent = send(phones, receive(file))
    assert (sent.phone, sent.number, sent.text) == (PHONE, SHORT, "Yes")
    assert datetime.fromisoformat(sent.received_at) == NOW


def test_a_name_cannot_be_answered(file: BooksFile, phones: Answers) -> None:
    with pytest.raises(NotAnswerable):
        send(phones, receive(file, sender="Martin", clause=CLAUSE))
    with pytest.raises(NotAnswerable):
        send(phones, receive(file, sender="Fournil"), "STOP")


@pytest.mark.parametrize("text", ["STOP", " stop ", "Stop Martin"])
def test_stop_goes_to_the_number_of_the_clause(file: BooksFile, phones: Answers, text: str) -> None:
    assert send(phones, receive(file, sender="Martin", clause=CLAUSE), text).number == "36111"


def test_stop_to_a_number_goes_to_that_number(file: BooksFile, phones: Answers) -> None:
    assert send(phones, receive(file), "STOP").number == SHORT


def test_only_an_sms_that_the_phone_shows_is_answered(file: BooksFile, phones: Answers) -> None:
    foreign = receive(file, to=OTHER)
    for message_id in (foreign, 99):
        with pytest.raises(NoSuchMessage):
            send(phones, message_id)


def test_the_same_key_again_is_the_same_sms(file: BooksFile, phones: Answers) -> None:
    message_id = receive(file)
    assert send(phones, message_id) == send(phones, message_id)
    assert len(phones.sent_by(phone=PHONE, at_most=9)) == 1


def test_after_48_hours_went_by_the_next_sms_alone_is_stamped_later(
    file: BooksFile, phones: Answers
) -> None:
    message_id = receive(file)
    phones.let_pass(phone=PHONE)
    assert phones.let_pass(phone=PHONE) == phones.ahead(phone=PHONE) == timedelta(hours=48)
    assert phones.ahead(phone=OTHER) == timedelta(0)
    stamps = [datetime.fromisoformat(send(phones, message_id, key=k).received_at) for k in "123"]
    assert stamps == [NOW + timedelta(hours=48), NOW, NOW]


def test_a_key_that_is_known_takes_no_time_with_it(file: BooksFile, phones: Answers) -> None:
    message_id = receive(file)
    send(phones, message_id)
    phones.let_pass(phone=PHONE)
    send(phones, message_id)
    assert phones.ahead(phone=PHONE) == timedelta(hours=48)


def test_what_is_owed_is_told_until_it_is_taken(file: BooksFile, phones: Answers) -> None:
    message_id = receive(file)
    for key in "12":
        send(phones, message_id, key=key)
    owed = phones.owed(now=NOW, at_most=9)
    assert owed == phones.owed(now=NOW, at_most=9)
    assert phones.next_due() == NOW
    phones.mark_taken(owed=owed[:1], now=NOW)
    assert phones.owed(now=NOW, at_most=9) == owed[1:]
    phones.put_off(owed=owed[1:], until=NOW + timedelta(seconds=5))
    assert phones.owed(now=NOW, at_most=9) == []
    assert phones.next_due() == NOW + timedelta(seconds=5)


def test_a_push_holds_long_texts_up_to_a_limit_and_one_at_least(
    file: BooksFile, phones: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PUSHED_AT_ONCE", 100)
    message_id = receive(file)
    for key, length in (("1", 500), ("2", 60), ("3", 40), ("4", 1)):
        send(phones, message_id, "x" * length, key=key)
    groups = []
    while owed := phones.owed(now=NOW, at_most=9):
        groups.append([len(sent.text) for sent in owed])
        phones.mark_taken(owed=owed, now=NOW)
    assert groups == [[500], [60, 40], [1]]
