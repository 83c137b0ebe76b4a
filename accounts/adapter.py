"""What allauth asks of us."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Customers and their users are made by staff: there is no open sign-up yet."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse self-made users."""
        return False
