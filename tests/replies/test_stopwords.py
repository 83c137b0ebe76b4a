"""STOP in all spellings, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies import stopwords
from replies.stopwords import STOP_WORDS, Word

SHORT, CLAUSE = "38123", "36111"
TARGETS = (SHORT, CLAUSE, "Martin", "MARTIN CLUB", "L'Été & Co")


def is_stop(text: str) -> bool:
    return stopwords.is_stop(stopwords.read(text), targets=TARGETS)


@pytest.mark.parametrize("word", sorted(STOP_WORDS))
@pytest.mark.parametrize("written", ["{}", "  {} \r\n", "{}!"])
def test_each_word_alone_is_a_stop(word: str, written: str) -> None:
    for spelling in (word, word.lower(), word.title()):
        assert is_stop(written.format(spelling))


@pytest.mark.parametrize(
    "text",
    [
        "Stop.", "«STOP»", "*stop*", "STOP !!!", "S.T.O.P.", "S T O P", "Stop 🛑", "STOP\u00a0",
        "ＳＴＯＰ", "STOP\u200b", "\ufeffSTOP", "STOP\ufffd", "Arrêt", "ARRÊTER", "arre\u0302ter",
        "Désabonner", "désinscrire", "End…", "Opt-out", "OPT OUT", "stop all", "STOP -",
        "Stop" + "\n" * 99,
    ],
)  # fmt: skip
def test_accents_blanks_and_punctuation_do_not_matter(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "STOP 36111", "stop 38123", "STOP:36111", "STOP36111", "STOP au 36111", "Stop, 36 111",
        "STOP Martin", "stop martin club", "STOP: l'été & co", "Stop MartinClub",
    ],
)  # fmt: skip
def test_stop_and_the_number_or_the_sender_is_a_stop(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "!", "Ne stop pas", "Stoppez-moi demain?", "stop au feu", "STOP 12345",
        "STOPMARTIN", "Stop Dupont", "Please stop", "Bonjour, STOP", "Weekend", "the end",
        "Stopover 3", "start", "36111", "Martin", "STOP 36111 36111",
        "stop " * 40, "STOP PLEASE", "CONTACT",
    ],
)  # fmt: skip
def test_a_sentence_with_the_word_in_it_is_none(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize("text", ["CONTACT", "contact", " Contact ? ", "«contact»"])
def test_contact_asks_who_writes(text: str) -> None:
    assert stopwords.read(text).word is Word.CONTACT


@pytest.mark.parametrize("text", ["Contact me", "contacts", "STOP CONTACT", ""])
def test_contact_in_a_sentence_asks_nothing(text: str) -> None:
    assert stopwords.read(text).word is not Word.CONTACT


def test_a_name_without_letters_is_never_meant() -> None:
    assert not stopwords.is_stop(stopwords.read("STOP 1"), targets=["", "-", "&"])


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert stopwords.read(text).word in Word
