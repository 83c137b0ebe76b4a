"""Django's configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RepliesConfig(AppConfig):
    """The name and title of the app."""

    name = "replies"
    verbose_name = _("Replies")
