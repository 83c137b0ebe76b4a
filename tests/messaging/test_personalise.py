"""Personalised texts: values take the place of columns and are never looked at again."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.personalise import LONGEST_NAME, Template

VALUES = {"name": "Ada", "town": "Lyon", "Name": "capital", "first name": "Grace"}

names = st.text(st.characters(codec="utf-8", exclude_characters="#\r\n"), min_size=1, max_size=20)
names = names.map(str.strip).filter(lambda name: bool(name) and name.splitlines() == [name])
anything = st.text(max_size=60)
visible = anything.filter(lambda value: bool(value.strip()))


def render(template: Template, values: Mapping[str, str] | None) -> str | None:
    [text] = template.render_each([values])
    return text


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
    assert render(template, VALUES) == rendered


def test_a_name_longer_than_any_column_stays_text() -> None:
    assert Template(f"#{'x' * LONGEST_NAME}#").columns == ("x" * LONGEST_NAME,)
    assert Template(f"#{'x' * (LONGEST_NAME + 1)}#").columns == ()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(None, id="no values"),
        pytest.param({}, id="absent"),
        pytest.param({"name": ""}, id="empty"),
        pytest.param({"name": " \t"}, id="blank"),
        pytest.param({"NAME": "Ada"}, id="in capitals"),
    ],
)
def test_who_lacks_a_value_gets_no_text(values: dict[str, str] | None) -> None:
    good = {"name": "Ada"}
    texts = Template("Hello #name#").render_each([good, values, good])
    assert texts == ["Hello Ada", None, "Hello Ada"]


def test_a_default_is_what_the_caller_adds() -> None:
    assert render(Template("Hello #name#"), {"name": "you"} | {"town": "Lyon"}) == "Hello you"


@given(anything)
def test_a_text_without_columns_stays_as_it_is(text: str) -> None:
    template = Template(text)
    if not template.columns:
        assert render(template, {}) == text


@given(names, visible, anything.filter(lambda t: "#" not in t))
def test_a_value_is_never_looked_at_again(name: str, value: str, around: str) -> None:
    rendered = render(Template(f"{around}#{name}#{around}"), {name: value})
    assert rendered == around + value + around


@given(anything)
def test_a_column_that_gives_way_to_itself_is_a_column_still(text: str) -> None:
    template = Template(text)
    rendered = render(template, {name: f"#{name}#" for name in template.columns})
    assert rendered is not None
    assert Template(rendered).columns == template.columns


keys = st.sampled_from(["name", "town", "first name"])
pieces = st.one_of(keys.map("#{}#".format), st.sampled_from(["#", " ", "%s", "{}"]), anything)


@given(
    st.lists(pieces, max_size=6).map("".join),
    st.lists(st.none() | st.dictionaries(keys, visible | st.just(" ")), max_size=5),
)
def test_of_many_each_gets_the_text_that_it_would_get_alone(
    text: str, recipients: list[dict[str, str] | None]
) -> None:
    template = Template(text)
    assert template.render_each(recipients) == [render(template, r) for r in recipients]
    for values, rendered in zip(recipients, template.render_each(recipients), strict=True):
        has_all = all((values or {}).get(name, "").strip() for name in template.columns)
        assert (rendered is not None) == has_all
