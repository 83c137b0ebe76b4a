"""What allauth asks of us."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts import language
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Customers and their users are made by staff: there is no open sign-up yet."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse self-made users."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write in the receiver's language: anybody may ask for a new password of anybody."""
        user = context.get("user") or User.objects.filter(email=email.lower()).first()
        with language.speaking_to(user):
            super().send_mail(template_prefix, email, context)
