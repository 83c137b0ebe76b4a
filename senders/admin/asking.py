"""The page on which an action of the admin site asks why, before it changes anything."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def ask(
    site: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    *,
    form: Form,
    chosen: Sequence[tuple[int, str]],
    **context: str,
) -> HttpResponse:
    """Show what an action would change, and ask why; `chosen` are keys with what they are."""
    page = {
        **site.admin_site.each_context(request),
        "opts": site.opts,
        "form": form,
        "chosen": chosen,
        **context,
    }
    return TemplateResponse(request, "admin/senders/sender/decide.html", page)
