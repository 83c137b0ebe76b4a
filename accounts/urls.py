"""Addresses of the pages that belong to no single account."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("sms/", views.account_list, name="account-list"),
    path("language/", views.language_update, name="language-update"),
    path("theme/", views.theme_update, name="theme-update"),
]
