"""All addresses of the panel."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from messaging.views import door as receipts_door
from replies.views import door as replies_door
from senders.views import desk as senders_desk
from smsmanager import demo
from smsmanager.health import health_detail, readiness_detail

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler500 = "smsmanager.unavailable.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("senders.urls")),
    path("", include("messaging.urls")),
    path("", include("replies.urls")),
    path("staff/senders/", include((senders_desk.urlpatterns, "desk"))),
    path("demo/", include((demo.urlpatterns, "demo"))),
    path("carrier/", include((receipts_door.urlpatterns + replies_door.urlpatterns, "carrier"))),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health_detail, name="health-detail"),
    path("readyz", readiness_detail, name="readiness-detail"),
]
