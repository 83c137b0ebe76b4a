"""E-mails about senders that are lost to what was planned under them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('senders', '0008_desk_notices'),
    ]

    operations = [
        migrations.AlterField(
            model_name='sendernotice',
            name='kind',
            field=models.CharField(choices=[('decided', 'A request was decided'), ('withdrawn', 'A sender was withdrawn'), ('lost', 'A sender is lost to what was planned'), ('late', 'Promises were missed')], max_length=10, verbose_name='kind'),
        ),
    ]
