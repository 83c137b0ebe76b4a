"""Words for characters: their names are English in Unicode, so others see the sign and its code."""

import pytest
from django.utils import translation

from messaging import wording


@pytest.mark.parametrize(
    ("language", "character", "expected"),
    [
        ("en", "ê", "latin small letter e with circumflex, U+00EA"),
        ("fr", "ê", "U+00EA"),
        ("it", "“", "U+201C"),
        ("en", "\u00a0", "no-break space, U+00A0"),
        ("fr", "\u00a0", "espace insécable, U+00A0"),
        ("it", "\u202f", "spazio unificatore stretto, U+202F"),
        ("fr", "\ue000", "U+E000"),
    ],
)
def test_a_character_is_named_in_the_readers_language_or_by_its_code(
    language: str, character: str, expected: str
) -> None:
    with translation.override(language):
        assert wording.of_character(character) == expected
