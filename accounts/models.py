"""Users, customers, SMS accounts, their credit entries, the tariff and the audit trail.

A customer owns SMS accounts; a membership lets a user see them. Credits are whole hundredths.
Only `ledger` writes a balance or an entry, only `trail` writes a trail entry. No method here
changes another table.
"""

import re
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.zones import validate_zone

ACCOUNT_NAME = re.compile(r"^sms-[a-z0-9]+-[0-9]+\Z")


class UserManager(BaseUserManager["User"]):
    """Makes users that sign in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; the address is kept in lower case, because people type it in any."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user who may do everything in the admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person who signs in with an e-mail address."""

    username = None  # type: ignore[assignment]  # the e-mail address takes its place
    email = models.EmailField(_("e-mail address"), unique=True)
    # Empty: the browser's languages decide.
    language = models.CharField(_("language"), max_length=7, blank=True, default="")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.email


class Customer(models.Model):
    """The company or person that owns SMS accounts and pays for them."""

    name = models.CharField(_("name"), max_length=120)
    # ISO 3166-1 alpha-2 of the place of establishment: it decides which senders are offered.
    country = models.CharField(
        _("country"), max_length=2, validators=[RegexValidator(r"^[A-Z]{2}\Z")]
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do on the accounts of the customer."""

    OWNER = "owner", _("Owner")
    READER = "reader", _("Reader")


class Membership(models.Model):
    """A user's place at a customer."""

    user = models.ForeignKey(
        User, verbose_name=_("user"), on_delete=models.PROTECT, related_name="memberships"
    )
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "customer"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.customer} · {self.role}"


class SmsAccount(models.Model):
    """A purse of credits with its own senders, campaigns and history."""

    name = models.CharField(
        _("SMS account"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(ACCOUNT_NAME.pattern)],
    )
    description = models.CharField(_("description"), max_length=60, blank=True, default="")
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="sms_accounts"
    )
    # Written by accounts.ledger alone.
    balance_hundredths = models.BigIntegerField(_("balance"), default=0, editable=False)
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Europe/Paris", validators=[validate_zone]
    )
    # French public holidays of Alsace-Moselle apply to this account's recipients in France.
    alsace_moselle = models.BooleanField(_("public holidays of Alsace-Moselle"), default=False)
    # Opt-outs block every message unless the customer lets non-commercial ones through.
    opted_out_get_transactional = models.BooleanField(
        _("non-commercial messages reach people who opted out"), default=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("SMS account")
        verbose_name_plural = _("SMS accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(balance_hundredths__gte=0), name="account_balance_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Suspension(models.Model):
    """A stretch of time in which an account hands nothing over; `until` empty = still."""

    account = models.ForeignKey(
        SmsAccount,
        verbose_name=_("SMS account"),
        on_delete=models.PROTECT,
        related_name="suspensions",
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=250)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="suspension_never_backwards",
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(until__isnull=True), name="suspension_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.since}"


class EntryKind(models.TextChoices):
    """Why a balance changed."""

    GIFT = "gift", _("Gift of credits")
    CAMPAIGN = "campaign", _("SMS")
    REFUND = "refund", _("Refund")
    REPLY = "reply", _("Reply received")


class CreditEntry(models.Model):
    """One movement of credits: append-only, written by accounts.ledger alone.

    `reference` is the business event, so that a task that runs twice hits the wall.
    """

    account = models.ForeignKey(
        SmsAccount, verbose_name=_("SMS account"), on_delete=models.PROTECT, related_name="entries"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=EntryKind.choices)
    amount_hundredths = models.BigIntegerField(_("amount"))
    balance_after_hundredths = models.BigIntegerField(_("balance after"))
    reference = models.CharField(_("reference"), max_length=80)
    actor = models.ForeignKey(
        User,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=250, blank=True, default="")
    created_at = models.DateTimeField(_("date"))

    class Meta:
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit entries")
        constraints = [
            models.CheckConstraint(condition=~Q(amount_hundredths=0), name="entry_amount_not_zero"),
            models.CheckConstraint(
                condition=Q(balance_after_hundredths__gte=0), name="entry_balance_never_negative"
            ),
            models.UniqueConstraint(
                fields=["account", "kind", "reference"], name="entry_once_per_event"
            ),
        ]
        indexes = [
            # The statement of an account, newest first.
            models.Index(fields=["account", "-id"], name="entry_statement"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.kind} {self.reference}"


class Destination(models.Model):
    """What one part costs to a country; a country without a row is refused."""

    country = models.CharField(
        _("country"), max_length=2, unique=True, validators=[RegexValidator(r"^[A-Z]{2}\Z")]
    )
    price_hundredths = models.PositiveIntegerField(_("price of a part, in hundredths of a credit"))
    is_open = models.BooleanField(pgettext_lazy("destination", "open"), default=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("destination")
        verbose_name_plural = _("destinations")
        ordering = ["country"]
        constraints = [
            models.CheckConstraint(
                condition=Q(price_hundredths__gt=0), name="destination_price_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.country


class TrailEntry(models.Model):
    """Who did what: ids and masked values only, written by accounts.trail alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("date"))
    actor = models.ForeignKey(
        User,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    account = models.ForeignKey(
        SmsAccount,
        verbose_name=_("SMS account"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="trail",
    )
    # A dotted, past-tense fact: "campaign.confirmed", "sender.enabled".
    event = models.CharField(_("event"), max_length=60)
    subject = models.CharField(_("subject"), max_length=120)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("trail entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            # The trail of an account, newest first.
            models.Index(fields=["account", "-at"], name="trail_of_account"),
            # The trail of one thing.
            models.Index(fields=["subject", "-at"], name="trail_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.event} {self.subject}"
