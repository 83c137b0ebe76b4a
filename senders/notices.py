"""Notices by e-mail: to a customer's owners about their senders, to staff about missed promises.

A notice is a row, written in the transaction of what it tells, and worded when it is sent, in the
language of its receiver. It is sent at least once, outside of any transaction; the e-mail's id is
that of the row, so that a mail program can tell a repetition.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Max
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import language
from accounts.models import Role, User
from senders.models import Decision, NoticeKind, Sender, SenderNotice, SenderState

log = structlog.stdlib.get_logger(__name__)

# Who may decide, and hears of missed promises.
PERMISSION = "senders.add_decision"
# Sent in one run.
GROUP = 50
# So long a notice belongs to whoever sends it; longer than an e-mail may take.
CLAIM = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=4)


def owe_decision(*, decision: Decision, now: datetime) -> None:
    """Tell the owners what was decided. Part of the caller's transaction."""
    sender = decision.request.sender
    _owe(
        SenderNotice(
            kind=NoticeKind.DECIDED, to=owner, sender=sender, decision=decision,
            created_at=now, next_attempt_at=now,
        )
        for owner in _owners(sender)
    )  # fmt: skip


def owe_withdrawal(*, sender: Sender, reason: str, now: datetime) -> None:
    """Tell the owners that staff took a sender away. Part of the caller's transaction."""
    _owe(
        SenderNotice(
            kind=NoticeKind.WITHDRAWN, to=owner, sender=sender, text=reason,
            created_at=now, next_attempt_at=now,
        )
        for owner in _owners(sender)
    )  # fmt: skip


def owe_loss(*, sender_id: int, to_id: int, count: int, now: datetime) -> bool:
    """Tell somebody that a sender is lost to what they planned, once for each time it is lost."""
    with transaction.atomic():
        # Of two that tell at once, the second sees the first.
        sender = Sender.objects.select_for_update(no_key=True).get(pk=sender_id)
        lost_at = sender.validities.aggregate(last=Max("until"))["last"] or now
        told = SenderNotice.objects.filter(
            kind=NoticeKind.LOST, sender=sender, to=to_id, created_at__gte=lost_at
        )
        if sender.state == SenderState.ENABLED or told.exists():
            return False
        SenderNotice.objects.create(
            kind=NoticeKind.LOST, to_id=to_id, sender=sender, count=count,
            created_at=now, next_attempt_at=now,
        )  # fmt: skip
        return True


def owe_late(*, count: int, now: datetime) -> None:
    """Tell those who decide how many promises were missed. Part of the caller's transaction."""
    _owe(
        SenderNotice(
            kind=NoticeKind.LATE, to=user, count=count, created_at=now, next_attempt_at=now
        )
        for user in ModelBackend().with_perm(PERMISSION).filter(is_staff=True).order_by("pk")
    )


def send_owed(*, clock: Callable[[], datetime]) -> int:
    """Send what is owed, up to GROUP of it; give how many were sent."""
    owed = SenderNotice.objects.filter(sent_at__isnull=True, next_attempt_at__lte=clock())
    pks = list(owed.order_by("next_attempt_at").values_list("pk", flat=True)[:GROUP])
    return sum(_send(pk, clock=clock) for pk in pks)


def oldest_owed(*, now: datetime) -> datetime | None:
    """Give since when the first e-mail could have been sent, or sent again."""
    owed = SenderNotice.objects.filter(sent_at__isnull=True, next_attempt_at__lte=now)
    return owed.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()


def _owe(notices: Iterable[SenderNotice]) -> None:
    SenderNotice.objects.bulk_create(notices)


def _owners(sender: Sender) -> list[User]:
    mine = User.objects.filter(
        memberships__customer__sms_accounts=sender.account_id,
        memberships__role=Role.OWNER,
        is_active=True,
    )
    return list(mine.order_by("pk"))


def _send(pk: int, *, clock: Callable[[], datetime]) -> bool:
    """Send one, unless somebody else is at it; a trouble puts it off, longer each time."""
    now = clock()
    mine = SenderNotice.objects.filter(pk=pk, sent_at__isnull=True, next_attempt_at__lte=now)
    if not mine.update(next_attempt_at=now + CLAIM, attempts=F("attempts") + 1):
        return False
    notice = SenderNotice.objects.select_related("to", "sender__account", "decision__request").get(
        pk=pk
    )
    try:
        _mail(notice).send()
    except (SMTPException, OSError) as trouble:
        pause = min(CLAIM * 2 ** min(notice.attempts, 8), LONGEST_PAUSE)
        SenderNotice.objects.filter(pk=pk).update(next_attempt_at=now + pause)
        log.warning("notice.put_off", notice=str(notice.uuid), trouble=type(trouble).__name__)
        return False
    SenderNotice.objects.filter(pk=pk).update(sent_at=clock())
    return True


def _mail(notice: SenderNotice) -> EmailMessage:
    """Word a notice; the first line of the template is the subject."""
    link = settings.SITE_URL + _path(notice)
    context = {"notice": notice, "sender": notice.sender, "link": link}
    with language.speaking_to(notice.to):
        text = render_to_string(f"senders/mail/{notice.kind}.txt", context)
    subject, _line, body = text.strip().partition("\n")
    domain = urlsplit(settings.SITE_URL).hostname
    return EmailMessage(
        subject=subject,
        body=body.strip() + "\n",
        to=[notice.to.email],
        headers={"Message-ID": f"<{notice.uuid}@{domain}>"},
    )


def _path(notice: SenderNotice) -> str:
    """Give where the receiver goes on."""
    if notice.sender is None:
        return reverse("desk:request-list") + "?show=late"
    account = notice.sender.account.name
    if notice.kind in (NoticeKind.WITHDRAWN, NoticeKind.LOST):
        # What is planned is shown above this app.
        return f"/sms/{account}/planned/"
    return reverse("senders:sender-list", args=[account])
