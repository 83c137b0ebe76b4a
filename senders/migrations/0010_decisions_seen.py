"""Which decisions were looked at; those made before are taken for known."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F


def take_for_known(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    requests = apps.get_model("senders", "SenderRequest").objects
    requests.filter(closed_at__isnull=False).update(seen_at=F("closed_at"))


class Migration(migrations.Migration):
    dependencies = [("senders", "0009_notice_of_loss")]
    operations = [
        migrations.AddField(
            model_name="senderrequest",
            name="seen_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="seen at"),
        ),
        migrations.RunPython(take_for_known, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="senderrequest",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False), ("seen_at__isnull", True)),
                fields=["sender"],
                name="request_unseen",
            ),
        ),
    ]
