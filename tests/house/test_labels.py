"""What staff read beside a field of the admin site is in their language."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.test import RequestFactory
from django.utils.functional import Promise

from accounts.models import User
from tests.house import tree


def sites() -> list[Any]:
    """Give what the admin site shows of our models, inlines included."""
    found: list[Any] = []
    for shown in admin.site._registry.values():
        if shown.model._meta.app_label in tree.APPS:
            inlines = [inline(shown.model, admin.site) for inline in shown.inlines]
            found += [shown, *inlines]
    return found


def fields_seen(shown: Any, user: User) -> Iterator[Any]:
    """Give the fields that staff see of a row, of a new one, and in the list."""
    request = RequestFactory().get("/")
    request.user = user
    names = set(getattr(shown, "list_display", ()))
    for row in (None, shown.model()):
        names |= set(flatten_fieldsets(shown.get_fieldsets(request, row)))
    for name in sorted(n for n in names if isinstance(n, str)):
        try:
            field = shown.model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if not getattr(field, "auto_created", False):
            yield field


@pytest.mark.django_db
def test_every_field_that_staff_see_has_a_name_in_each_language(sam: User) -> None:
    nameless = {
        str(field)
        for shown in sites()
        for field in fields_seen(shown, sam)
        if not isinstance(field.verbose_name, Promise)
    }
    assert not nameless, f"give these a verbose_name in gettext_lazy: {sorted(nameless)}"


def test_every_model_that_staff_see_has_a_name_in_each_language() -> None:
    metas = [shown.model._meta for shown in sites()]
    names = {name for m in metas for name in (m.verbose_name, m.verbose_name_plural)}
    assert not {n for n in names if not isinstance(n, Promise)}
