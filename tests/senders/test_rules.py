"""What a sender name may look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders import rules
from senders.rules import Caution, Problem


@pytest.mark.parametrize(
    "name",
    ["Abc", "FOURNIL", "Martin 1", "A&B-Co., +1", "36111 Info", "my_brand", "3A3", "12345678A"],
)
def test_a_proper_name_has_no_problem(name: str) -> None:
    assert rules.problems(name) == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("Ab", [Problem.TOO_SHORT], id="two characters"),
        pytest.param("Twelve chars", [Problem.TOO_LONG], id="twelve characters"),
        pytest.param("Café Noir", [Problem.BAD_CHARS], id="accent"),
        pytest.param("Маrtin", [Problem.BAD_CHARS], id="Cyrillic look-alike"),
        pytest.param("Mar\x00tin", [Problem.BAD_CHARS], id="NUL"),
        pytest.param("Mar\ud800tin", [Problem.BAD_CHARS], id="half a character"),
        pytest.param("Martin\n", [Problem.BAD_CHARS], id="line feed at the end"),
        pytest.param("Mar\u00a0tin", [Problem.BAD_CHARS], id="no-break space"),
        pytest.param("Martin!", [Problem.BAD_CHARS], id="other punctuation"),
        pytest.param(" Martin", [Problem.HIDDEN_SPACE], id="space in front"),
        pytest.param("Martin ", [Problem.HIDDEN_SPACE], id="space behind"),
        pytest.param("Mar  tin", [Problem.HIDDEN_SPACE], id="two spaces"),
        pytest.param("-.-", [Problem.NO_LETTER], id="punctuation alone"),
        pytest.param("36111", [Problem.SHORT_NUMBER], id="short number"),
        pytest.param("36 111", [Problem.SHORT_NUMBER], id="spaced short number"),
        pytest.param("0612345678", [Problem.PHONE_NUMBER], id="phone number"),
        pytest.param("+3361234567", [Problem.PHONE_NUMBER], id="international number"),
        pytest.param("06-12-34-56", [Problem.PHONE_NUMBER], id="phone number with dashes"),
        pytest.param("", [Problem.TOO_SHORT, Problem.NO_LETTER], id="nothing"),
        pytest.param("+33612345678", [Problem.TOO_LONG, Problem.PHONE_NUMBER], id="two problems"),
        pytest.param("٣٣٣٣", [Problem.BAD_CHARS, Problem.SHORT_NUMBER], id="other digits"),
    ],
)
def test_a_problem_is_named(name: str, found: list[Problem]) -> None:
    assert list(rules.problems(name)) == found


@given(st.text(max_size=14))
def test_a_name_without_problem_is_short_ascii_with_a_letter(name: str) -> None:
    if not rules.problems(name):
        assert name.isascii()
        assert name.isprintable()
        assert 3 <= len(name) <= 11
        assert any(c.isalpha() for c in name)


PROTECTED = ("Orange", "Ameli", "La Poste", "CAF", "Credit Agricole", "impots.gouv", "Netflix")


@pytest.mark.parametrize(
    ("name", "like"),
    [
        pytest.param("0range", "Orange", id="digit for a letter"),
        pytest.param("AMELl", "Ameli", id="small L for a capital I"),
        pytest.param("arneli", "Ameli", id="two letters that look like one"),
        pytest.param("La P0ste", "La Poste", id="digit in the middle"),
        pytest.param("laposte", "La Poste", id="no space, other case"),
        pytest.param("L.A.Poste", "La Poste", id="dots between"),
        pytest.param("Netflx", "Netflix", id="a letter too few"),
        pytest.param("Nettflix", "Netflix", id="a letter too many"),
        pytest.param("Info CAF", "CAF", id="a short one as a word"),
        pytest.param("Orange Info", "Orange", id="with a word behind"),
        pytest.param("Credlt Agr1", "Credit Agricole", id="cut off at eleven"),
        pytest.param("1mpots-gouv", "impots.gouv", id="other punctuation"),
    ],
)
def test_a_look_alike_is_known_with_whom_it_resembles(name: str, like: str) -> None:
    assert rules.problems(name) == ()
    assert rules.resembled(name, protected=PROTECTED) == (like,)


@pytest.mark.parametrize("name", ["Martin", "Camelia", "CAFE NOIR", "Marketing", "FOURNIL", "Info"])
def test_an_ordinary_name_resembles_nobody(name: str) -> None:
    assert rules.resembled(name, protected=PROTECTED) == ()


DISGUISES = {"o": "0O", "i": "1lIL", "l": "1ILi", "e": "3E", "a": "4A", "s": "5S", "t": "7T"}


@given(st.data())
def test_no_disguise_of_a_protected_name_is_missed(data: st.DataObject) -> None:
    known = data.draw(st.sampled_from(PROTECTED))
    name = "".join(
        data.draw(st.sampled_from(letter + letter.upper() + DISGUISES.get(letter.lower(), "")))
        for letter in known
    )
    assert known in rules.resembled(name, protected=PROTECTED)


@given(st.text(), st.lists(st.text(), max_size=5))
def test_rules_answer_for_any_text(name: str, protected: list[str]) -> None:
    told = rules.tell(name, taken=(), protected=protected)
    assert told.problems == rules.problems(name)
    assert set(told.resembled) <= set(protected)


def test_a_name_that_the_account_has_is_told() -> None:
    assert rules.tell("Martin", taken={"Martin"}, protected=()).problems == (Problem.TAKEN,)


def test_spaces_and_punctuation_are_cautioned_about() -> None:
    told = rules.tell("A&B Co", taken=(), protected=())
    assert (told.problems, told.cautions) == ((), (Caution.SPACE, Caution.PUNCTUATION))


def test_a_country_has_one_caveat() -> None:
    countries = [country for listed in rules.CAVEATS.values() for country in listed]
    assert len(countries) == len(set(countries))
