"""The admin site's view of users, customers, accounts and money.

Whatever holds money or evidence is read-only here: entries, the trail, suspensions and balances
change through their doors. People and accounts are never deleted.
"""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts import desk
from accounts.forms import UserAddForm, UserEditForm
from accounts.models import (
    CreditEntry,
    Customer,
    Destination,
    Membership,
    SmsAccount,
    Suspension,
    TrailEntry,
    User,
)
from accounts.templatetags.credits import localised


class Lasting(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that stay."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: others point here."""
        return False


class Evidence(Lasting):
    """Rows that are written elsewhere and only looked at here."""

    show_full_result_count = False
    # The pages of customers are not open to staff.
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a topic module writes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: history is not edited."""
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """People, known by their e-mail address."""

    form = UserEditForm
    add_form = UserAddForm
    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "language", "is_staff", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name", "language"]}),
        (
            _("Permissions"),
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("Important dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name"]}),
        (_("Password"), {"fields": ["usable_password", "password1", "password2"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: a user is made inactive."""
        return False


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Who may see the accounts of a customer."""

    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Customer)
class CustomerAdmin(Lasting):
    """Customers with their members."""

    list_display = ["name", "country", "created_at"]
    list_filter = ["country"]
    search_fields = ["name", "memberships__user__email", "sms_accounts__name"]
    ordering = ["name"]
    inlines = [MembershipInline]


class SmsAccountAdmin(Lasting):
    """SMS accounts; credits and suspensions have pages of their own.

    `senders` registers it: an account that is opened gets its first sender.
    """

    list_display = ["name", "description", "customer", "balance"]
    list_select_related = ["customer"]
    search_fields = ["name", "description", "customer__name"]
    ordering = ["name"]
    autocomplete_fields = ["customer"]
    readonly_fields = ["balance", "is_suspended", "created_at"]

    @admin.display(description=_("balance"), ordering="balance_hundredths")
    def balance(self, obj: SmsAccount) -> str:
        """Show whole credits, not hundredths."""
        return localised(obj.balance_hundredths or 0)

    @admin.display(description=_("suspended"), boolean=True)
    def is_suspended(self, obj: SmsAccount) -> bool:
        """Show whether a suspension is open."""
        return Suspension.objects.filter(account_id=obj.pk, until__isnull=True).exists()

    def get_readonly_fields(self, request: HttpRequest, obj: SmsAccount | None = None) -> list[str]:
        """Fix what others rely on once an account exists: its name and its customer."""
        return [*self.readonly_fields, *(["name", "customer"] if obj else [])]

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the desk."""
        pages = [
            ("give-credits", desk.give_credits),
            ("suspend", desk.suspend),
            ("resume", desk.resume),
        ]
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(page),
                name=f"accounts_smsaccount_{name}",
            )
            for name, page in pages
        ] + super().get_urls()


@admin.register(Destination)
class DestinationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """The tariff."""

    list_display = ["country", "price_hundredths", "is_open", "updated_at"]
    list_editable = ["price_hundredths", "is_open"]
    list_filter = ["is_open"]
    list_per_page = 300
    search_fields = ["country"]


@admin.register(Suspension)
class SuspensionAdmin(Evidence):
    """When accounts handed nothing over, and why."""

    list_display = ["account", "since", "until", "reason"]
    list_select_related = ["account"]
    search_fields = ["account__name", "reason"]
    ordering = ["-since"]


@admin.register(CreditEntry)
class CreditEntryAdmin(Evidence):
    """Every movement of credits."""

    list_display = ["id", "created_at", "account", "kind", "amount", "balance_after", "reason"]
    list_select_related = ["account"]
    list_filter = ["kind"]
    search_fields = ["account__name", "reference", "reason"]
    ordering = ["-id"]

    @admin.display(description=_("amount"))
    def amount(self, obj: CreditEntry) -> str:
        """Show whole credits, not hundredths."""
        return localised(obj.amount_hundredths)

    @admin.display(description=_("balance after"))
    def balance_after(self, obj: CreditEntry) -> str:
        """Show whole credits, not hundredths."""
        return localised(obj.balance_after_hundredths)


@admin.register(TrailEntry)
class TrailEntryAdmin(Evidence):
    """Who did what."""

    list_display = ["at", "event", "subject", "actor", "account"]
    list_select_related = ["actor", "account"]
    list_filter = ["event"]
    search_fields = ["subject", "event", "actor__email", "account__name"]
    ordering = ["-at"]
