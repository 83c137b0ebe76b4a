"""Django's configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SendersConfig(AppConfig):
    """The name and title of the app."""

    name = "senders"
    verbose_name = _("Senders")
