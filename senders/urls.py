"""The addresses of senders, below the account."""

from django.urls import URLPattern, URLResolver, include, path

from senders.views import account, requests

app_name = "senders"

_sender = [
    path("", account.sender_detail, name="sender-detail"),
    path("ask-again/", requests.request_create, name="request-create"),
    path("description/", account.description_update, name="description-update"),
    path("disable/", account.sender_disable, name="sender-disable"),
    path("enable/", account.sender_enable, name="sender-enable"),
    path("default/", account.default_update, name="default-update"),
    path("remove/", account.sender_delete, name="sender-delete"),
]

_account: list[URLPattern | URLResolver] = [
    path("senders/", account.sender_list, name="sender-list"),
    path("senders/add/", requests.sender_create, name="sender-create"),
    path("senders/add/name/", requests.name_detail, name="name-detail"),
    path("senders/add/own/", requests.own_create, name="own-create"),
    # Names are anything: a level of their own keeps them apart from pages.
    path("senders/named/<str:sender>/", include(_sender)),
]

urlpatterns = [path("sms/<str:account>/", include(_account))]
