"""Lists what is planned by the moment at which it leaves, and lets one revision of a campaign stand.

What is on its way when this runs gets the moment of its first batch.
"""

from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery

ON_ITS_WAY = ["scheduled", "leaving", "cancelling"]
STANDING = ["scheduled", "leaving", "left", "cancelling", "cancelled"]


def fill(apps, schema_editor):
    batches = apps.get_model("messaging", "Batch").objects.filter(
        revision=OuterRef("pk"), not_before__isnull=False
    )
    first = batches.order_by("not_before").values("not_before")[:1]
    revisions = apps.get_model("messaging", "Revision").objects.filter(state__in=ON_ITS_WAY)
    revisions.update(leaves_at=Subquery(first))


class Migration(migrations.Migration):
    dependencies = [("messaging", "0007_opt_out_intervals")]

    operations = [
        migrations.RemoveIndex(model_name="revision", name="revision_planned"),
        migrations.AddField(
            model_name="revision",
            name="leaves_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="revision",
            name="state",
            field=models.CharField(
                choices=[
                    ("quoting", "Being priced"),
                    ("quoted", "To be confirmed"),
                    ("stale", "Out of date"),
                    ("scheduled", "Planned"),
                    ("leaving", "Leaving"),
                    ("left", "Sent"),
                    ("cancelling", "Cancelling"),
                    ("cancelled", "Cancelled"),
                    ("replaced", "Replaced"),
                ],
                default="quoting",
                max_length=12,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="revision",
            index=models.Index(
                condition=Q(leaves_at__isnull=False),
                fields=["account", "leaves_at", "id"],
                name="revision_planned",
            ),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(
                condition=Q(state__in=STANDING), fields=("campaign",), name="revision_stands_alone"
            ),
        ),
    ]
