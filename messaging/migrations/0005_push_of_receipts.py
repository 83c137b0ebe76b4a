"""Stores receipts as they came together, and finds what of an account waits longest.

On PostgreSQL the content of a push is not compressed: it lives for a second, and compressing it
costs more than applying it.
"""

from django.db import migrations, models


def keep_uncompressed(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE messaging_receiptpush ALTER COLUMN content SET STORAGE EXTERNAL"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_append_only'),
        ('messaging', '0004_heartbeat'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReceiptPush',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('content', models.TextField()),
                ('receipts', models.PositiveIntegerField()),
                ('received_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'push of receipts',
                'verbose_name_plural': 'pushes of receipts',
            },
        ),
        migrations.RunPython(keep_uncompressed, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name='handover',
            name='hand_over_ready',
        ),
        migrations.AddIndex(
            model_name='handover',
            index=models.Index(condition=models.Q(('state', 'ready')), fields=['account', 'not_before', 'id'], name='hand_over_ready'),
        ),
    ]
