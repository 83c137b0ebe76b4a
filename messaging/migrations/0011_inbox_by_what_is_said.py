"""Writes pushes that still wait the way they are read now: by what is said, once for all alike.

One way: nobody goes back with a push that waits, because workers apply all within seconds.
"""

import json

from django.db import migrations


def write_anew(apps, schema_editor):
    for push in apps.get_model("messaging", "ReceiptPush").objects.order_by("pk").iterator():
        push.content = json.dumps(
            [
                [
                    row["carrier"], row["state"], row["code"], row["billed"], [row["at"]], [1],
                    [row["carrier_id"]], [row["reference"]], [row["operator"]],
                ]
                for row in json.loads(push.content)
            ]
        )
        push.save(update_fields=["content"])


class Migration(migrations.Migration):

    dependencies = [
        ("messaging", "0010_repeated_campaigns"),
    ]

    operations = [migrations.RunPython(write_anew)]
