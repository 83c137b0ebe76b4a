"""Django's configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The name and title of the app."""

    name = "accounts"
    verbose_name = _("Accounts")
