"""All addresses of the panel."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from smsmanager import demo
from smsmanager.health import health_detail

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    *(path("", include(m)) for m in ("accounts.urls", "messaging.urls") if find_spec(m)),
    path("demo/", include((demo.urlpatterns, "demo"))),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health_detail, name="health-detail"),
]
