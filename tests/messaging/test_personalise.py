"""Personalised texts: values take the place of columns and are never looked at again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.personalise import LONGEST_NAME, MissingValue, Template

VALUES = {"name": "Ada", "town": "Lyon", "Name": "capital", "first name": "Grace"}

names = st.text(st.characters(codec="utf-8", exclude_characters="#\r\n"), min_size=1, max_size=20)
names = names.map(str.strip).filter(lambda name: bool(name) and name.splitlines() == [name])
anything = st.text(max_size=60)
visible = anything.filter(lambda value: bool(value.strip()))


@pytest.mark.parametrize(
    ("text", "columns", "rendered"),
    [
        pytest.param("Hello", (), "Hello", id="no column"),
        pytest.param("Hello #name#!", ("name",), "Hello Ada!", id="one column"),
        pytest.param("#name#", ("name",), "Ada", id="nothing else"),
        pytest.param("#name##town#", ("name", "town"), "AdaLyon", id="side by side"),
        pytest.param("#town# #name# #town#", ("town", "name"), "Lyon Ada Lyon", id="twice"),
        pytest.param("#Name# #name#", ("Name", "name"), "capital Ada", id="capitals count"),
        pytest.param("# name #", ("name",), "Ada", id="blanks around the name"),
        pytest.param("#first name#", ("first name",), "Grace", id="blanks within the name"),
        pytest.param("100 % of #name#, %s", ("name",), "100 % of Ada, %s", id="percent signs"),
        pytest.param("{0} #name#", ("name",), "{0} Ada", id="braces"),
        pytest.param("we are #1", (), "we are #1", id="a lone hash"),
        pytest.param("## # # ###", (), "## # # ###", id="nothing between"),
        pytest.param("#one\ntwo#", (), "#one\ntwo#", id="over two lines"),
        pytest.param("##name##", ("name",), "#Ada#", id="hashes around a column"),
        pytest.param("#name# or #town", ("name",), "Ada or #town", id="not closed"),
    ],
)
def test_columns_give_way_to_values(text: str, columns: tuple[str, ...], rendered: str) -> None:
    template = Template(text)
    assert template.columns == columns
    assert template.render(VALUES) == rendered


def test_a_name_longer_than_any_column_stays_text() -> None:
    assert Template(f"#{'x' * LONGEST_NAME}#").columns == ("x" * LONGEST_NAME,)
    assert Template(f"#{'x' * (LONGEST_NAME + 1)}#").columns == ()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="absent"),
        pytest.param({"name": ""}, id="empty"),
        pytest.param({"name": " \t"}, id="blank"),
        pytest.param({"NAME": "Ada"}, id="in capitals"),
    ],
)
def test_a_missing_value_is_named(values: dict[str, str]) -> None:
    with pytest.raises(MissingValue) as refused:
        Template("Hello #name#").render(values)
    assert refused.value.column == "name"


def test_a_default_is_what_the_caller_adds() -> None:
    assert Template("Hello #name#").render({"name": "you"} | {"town": "Lyon"}) == "Hello you"


@given(anything)
def test_a_text_without_columns_stays_as_it_is(text: str) -> None:
    template = Template(text)
    if not template.columns:
        assert template.render({}) == text


@given(names, visible, anything.filter(lambda t: "#" not in t))
def test_a_value_is_never_looked_at_again(name: str, value: str, around: str) -> None:
    rendered = Template(f"{around}#{name}#{around}").render({name: value})
    assert rendered == around + value + around


@given(anything)
def test_a_column_that_gives_way_to_itself_is_a_column_still(text: str) -> None:
    template = Template(text)
    rendered = template.render({name: f"#{name}#" for name in template.columns})
    assert Template(rendered).columns == template.columns
