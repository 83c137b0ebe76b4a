"""Heads of sorted tables: what the next press does."""

from django.utils.translation import gettext_lazy as _

from accounts.columns import columns

HEADS = {"name": _("Name"), "used": _("Last used")}


def presses(sort: str) -> list[tuple[str, str]]:
    found = columns(HEADS, sort=sort, downwards={"used"})
    return [(column.next_sort, column.sorted) for column in found]


def test_the_first_press_sorts_upwards_and_of_moments_downwards() -> None:
    assert [next_sort for next_sort, _sorted in presses("")] == ["name", "-used"]


def test_a_second_press_turns_it_around_and_a_third_back() -> None:
    assert presses("name")[0] == ("-name", "ascending")
    assert presses("-name")[0] == ("name", "descending")
    assert presses("-used") == [("name", ""), ("used", "descending")]
    assert presses("used") == [("name", ""), ("-used", "ascending")]
