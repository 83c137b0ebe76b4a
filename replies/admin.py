"""What staff see of replies in the admin site: what became of each, never what it says.

Numbers are masked. No text is here, of locked ones or others: whoever wrote it wrote to a customer.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts import phones
from accounts.admin import Evidence
from replies.models import Reply


@admin.register(Reply)
class ReplyAdmin(Evidence):
    """Replies, with the reason for which one was refused."""

    list_display = (
        "received_at", "masked", "number", "state", "refusal", "parts", "account", "decided_at",
    )  # fmt: skip
    list_filter = ("state", "refusal")
    search_fields = ("=phone", "=number", "account__name", "carrier_id", "uuid")
    list_select_related = ("account",)
    ordering = ("-id",)
    exclude = ("phone", "text", "excerpt", "message_id")
    readonly_fields = ("masked",)

    @admin.display(description=_("from"))
    def masked(self, reply: Reply) -> str:
        """Show enough to compare, not enough to dial."""
        return phones.mask(reply.phone)
