"""Offer short numbers to the accounts of customers in France that are there already.

Undoing it leaves the senders: messages may bear them.
"""

from django.db import migrations
from django.utils import timezone

SHORT_NAME = "#short"


def offer(apps, schema_editor):
    accounts = apps.get_model("accounts", "SmsAccount").objects
    sender_model = apps.get_model("senders", "Sender")
    validity_model = apps.get_model("senders", "SenderValidity")
    now = timezone.now()
    without = accounts.filter(customer__country="FR").exclude(senders__kind="short")
    for account_id in without.order_by("pk").values_list("pk", flat=True):
        sender = sender_model.objects.create(
            account_id=account_id, kind="short", name=SHORT_NAME, state="enabled"
        )
        validity_model.objects.create(sender=sender, since=now)


class Migration(migrations.Migration):

    dependencies = [
        ("senders", "0003_short_numbers"),
    ]

    operations = [migrations.RunPython(offer, migrations.RunPython.noop)]
