"""The addresses of replies, below the account."""

from django.urls import URLPattern, URLResolver, include, path

from replies.views import received

app_name = "replies"

_account: list[URLPattern | URLResolver] = [
    path("received/", received.reply_list, name="reply-list"),
    path("received/export/", received.reply_export, name="reply-export"),
    path("received/<uuid:reply>/", received.reply_detail, name="reply-detail"),
]

urlpatterns = [path("sms/<str:account>/", include(_account))]
