"""Give the senders that wait their open request, refuse to change decisions, protect some names.

The trigger is that of credit entries and the trail (PostgreSQL only; see accounts.0002). The names
are a sample to begin with; staff keep the list, and undoing this leaves it.
"""

from django.db import migrations

TABLE = "senders_decision"
NAMES = {
    "bank": (
        "BNP Paribas", "Societe Generale", "Credit Agricole", "Credit Mutuel", "Caisse Epargne",
        "La Banque Postale", "LCL", "CIC", "HSBC", "Boursorama", "BoursoBank", "Hello bank",
        "Fortuneo", "ING", "Revolut", "N26", "PayPal", "Lydia", "Nickel", "Visa", "Mastercard",
        "Intesa", "UniCredit", "Poste Italiane", "PostePay",
    ),
    "public": (
        "Ameli", "CPAM", "CAF", "CPF", "ANTAI", "Amendes", "Impots", "impots.gouv", "DGFiP",
        "Urssaf", "Pole Emploi", "France Travail", "France Connect", "Police", "Gendarmerie",
        "Prefecture", "ANTS", "Crit'Air", "Doctolib", "Agenzia Entrate", "INPS", "SPID",
    ),
    "company": (
        "La Poste", "Colissimo", "Chronopost", "Mondial Relay", "DHL", "UPS", "DPD", "GLS",
        "Orange", "SFR", "Bouygues", "Free Mobile", "EDF", "Engie", "SNCF", "RATP", "Netflix",
        "Amazon", "Apple", "Google", "Microsoft", "Facebook", "WhatsApp", "Leboncoin", "Vinted",
    ),
}  # fmt: skip


def open_requests(apps, schema_editor):
    senders = apps.get_model("senders", "Sender").objects
    requests = apps.get_model("senders", "SenderRequest").objects
    waiting = senders.filter(state="waiting", requests=None).order_by("pk")
    for sender in waiting.iterator():
        requests.create(
            sender=sender, round=1, description=sender.description, requested_at=sender.created_at
        )


def protect(apps, schema_editor):
    model = apps.get_model("senders", "ProtectedName")
    model.objects.bulk_create(
        (model(name=name, kind=kind) for kind, names in NAMES.items() for name in names),
        ignore_conflicts=True,
    )


def refuse_change(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change()"
    )
    schema_editor.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER append_only")


def allow_change(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER append_only ON {TABLE}")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_append_only"),
        ("senders", "0006_requests"),
    ]

    operations = [
        migrations.RunPython(open_requests, migrations.RunPython.noop),
        migrations.RunPython(protect, migrations.RunPython.noop),
        migrations.RunPython(refuse_change, allow_change),
    ]
