"""Names that belong to somebody: those nobody else may resemble, and those a customer has proven.

Staff keep both lists in the admin site. `senders.rules` compares; nothing here does.
"""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User


class ProtectedKind(models.TextChoices):
    """Whose name it is."""

    BANK = "bank", _("Bank or payment")
    PUBLIC = "public", _("Public body")
    COMPANY = "company", _("Well-known company")


class ProtectedName(models.Model):
    """A name people trust: whoever asks for one like it is looked at with more care."""

    name = models.CharField(_("name"), max_length=40)
    kind = models.CharField(_("kind"), max_length=8, choices=ProtectedKind.choices)

    class Meta:
        verbose_name = _("protected name")
        verbose_name_plural = _("protected names")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="protected_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class IdentityKind(models.TextChoices):
    """What was verified."""

    NAME = "name", _("Name of the company or person")
    DOMAIN = "domain", _("Domain name")


class VerifiedIdentity(models.Model):
    """A name or a domain that staff know to be a customer's."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="identities"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=IdentityKind.choices)
    value = models.CharField(_("name or domain"), max_length=120)
    verified_by = models.ForeignKey(
        User, verbose_name=_("verified by"), on_delete=models.PROTECT, related_name="+"
    )
    verified_at = models.DateTimeField(_("verified at"))

    class Meta:
        verbose_name = _("verified identity")
        verbose_name_plural = _("verified identities")
        constraints = [
            models.UniqueConstraint(
                "customer", "kind", Lower("value"), name="identity_once_per_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.value
