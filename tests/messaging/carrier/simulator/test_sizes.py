"""The carrier's own count of parts, against the vectors."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carrier.simulator.sizes import count_parts, count_parts_of_each

VECTORS = json.loads(
    (Path(__file__).parents[3] / "vectors" / "gsm_vectors.json").read_text("utf-8")
)["vectors"]


def as_sent(text: str) -> str:
    """Normalise line ends, as the vectors are counted."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['id']} {v['category']}")
def test_parts_equal_the_vector(vector: dict[str, object]) -> None:
    assert count_parts(as_sent(str(vector["text"]))) == vector["segments"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['id']} {v['category']}")
def test_parts_with_the_clause_equal_the_vector(vector: dict[str, dict[str, int]]) -> None:
    sent = as_sent(str(vector["text"])) + "\nSTOP:36111"

    assert count_parts(sent) == vector["stop11"]["segments"]


def test_pair_is_never_split() -> None:
    assert count_parts("a" * 152 + "€" + "a" * 152) == 3
    assert count_parts("é" * 306) == 2


@pytest.mark.parametrize(
    ("units", "parts"), [(0, 0), (1, 1), (160, 1), (161, 2), (306, 2), (307, 3)]
)
def test_a_part_among_others_is_shorter_than_one_alone(units: int, parts: int) -> None:
    assert count_parts("Ω" * units) == parts


NARROW = st.text("az @£éÉ\nΩ", max_size=400)


@given(
    texts=st.lists(NARROW | st.text(max_size=200) | st.text("a€[", max_size=400), max_size=4),
    clause=st.sampled_from(["", "\nSTOP:36111", "\nSTOP€", "ç"]),
)
def test_parts_of_many_are_those_of_each(texts: list[str], clause: str) -> None:
    assert count_parts_of_each(texts, clause=clause) == [count_parts(t + clause) for t in texts]


def test_every_letter_is_counted_alike_among_others() -> None:
    for letter in map(chr, range(0x180)):
        text = letter * 161
        assert count_parts_of_each([text, ""], clause="") == [count_parts(text), 0], hex(
            ord(letter)
        )
