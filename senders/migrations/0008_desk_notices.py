"""What the desk finds requests by, the e-mails it owes, and promises for what waited before it."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from senders import promise, rules


def promise_all(apps, schema_editor):
    waiting = apps.get_model("senders", "SenderRequest").objects.filter(
        closed_at=None, promised_at=None
    )
    for pk, requested_at in waiting.values_list("pk", "requested_at"):
        waiting.filter(pk=pk).update(promised_at=promise.due_at(requested_at))


def note_skeletons(apps, schema_editor):
    names = apps.get_model("senders", "Sender").objects.filter(kind="alpha", skeleton="")
    for pk, name in names.values_list("pk", "name").iterator():
        names.filter(pk=pk).update(skeleton=rules.skeleton(name))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_names_of_fields'),
        ('senders', '0007_open_requests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SenderNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='id')),
                ('kind', models.CharField(choices=[('decided', 'A request was decided'), ('withdrawn', 'A sender was withdrawn'), ('late', 'Promises were missed')], max_length=10, verbose_name='kind')),
                ('text', models.CharField(blank=True, default='', max_length=250, verbose_name='message')),
                ('count', models.PositiveIntegerField(default=0, verbose_name='count')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('next_attempt_at', models.DateTimeField(verbose_name='next attempt')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
            ],
            options={
                'verbose_name': 'notice by e-mail',
                'verbose_name_plural': 'notices by e-mail',
            },
        ),
        migrations.AddField(
            model_name='decision',
            name='worked_seconds',
            field=models.PositiveIntegerField(default=0, verbose_name='working time in seconds'),
        ),
        migrations.AddField(
            model_name='sender',
            name='skeleton',
            field=models.CharField(blank=True, default='', editable=False, max_length=16),
        ),
        migrations.AddField(
            model_name='senderrequest',
            name='missed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='reported as late'),
        ),
        migrations.AddIndex(
            model_name='sender',
            index=models.Index(condition=models.Q(('skeleton', ''), _negated=True), fields=['skeleton'], name='sender_by_skeleton'),
        ),
        migrations.AddIndex(
            model_name='senderdocument',
            index=models.Index(fields=['sha256'], name='document_by_content'),
        ),
        migrations.AddIndex(
            model_name='senderrequest',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['closed_at', 'id'], name='request_closed'),
        ),
        migrations.AddIndex(
            model_name='senderrequest',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('missed_at__isnull', True)), fields=['promised_at'], name='request_not_reported'),
        ),
        migrations.AddIndex(
            model_name='senderrequest',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['claimed_by', 'promised_at', 'id'], name='request_claimed'),
        ),
        migrations.AddField(
            model_name='sendernotice',
            name='decision',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='senders.decision', verbose_name='decision'),
        ),
        migrations.AddField(
            model_name='sendernotice',
            name='sender',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='senders.sender', verbose_name='sender'),
        ),
        migrations.AddField(
            model_name='sendernotice',
            name='to',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='to'),
        ),
        migrations.AddIndex(
            model_name='sendernotice',
            index=models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['next_attempt_at'], name='notice_owed'),
        ),
        migrations.RunPython(promise_all, migrations.RunPython.noop),
        migrations.RunPython(note_skeletons, migrations.RunPython.noop),
    ]
