"""The tag that draws icons."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.base import TextNode
from lucide import IconDoesNotExist


def drawn(source: str, **context: object) -> str:
    return Template("{% load lucide %}" + source).render(Context(context))


def test_an_icon_has_the_size_and_class_asked_for_and_is_hidden_from_screen_readers() -> None:
    icon = drawn('{% lucide "check" size=14 class="turns" %}')
    head = (
        '<svg class="lucide turns" width="14" height="14" viewBox="0 0 24 24" aria-hidden="true">'
    )
    assert icon == f'{head}<path d="M20 6 9 17l-5-5"/></svg>'


def test_an_icon_without_size_is_as_large_as_it_was_drawn() -> None:
    assert 'width="24"' in drawn('{% lucide "check" %}')


def test_an_icon_named_in_full_is_drawn_when_the_template_is_compiled() -> None:
    (_load, icon) = Template('{% load lucide %}{% lucide "check" size=14 %}').nodelist
    assert isinstance(icon, TextNode)


def test_an_icon_may_be_named_by_the_page() -> None:
    source = '{% lucide icon|default:"check" size=size %}'
    assert drawn(source, icon="x", size=9) == drawn('{% lucide "x" size=9 %}')
    assert drawn(source, size=9) == drawn('{% lucide "check" size=9 %}')


def test_what_a_page_says_is_no_markup() -> None:
    assert "<b>" not in drawn('{% lucide "check" class=kind %}', kind='"><b>')


def test_an_icon_that_does_not_exist_is_found_when_the_template_is_compiled() -> None:
    with pytest.raises(IconDoesNotExist):
        Template('{% load lucide %}{% lucide "chek" %}')


@pytest.mark.parametrize("options", ["16", 'colour="red"'])
def test_an_option_that_means_nothing_is_refused(options: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="name, size and class"):
        Template('{% load lucide %}{% lucide "check" ' + options + " %}")
